"""Params become flags: the constant's place is taken by `args.NAME`."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section
from mlexp.records import ParamOrigin

_FLAGS = ("data", "metrics", "history", "figures", "check", "help", "rtol")
"""Our own flags; a param of such a name gets `_` appended."""
_MAX_SOURCE = 80
"""Longer values are shown as Python writes them."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A flag that was made."""

    name: str
    value: str
    """Its value as Python: as the user wrote it, if that is one line."""


def make_flags(script: Script) -> Script:
    """Make a flag of each param whose binding stands in the script."""
    flag_of = flags_of([param.name for param in script.run.params])
    written = [param for param in script.run.params if param.origin in (ParamOrigin.CONSTANT, ParamOrigin.FORCED)]
    by_execution: dict[int, dict[str, str]] = {}
    for param in written:
        by_execution.setdefault(param.execution, {})[param.name] = param.literal
    flags: list[tuple[str, str]] = []
    disputed: list[tuple[str, str, str]] = []
    sections = []
    for section in script.sections:
        wanted = by_execution.get(section.execution.index, {})
        source, made, others = _with_flags(section, wanted, script.own("args"), flag_of)
        flags += [(flag_of[flag.name], flag.value) for flag in made]
        disputed += others
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections), params=(*script.params, *flags), disputed=tuple(disputed))


def flags_of(names: list[str]) -> dict[str, str]:
    """Return the flag of each param, without its dashes."""
    flags: dict[str, str] = {}
    for name in names:
        flag = name
        while flag in _FLAGS or flag in flags.values() or (flag != name and flag in names):
            flag += "_"
        flags[name] = flag
    return flags


def _with_flags(
    section: Section, wanted: dict[str, str], args: str, flag_of: dict[str, str]
) -> tuple[str, list[_Made], list[tuple[str, str, str]]]:
    """Return the section's text, the flags, and the params whose code gives another value than their record."""
    tree = parse(section.source)
    if tree is None or not wanted:
        return section.source, [], []
    edits, taken = Edits(section.source), set[tuple[int, int]]()
    made: list[_Made] = []
    disputed = []
    for name, binding in bindings_of(tree).items():
        node = binding.node
        if name not in wanted or binding.kind is not Kind.CONSTANT or node is None:
            continue
        if _plain(binding.value) != _plain(ast.literal_eval(wanted[name])):
            disputed.append((name, wanted[name], repr(binding.value)))
            continue
        place = (node.lineno, node.col_offset)
        if place not in taken:  # `a = b = 1` is one flag
            taken.add(place)
            source = edits.text_of(node)
            plain = "\n" not in source and len(source) <= _MAX_SOURCE
            edits.replace(node, f"{args}.{flag_of[name]}")
            made.append(_Made(name, source if plain else wanted[name]))
    return edits.done(), made, disputed


def _plain(value: object) -> object:
    """Return what two values have in common if they are the same to the bit: a set has no order."""
    match value:
        case set():
            return "set", sorted(map(repr, value))
        case list() | tuple():
            return type(value), [_plain(item) for item in value]
        case dict():
            return "dict", [(repr(key), _plain(item)) for key, item in value.items()]
    return type(value), repr(value)
