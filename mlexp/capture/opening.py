"""An execution that is under way: what is known before it, for the probes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from mlexp.capture.track import TrackOptions
from mlexp.dataflow.names import Names


@dataclass(slots=True, kw_only=True)
class Opening:
    """One execution from its first hook to its last."""

    index: int
    source: str
    python: str
    names: Names
    namespace: Mapping[str, object]
    """The user's variables, live."""
    track: TrackOptions | None
    cell_id: str | None
    observed: bool = True
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)


class Probe(Protocol):
    """One thing looked at around an execution."""

    def before(self, opening: Opening) -> None:
        """Look before the cell runs."""

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Look after it; return fields of the `Execution` record."""

    def close(self) -> None:
        """Undo what was put into the kernel."""
