"""Figures are shown and closed where the notebook did it: at each `plt.show()`, and after a cell that left some open.

Left open, a figure would be drawn upon by the next section, which in the notebook began a new one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section

_PYPLOT = frozenset({"matplotlib.pyplot", "pylab", "matplotlib.pylab"})


def show_figures(script: Script) -> Script:
    """Put our call in the place of each `plt.show()`, and behind each section that left figures open."""
    names = {name for section in script.sections for name in _pyplot_names(section)}
    changed = script.with_sources(lambda section: _shown(section, names, script.own("show_figures")))
    pairs = zip(changed.sections, script.sections, strict=True)
    return replace(changed, shows=any(new.source != old.source for new, old in pairs))


def _pyplot_names(section: Section) -> Iterator[str]:
    tree = parse(section.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            yield from (alias.asname for alias in node.names if alias.name in _PYPLOT and alias.asname)
        elif isinstance(node, ast.ImportFrom) and node.module == "matplotlib":
            yield from (alias.asname or alias.name for alias in node.names if f"matplotlib.{alias.name}" in _PYPLOT)


def _shown(section: Section, names: set[str], call: str) -> str:
    call = f'{call}("in-{section.execution.number}")'
    tree = parse(section.source)
    if tree is None:
        return section.source
    edits = Edits(section.source)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="show")) if owner in names:
                edits.replace(node, call)
    source = edits.done()
    return f"{source}\n\n{call}" if section.execution.n_figures else source
