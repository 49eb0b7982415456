"""The metrics, timings and curves of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.measures import found_in
from mlexp.capture.parts.base import RunEnd, Tracked, points_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import kinds_before
from mlexp.records import Metric, Outcome


class MetricsPart:
    """Reads the numbers that the cell left behind; those that it logged are known already."""

    what: ClassVar[str] = "read the run's metrics"

    def begin(self, tracked: Tracked) -> None:
        """Nothing."""

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Read them."""
        tree = parse(tracked.opening.python)
        if end is None or tree is None or end.execution.outcome is not Outcome.OK:
            return {}
        found = found_in(
            tree,
            tracked.opening.namespace,
            end.value,
            forced=tracked.options.metrics,
            known=kinds_before(end.executions, end.execution),
        )
        known: tuple[Metric, ...] = end.facts.get("metrics", ())
        chosen = set(tracked.options.params)
        both = {metric.name: metric for metric in found.metrics if metric.name not in chosen}
        both |= {metric.name: metric for metric in known}
        logged = {points.name for points in tracked.points}
        curves = (curve for curve in found.curves if curve.name not in logged and curve.name in both)
        tracked.points = (*tracked.points, *(points_of(c.name, c.values, c.steps) for c in curves))
        return {"metrics": tuple(both.values()), "timings": found.timings}
