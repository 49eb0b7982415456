"""Folders that the session listed: what lay there, by the notebook's names and in its order.

A script lays it in the directory that it is started in, under the same paths, so that whatever lists a folder, asks for
a size or looks for a file finds it. What lies outside of the notebook's folder is left where it is.
"""

from __future__ import annotations

import ast
import os

from mlexp.dataflow.cell import parse
from mlexp.dataflow.openings import listing_of
from mlexp.pipeline.script import Script, Section

_HIDDEN = (".git", ".ipynb_checkpoints", "__pycache__")


def entries_listed(script: Script) -> tuple[tuple[str, int, int], ...]:
    """Return what listings have shown: path from the notebook's folder, size in bytes, time of change in nanoseconds.

    What an earlier section wrote is not among it.
    """
    lists = any(map(_lists, script.sections))
    texts = "\n".join(section.source for section in script.sections)
    written: set[str] = set()
    found: dict[str, tuple[int, int]] = {}
    for section in script.sections:
        execution = section.execution
        folders = set(execution.listed)
        for path, sign in zip(execution.listed, execution.listed_signs, strict=False):
            plain = path.rstrip(os.sep)
            folder, name = os.path.split(plain)
            place = os.path.relpath(folder, script.folder)
            if folder not in folders or plain in written or name in _HIDDEN or place.startswith(".."):
                continue
            if plain in folders and not path.endswith(os.sep):
                continue
            if lists or (place != "." and os.path.basename(folder) in texts):  # else a library looks for its own
                found.setdefault(os.path.join("" if place == "." else place, path[len(folder) + 1 :]), sign)
        written |= set(execution.writes)
    return tuple((path, *sign) for path, sign in found.items())


def ordered_listings(section: Section) -> list[ast.expr]:
    """Return the functions in a section that list folders, but those whose order nobody sees."""
    tree = parse(section.source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    unseen = {id(inner) for call in calls if _forgets_order(call) for inner in call.args}
    return [function for call in calls if id(call) not in unseen and (function := listing_of(call)) is not None]


def _forgets_order(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("sorted", "len", "set") and not call.keywords


def _lists(section: Section) -> bool:
    tree = parse(section.source)
    return tree is not None and any(listing_of(node) is not None for node in ast.walk(tree))
