"""An execution that is under way: what is known before it, for the probes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from mlexp.capture.track import TrackOptions
from mlexp.dataflow.cell import Peeled
from mlexp.dataflow.names import Names

if TYPE_CHECKING:
    from mlexp.capture.ended import Ended


@dataclass(slots=True, kw_only=True)
class Opening:
    """One execution from its first hook to its last."""

    index: int
    source: str
    python: str
    peeled: Peeled
    names: Names
    namespace: Mapping[str, object]
    """The user's variables, live."""
    track: TrackOptions | None
    cell_id: str | None
    request: str | None
    """The kernel's message that asked for it; None without a kernel."""
    body_of: Opening | None = None
    """The execution whose body this is, run once more through IPython by `%%capture`."""
    body_ended: Ended | None = None
    """How that body ended."""
    refused: str = ""
    """Why a tracked one is not recorded."""
    observed: bool = True
    thread: int = field(default_factory=threading.get_ident)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    """When the cell itself began."""
    elapsed_s: float = 0.0
    """How long the cell itself took."""
    failed_at: int | None = None
    """The line at which it failed; 0 where that is not known; None where it did not."""
    shown_before: int = field(default_factory=lambda: id(getattr(sys, "last_traceback", None)))
    """The traceback that IPython had shown last."""

    @property
    def runs_in_magic(self) -> bool:
        """Whether a magic such as `%%time` runs the body as a text of its own."""
        return bool(self.peeled.magics) and "capture" not in self.peeled.magics

    @property
    def n_lines_above(self) -> int:
        """How many lines of the recorded text stand above the text whose lines Python counts."""
        n = 0
        if self.body_of is not None:
            n += self.body_of.source.rstrip().count("\n") - self.source.rstrip().count("\n")
        if self.runs_in_magic:
            last = f"# %%{self.peeled.magics[-1]}"
            n += 1 + max(i for i, line in enumerate(self.peeled.body.split("\n")) if line.startswith(last))
        return n


class Probe(Protocol):
    """One thing looked at around an execution."""

    def before(self, opening: Opening) -> None:
        """Look before the cell runs."""

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Look after it; return fields of the `Execution` record."""

    def close(self) -> None:
        """Undo what was put into the kernel."""
