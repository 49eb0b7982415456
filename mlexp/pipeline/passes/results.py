"""Results of earlier cells that the sections read again: `_`, `__`, `_5`, `Out[5]`.

The section that gave a result binds it to the names under which later ones read it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.results import ALL, results_read
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section

_LAST = {"_": 1, "__": 2, "___": 3}
_TABLES = ("Out", "_oh")
_DIGITS = re.compile(r"_\d+\Z")


def bind_results(script: Script) -> Script:
    """Bind each result that a later section reads."""
    bindings: dict[int, dict[str, None]] = {}
    heads: dict[int, list[str]] = {}
    tables: set[str] = set()
    kept = {section.execution.index: section.execution for section in script.sections}
    for section in script.sections:
        reader = section.execution
        names = _names_in(section)
        if not names & {*_LAST, *_TABLES} and not any(map(_DIGITS.match, names)):
            continue
        before = [index for index in script.results if index < reader.index]
        tables |= names & set(_TABLES)
        for number in results_read(section.source):
            of = [e for e in kept.values() if e.index in before and number in (ALL, e.number)]
            for producer in of if number == ALL else of[-1:]:
                targets = bindings.setdefault(producer.index, {})
                targets |= {f"{table}[{producer.number}]": None for table in names & set(_TABLES)}
                if f"_{producer.number}" in names:
                    targets[f"_{producer.number}"] = None
        for name in sorted(names & set(_LAST) & set(reader.read)):
            result = kept.get(before[-_LAST[name]]) if len(before) >= _LAST[name] else None
            if result is None:
                continue  # a name of the user's own
            # No section between the two has a result that anybody reads as `_`; as `__` one may.
            target = "_" if name == "_" else f"_{result.number}"
            bindings.setdefault(result.index, {})[target] = None
            if name != "_":
                heads.setdefault(reader.index, []).append(f"{name} = {target}")
    sections = []
    for section in script.sections:
        bound = list(bindings.get(section.execution.index, ()))
        source = _bound(section.source, bound) if bound else section.source
        if tables and any("[" in target for target in bound):
            source = f"{' = '.join(sorted(tables))} = {{}}\n{source}"
            tables = set()
        if head := heads.get(section.execution.index):
            source = "\n".join([*head, source])
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections))


def _bound(source: str, targets: Sequence[str]) -> str:
    """Return a text whose last expression is bound to the targets."""
    tree = parse(source)
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return source
    edits = Edits(source)
    edits.insert_before(tree.body[-1], "".join(f"{target} = " for target in targets))
    return edits.done()


def _names_in(section: Section) -> set[str]:
    tree = parse(section.source)
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree is not None else set()
