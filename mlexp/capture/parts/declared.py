"""What the user declares outright: params, datasets and artifacts."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.declare import Kept, close_run, open_run
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import rests_on
from mlexp.dataflow.rules import called
from mlexp.records import DataRecord, Metric, MetricOrigin, Param, ParamOrigin


class DeclaredPart:
    """Adds it to what was found; it is the outermost part, so that it ends when the others have."""

    what: ClassVar[str] = "keep what was declared"

    def __init__(self) -> None:
        self._kept: Kept | None = None

    def begin(self, tracked: Tracked) -> None:
        """Begin to listen."""
        settings = tracked.place.settings
        self._kept = Kept(
            blobs=tracked.place.blobs,
            object_limit=settings.max_object_mb * 2**20,
            file_limit=settings.max_file_mb * 2**20,
        )
        open_run(self._kept)

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Put what was declared beside what was found, which it overrules."""
        if self._kept is None:
            return {}
        close_run(self._kept)
        facts: dict[str, object] = {"artifacts": tuple(self._kept.artifacts.values())}
        if end is None:
            return facts | {"data": tuple(self._kept.data.values())}
        found: tuple[DataRecord, ...] = end.facts.get("data", ())
        facts["data"] = tuple(({record.name: record for record in found} | self._kept.data).values())
        declared = _params(tracked, end)
        if declared:
            others: tuple[Param, ...] = end.facts.get("params", ())
            facts["params"] = tuple(({param.name: param for param in others} | declared).values())
            facts["metrics"] = _measured(end.facts.get("metrics", ()), tracked.opening.python)
        return facts


def _params(tracked: Tracked, end: RunEnd) -> dict[str, Param]:
    if not any(execution.declared for execution in end.executions):
        return {}  # as in most sessions: what the run rests on need not be looked for once more
    found = {}
    for execution in rests_on(end.executions, end.execution):
        for name, literal in dict(execution.declared).items():
            found[name] = Param(name=name, literal=literal, execution=execution.index, origin=ParamOrigin.DECLARED)
    for name in found:
        values = [literal for other, literal in end.execution.declared if other == name]
        if len(values) > 1:
            shown = ", ".join(values[:5]) + (", …" if len(values) > 5 else "")
            tracked.notes.append(f"param {name} was given several values ({shown}); the last counts")
    return found


def _measured(metrics: tuple[Metric, ...], python: str) -> tuple[Metric, ...]:
    """Return the metrics without the names that are bound to what `mlexp.param` returns: numbers, but chosen ones."""
    tree = parse(python)
    chosen = {
        target.id
        for statement in (ast.walk(tree) if tree is not None else ())
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Call)
        and called(statement.value) == "param"
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    return tuple(m for m in metrics if m.origin is not MetricOrigin.BOUND or m.expression not in chosen)
