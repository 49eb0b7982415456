"""Params become flags: the constant's place is taken by `args.NAME`."""

from __future__ import annotations

from dataclasses import replace

from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section

_FLAGS = frozenset({"data", "metrics", "history", "figures", "check", "help", "rtol"})
"""Our own flags; a param of such a name gets `_` appended."""


def make_flags(script: Script) -> Script:
    """Make a flag of each param whose binding stands in the script."""
    by_execution: dict[int, list[tuple[str, str]]] = {}
    for param in script.run.params:
        by_execution.setdefault(param.execution, []).append((param.name, param.literal))
    flags: list[tuple[str, str]] = []
    sections = []
    for section in script.sections:
        wanted = dict(by_execution.get(section.execution.index, ()))
        source, made = _with_flags(section, wanted, script.own("args"))
        flags += [(flag_of(name), wanted[name]) for name in made]
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections), params=tuple(flags))


def flag_of(name: str) -> str:
    """Return the flag of a param, without its dashes."""
    return f"{name}_" if name in _FLAGS else name


def _with_flags(section: Section, wanted: dict[str, str], args: str) -> tuple[str, list[str]]:
    tree = parse(section.source)
    if tree is None or not wanted:
        return section.source, []
    edits, made, taken = Edits(section.source), [], set[tuple[int, int]]()
    for name, binding in bindings_of(tree).items():
        node = binding.node
        if (
            name not in wanted
            or binding.kind is not Kind.CONSTANT
            or node is None
            or repr(binding.value) != wanted[name]
        ):
            continue
        place = (node.lineno, node.col_offset)
        if place not in taken:  # `a = b = 1` is one flag
            taken.add(place)
            edits.replace(node, f"{args}.{flag_of(name)}")
            made.append(name)
    return edits.done(), made
