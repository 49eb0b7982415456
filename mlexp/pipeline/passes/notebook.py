"""What only a notebook has: names that its shell puts there, and `from __future__` amid the cells."""

from __future__ import annotations

import ast
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section

SHELL_NAMES = ("display", "get_ipython")


def stand_in(script: Script) -> Script:
    """Note which of the shell's names the sections read and do not bind."""
    bound = {name for section in script.sections for name in section.execution.bound}
    read = set()
    for section in script.sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Name):
                read.add(node.id)
    found = tuple(name for name in SHELL_NAMES if name in read - bound)
    return replace(script, stand_ins=(*script.stand_ins, *found))


def be_a_notebook(script: Script) -> Script:
    """Let code that asks where it runs find what it found in the notebook: no `__file__`, and an interactive Python."""
    lines = {
        "__file__": f'{script.own("globals")}().pop("__file__", None)  # a notebook has none',
        "ps1": f'{script.own("sys")}.ps1 = "In : "  # as in a notebook',
    }
    sections = []
    for section in script.sections:
        heads = [line for word, line in lines.items() if word in _words(section.source)]
        lines = {word: line for word, line in lines.items() if line not in heads}
        sections.append(replace(section, source="\n".join([*heads, *([""] if heads else []), section.source])))
    return replace(script, sections=tuple(sections))


def _words(source: str) -> set[str]:
    """Return the names, attributes and texts in a section."""
    tree = parse(source)
    found: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                found.add(word)
    return found


def hoist_futures(script: Script) -> Script:
    """Take `from __future__ import …` out of the sections: a script may have it at its top only."""
    names: dict[str, None] = {}

    def without(section: Section) -> str:
        tree = parse(section.source)
        found = [
            statement
            for statement in (tree.body if tree is not None else ())
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        ]
        edits = Edits(section.source)
        for statement in found:
            names.update(dict.fromkeys(alias.name for alias in statement.names))
            edits.remove_line(statement)
        return edits.done()

    changed = script.with_sources(without)
    return replace(changed, futures=tuple(names))
