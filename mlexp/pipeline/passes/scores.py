"""Scores that were only shown: the call that gave one is kept where it stands, `metric("accuracy", accuracy_score(…))`.

A call in a loop or a function may be made several times, so all that it gave is kept, and the run's record says which.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, Section
from mlexp.records import CallSite, Metric, MetricOrigin

_Place = tuple[int, int, int, int]


def keep_scores(script: Script) -> Script:
    """Keep what the calls give whose values are metrics. First of all passes, since it goes by line and column."""
    wanted: dict[int, dict[_Place, list[Metric]]] = {}
    for metric in script.run.metrics:
        if metric.origin is MetricOrigin.CALLED and metric.site is not None:
            places = wanted.setdefault(metric.site.execution, {})
            places.setdefault(_place(metric.site), []).append(metric)
    if not wanted:
        return script
    scores: list[tuple[str, str]] = []
    sections = []
    for section in script.sections:
        source, found = _kept(section, wanted.get(section.execution.index, {}), script)
        scores += found
        sections.append(replace(section, source=source))
    last = sections[-1]
    if any(section is not last and section.source != section.execution.python for section in sections):
        # An earlier cell may have called the same function: the run's own calls are counted.
        sections[-1] = replace(last, source=f"{script.own('measured')}.clear()\n\n{last.source}")
    return replace(script, sections=tuple(sections), scores=tuple(scores))


def _kept(section: Section, wanted: dict[_Place, list[Metric]], script: Script) -> tuple[str, list[tuple[str, str]]]:
    """Return the section's text with its calls kept, and how each metric is read."""
    tree = parse(section.source) if wanted else None
    if tree is None or section.source != section.execution.python:
        return section.source, []
    edits = Edits(section.source)
    found = []
    for node, inside in _calls(tree, []):
        place = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
        metrics = wanted.get(place)
        quote = _quote(node, inside, edits, section.source)
        if metrics is None or quote is None:
            continue
        name = metrics[0].name
        if not name.isprintable() or set(name) & set("\"'\\{}"):
            continue
        edits.insert_before(node, f"{script.own('metric')}({quote}{name}{quote}, ")
        edits.insert_after(node, ")")
        for metric in metrics:
            assert metric.site is not None
            given = f'{script.own("measured")}["{name}"][{metric.site.nth - 1}]'
            found.append((metric.name, (metric.expression or "{}").replace("{}", given)))
    source = edits.done()
    return (source, found) if parse(source) is not None else (section.source, [])


def _place(site: CallSite) -> _Place:
    return site.line, site.column, site.end_line, site.end_column


def _calls(node: ast.AST, inside: list[ast.FormattedValue]) -> Iterator[tuple[ast.Call, list[ast.FormattedValue]]]:
    """Yield the calls, each with the braces of f-strings that it stands in."""
    if isinstance(node, ast.Call):
        yield node, inside
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, [*inside, node] if isinstance(node, ast.FormattedValue) else inside)


def _quote(node: ast.Call, inside: list[ast.FormattedValue], edits: Edits, source: str) -> str | None:
    """Return the quotes that a text may have there; None: the text cannot be changed at this place.

    Before Python 3.12 no text within an f-string may have the f-string's own quotes. Some of its versions tell wrong
    places there, and `{x=}` shows the text itself.
    """
    if not inside:
        return '"'
    if not _is_there(node, edits):
        return None
    lines = source.encode().split(b"\n")
    line, column = inside[0].value.lineno, inside[0].value.col_offset
    before = lines[line - 1][:column].decode(errors="replace")
    for value in inside:
        end_line, end_column = value.value.end_lineno or 0, value.value.end_col_offset or 0
        behind = lines[end_line - 1][end_column:].decode(errors="replace").lstrip(" )")
        if behind.startswith("=") and not behind.startswith("=="):
            return None
    used = edits.text_of(node) + before
    free = [quote for quote in ('"', "'") if quote not in used]
    if not free:
        opened = max(('"', "'"), key=before.rfind)
        free = [quote for quote in ('"', "'") if quote != opened and len(inside) == 1]
    return free[0] if free else None


def _is_there(node: ast.Call, edits: Edits) -> bool:
    """Tell whether the node stands where its place says."""
    try:
        found = ast.parse(edits.text_of(node).strip(), mode="eval").body
    except (SyntaxError, ValueError, IndexError):
        return False
    return ast.dump(found) == ast.dump(node)
