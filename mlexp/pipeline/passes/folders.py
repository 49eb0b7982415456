"""The working directory: a script changes it as the notebook did, but never leaves the folder it was started in.

A notebook goes to folders that are nowhere else: `..`, `/content/drive`, one that a variable names. A script that did
so would fail, or write beside the folder that somebody started it in. What it reads is found in its bundle wherever it
is; what it writes and reads again is found if the folders lie to each other as they did, so they are made under the one
that the script was started in. Texts that only go down to folders which they spell, and up again, stay as they are.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section

HELPER = "go_to"


def stay_inside(script: Script) -> Script:
    """Let `go_to` change the directory, unless the sections plainly stay under the one that they begin in."""
    spelled = _Spelled(script)
    moves = [spelled.moves_in(section) for section in script.sections]
    if _is_plain([call for calls in moves for call in calls]):
        return script
    sections = []
    for section, calls in zip(script.sections, moves, strict=True):
        edits = Edits(section.source)
        for call in calls:
            edits.replace(call.func, script.own(HELPER))
            if (inside := _inside(call, script.folder)) is not None:
                edits.insert_after(call.args[0], f', "{inside}"')
        sections.append(replace(section, source=edits.done()))
    return replace(script, sections=tuple(sections), helpers=script.helpers | {HELPER})


def moves_in(script: Script) -> bool:
    """Tell whether a section changes the working directory: a path of a flag is then meant from where it began."""
    return HELPER in script.helpers or any("chdir" in section.source for section in script.sections)


class _Spelled:
    """What a script's sections call `os`, and `os.chdir` by itself."""

    def __init__(self, script: Script) -> None:
        self.modules = {"os", script.own("os")}
        self.functions = set[str]()
        for section in script.sections:
            tree = parse(section.source) if "os" in section.source else None
            for node in ast.walk(tree) if tree is not None else ():
                if isinstance(node, ast.Import):
                    self.modules |= {alias.asname for alias in node.names if alias.name == "os" and alias.asname}
                elif isinstance(node, ast.ImportFrom) and node.module == "os":
                    self.functions |= {alias.asname or alias.name for alias in node.names if alias.name == "chdir"}

    def moves_in(self, section: Section) -> list[ast.Call]:
        """Return the calls of `os.chdir` in a section; `contextlib.chdir` goes back by itself."""
        tree = parse(section.source) if any(word in section.source for word in {"chdir", *self.functions}) else None
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
        return [call for call in calls if self._is_move(call.func)]

    def _is_move(self, function: ast.expr) -> bool:
        match function:
            case ast.Attribute(value=ast.Name(id=owner), attr="chdir"):
                return owner in self.modules
            case ast.Name(id=name):
                return name in self.functions
        return False


def _is_plain(calls: Sequence[ast.Call]) -> bool:
    """Tell whether each call spells a folder that lies, from where the ones before led, under the first."""
    position = "."
    for call in calls:
        folder = _spelled(call)
        if (
            not isinstance(call.func, ast.Attribute)
            or folder is None
            or os.path.isabs(folder)
            or folder[:1] in ("~", "-")
        ):
            return False
        position = os.path.normpath(os.path.join(position, folder))
        if position.startswith(".."):
            return False
    return True


def _inside(call: ast.Call, folder: str) -> str | None:
    """Return where a folder lies that is spelled from the root, from the notebook's; None if it is not under that."""
    spelled = os.path.expanduser(_spelled(call) or "")
    if not os.path.isabs(spelled):
        return None
    relative = os.path.relpath(spelled, folder)
    return None if relative in (".", "..") or relative.startswith(f"..{os.sep}") else relative


def _spelled(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
