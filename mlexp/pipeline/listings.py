"""Folders that the session listed: which files lay there, by the notebook's names and in their order."""

from __future__ import annotations

import os

from mlexp.pipeline.script import Script


def listed_names(script: Script) -> tuple[str, ...]:
    """Return the paths, from the notebook's folder, of the files from outside that listings have shown."""
    written = {path for section in script.sections for path in section.execution.writes}
    found: dict[str, None] = {}
    for section in script.sections:
        listed = section.execution.listed
        folders = {os.path.dirname(path) for path in listed}
        for path in listed:
            relative = os.path.relpath(path, script.folder)
            is_file = os.path.dirname(path) in listed and path not in folders
            if is_file and path not in written and not relative.startswith(".."):
                found[relative] = None
    return tuple(found)
