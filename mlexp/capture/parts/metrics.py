"""The metrics, timings and curves of the run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.measures import Curve, found_in
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import kinds_before
from mlexp.records import Metric, Outcome
from mlexp.storage.base import MetricPoints


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
        tracked.points = (*tracked.points, *map(_points, curves))
        return {"metrics": tuple(both.values()), "timings": found.timings}


def _points(curve: Curve) -> MetricPoints:
    """Return a curve's points: when each was made is not known, so all have the time of their reading."""
    return MetricPoints(
        name=curve.name, steps=curve.steps, times=(time.time(),) * len(curve.steps), values=curve.values
    )
