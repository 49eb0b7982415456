"""Folders that the session listed: what lay there, by the notebook's names and in its order.

A script lays it in the directory that it is started in, under the same paths, so that whatever lists a folder, asks for
a size or looks for a file finds it. What lies outside of the notebook's folder is left where it is.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Sequence
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.openings import listing_of
from mlexp.pipeline.script import Script, Section

_HIDDEN = (".git", ".ipynb_checkpoints", "__pycache__")


def entries_listed(script: Script) -> tuple[tuple[str, int, int], ...]:
    """Return what listings have shown: path from the notebook's folder, size in bytes, time of change in nanoseconds.

    What an earlier section wrote is not among it.
    """
    lists = any(map(_lists, script.sections))
    lines = [line for section in script.sections for line in section.source.split("\n")]
    texts = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    written: set[str] = set()
    found: dict[str, tuple[int, int]] = {}
    for section in script.sections:
        execution = section.execution
        folders = set(execution.listed)
        for path, sign in zip(execution.listed, execution.listed_signs, strict=False):
            plain = path.rstrip(os.sep)
            is_asked = plain == path and not sign[1]  # for its entries: a folder
            if is_asked:
                path += os.sep
            folder, name = os.path.split(path) if is_asked else os.path.split(plain)
            place = os.path.relpath(folder, script.folder)
            if folder not in folders or plain in written or name in _HIDDEN or place.startswith(".."):
                continue
            if is_asked and (place == "." or any(other.startswith(path) and other != path for other in folders)):
                continue  # what lies in it makes it
            if lists or (
                place != "." and _is_named(os.path.basename(folder), texts)
            ):  # else a library looks for its own
                found.setdefault(os.path.join("" if place == "." else place, path[len(folder) + 1 :]), sign)
        written |= set(execution.writes)
    return tuple((path, *sign) for path, sign in found.items())


def _is_named(folder: str, texts: str) -> bool:
    """Tell whether a text ends with a folder, or with a pattern for what lies in it."""
    name = re.escape(folder)
    return re.search(rf"\b{name}[/\\]*[\s'\"]|\b{name}[/\\][^'\"/\\\s]*[*?\[]", texts) is not None


def lay_late(listed: Sequence[tuple[str, int, int]], script: Script) -> tuple[tuple[tuple[str, int, int], ...], Script]:
    """Lay what came into a folder after a section had listed that, right before the section that finds it there.

    Returns:
        What is laid at the beginning, and the script.
    """
    seen: set[str] = set()
    late: set[str] = set()
    known = {os.path.join(script.folder, path): (path, size, changed) for path, size, changed in listed}
    sections, asked = [], set[str]()
    for section in script.sections:
        entries = [path for path in section.execution.listed if path in known and path not in seen]
        came = [known[path] for path in entries if os.path.dirname(path.rstrip(os.sep)) in asked]
        seen.update(entries)
        asked |= set(section.execution.listed)
        late |= {path for path, _, _ in came}
        if came:
            lines = ", ".join(f"{path!r}: ({size}, {changed})" for path, size, changed in came)
            call = f"{script.own('lay_folders')}({{{lines}}})  # it came into a folder in the meantime"
            section = replace(section, source=f"{call}\n{section.source}")
        sections.append(section)
    first = tuple(item for item in listed if item[0] not in late)
    return first, (replace(script, sections=tuple(sections)) if late else script)


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
