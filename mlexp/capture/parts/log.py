"""What the cell logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.log import close_log, open_log
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.records import Metric, MetricOrigin
from mlexp.storage.journal import Journal, read_journal


class LogPart:
    """Opens the run's log and reads it."""

    what: ClassVar[str] = "keep what is logged"

    def begin(self, tracked: Tracked) -> None:
        """Let `mlexp.log` write to the run's file."""
        place = tracked.place
        tracked.journal = Journal(place.journals, tracked.run.id, clean=place.redactor.text)
        open_log(tracked.journal)

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Let nothing more be logged, and read what was: of each metric the last value."""
        if tracked.journal is not None:
            close_log(tracked.journal)
            tracked.points = read_journal(tracked.journal.path)
        logged = (points for points in tracked.points if points.values)
        return {"metrics": tuple(Metric(name=p.name, value=p.values[-1], origin=MetricOrigin.LOGGED) for p in logged)}
