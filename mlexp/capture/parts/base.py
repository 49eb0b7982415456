"""What the parts of a tracked run have in common."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from mlexp.capture.opening import Opening
from mlexp.capture.probes.outlet import Outlet
from mlexp.capture.track import TrackOptions
from mlexp.capture.workplace import Workplace
from mlexp.records import Execution, RunRecord
from mlexp.storage.base import MetricPoints
from mlexp.storage.journal import Journal


@dataclass(slots=True, kw_only=True)
class Tracked:
    """A run that is under way, as its parts see it."""

    run: RunRecord
    opening: Opening
    options: TrackOptions
    shell: Any
    place: Workplace
    outlet: Outlet | None = None
    """Where the session hears of output; None without a session."""
    notes: list[str] = field(default_factory=list)
    """What is not captured, and why; the run keeps them."""
    journal: Journal | None = None
    points: tuple[MetricPoints, ...] = ()
    """What was logged; known once the log's part has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """What is known when the cell has ended."""

    execution: Execution
    """The tracked one."""
    executions: Sequence[Execution]
    """All of the session, it included."""
    value: object
    """Of the cell's last expression."""
    texts: Sequence[Execution] = ()
    """The executions as they are kept, where those above are only parts of them: a block stands in a file or a cell."""
    facts: Mapping[str, Any]
    """Fields of the run's record, from the parts that have ended before."""


def points_of(name: str, values: tuple[float, ...], steps: tuple[int, ...] | None = None) -> MetricPoints:
    """Return a curve's points: when each was made is not known, so all have the time of their reading."""
    n = len(values)
    return MetricPoints(
        name=name, steps=tuple(range(n)) if steps is None else steps, times=(time.time(),) * n, values=values
    )


class Part(Protocol):
    """Keeps one thing of one run; made anew for each. A method may fail: it is noted, and costs no other part."""

    what: ClassVar[str]
    """What it does, as in "could not keep what the cell prints"."""

    def begin(self, tracked: Tracked) -> None:
        """Look before the cell runs."""

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Look after it; return fields of the `RunRecord`. None for `end`: the cell's end was not seen."""
