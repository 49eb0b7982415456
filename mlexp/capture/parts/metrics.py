"""The metrics and timings of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.numbers import found_metrics
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.dataflow.cell import parse
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
        bound, timings = found_metrics(tree, tracked.opening.namespace, end.value, forced=tracked.options.metrics)
        known: tuple[Metric, ...] = end.facts.get("metrics", ())
        chosen = set(tracked.options.params)
        both = {metric.name: metric for metric in bound if metric.name not in chosen}
        both |= {metric.name: metric for metric in known}
        return {"metrics": tuple(both.values()), "timings": timings}
