"""One tracked execution: from the run's first row to its finished record. What is kept of it is its parts' affair."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.capture.parts import parts_of_run
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.capture.probes.outlet import Outlet
from mlexp.capture.workplace import Workplace
from mlexp.errors import RunFinishedError
from mlexp.records import Execution, Labels, Outcome, RunRecord, RunStatus
from mlexp.storage import RunStore
from mlexp.storage.base import MetricPoints
from mlexp.storage.journal import Journal

PATIENCE_S = 3.0
"""How long a tracked cell waits for a store that another process is writing to."""

_STATUS = {
    Outcome.OK: RunStatus.FINISHED,
    Outcome.ERROR: RunStatus.FAILED,
    Outcome.NOT_RUN: RunStatus.FAILED,
    Outcome.INTERRUPTED: RunStatus.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended and is to be kept."""

    run: RunRecord
    points: tuple[MetricPoints, ...]
    journal: Journal | None

    def put(self, store: RunStore) -> None:
        """Keep it; its log is then needed no more."""
        try:
            store.finish_run(self.run, self.points, wait_s=PATIENCE_S)
        except RunFinishedError:
            return  # by a process that took this one for dead
        if self.journal is not None:
            self.journal.forget()


class Tracking:
    """A run that is under way. Its row is in the store before its cell starts."""

    def __init__(
        self, opening: Opening, run: RunRecord, *, shell: Any, place: Workplace, outlet: Outlet | None = None
    ) -> None:
        assert opening.track is not None
        self.opening = opening
        options = opening.track
        labels = Labels(run_id=run.id, name=options.name, tags=options.tags, note=options.note)
        self._tracked = Tracked(
            run=place.store.start_run(run, labels, wait_s=PATIENCE_S),
            opening=opening,
            options=options,
            shell=shell,
            place=place,
            outlet=outlet,
        )
        self._parts = parts_of_run()
        for part in self._parts:
            with guarded(part.what, self.note):
                part.begin(self._tracked)

    @property
    def run(self) -> RunRecord:
        """The run, as it began."""
        return self._tracked.run

    def note(self, text: str) -> None:
        """Keep with the run what is not captured."""
        self._tracked.notes.append(text)

    def end(
        self,
        execution: Execution,
        executions: Sequence[Execution],
        value: object,
        *,
        texts: Sequence[Execution] = (),
    ) -> Finished:
        """Return the finished run.

        Args:
            execution: The tracked one.
            executions: All of the session, it included.
            value: Of the cell's last expression.
            texts: The executions as they are kept, where the tracked one is only a part of the last of them.
        """
        facts: dict[str, Any] = {}
        for part in reversed(self._parts):
            with guarded(part.what, self.note):
                end = RunEnd(execution=execution, executions=executions, value=value, texts=texts, facts=facts)
                facts |= part.end(self._tracked, end)
        status = _STATUS.get(execution.outcome, RunStatus.FAILED)
        return self._finished(facts, status=status, elapsed_s=self.opening.elapsed_s, error=execution.error)

    def abandon(self, why: str) -> Finished:
        """Return the run with what is known of it, as an interrupted one."""
        facts: dict[str, Any] = {}
        for part in reversed(self._parts):
            with guarded(part.what, self.note):
                facts |= part.end(self._tracked, None)
        self.note(why)
        elapsed_s = self.opening.elapsed_s or time.perf_counter() - self.opening.clock
        return self._finished(facts, status=RunStatus.INTERRUPTED, elapsed_s=elapsed_s)

    def _finished(self, facts: dict[str, Any], **more: Any) -> Finished:
        tracked = self._tracked
        run = replace(tracked.run, **facts, **more, notes=tuple(tracked.notes))
        return Finished(run, tracked.points, tracked.journal)
