"""One tracked execution: from the run's first row to its finished record."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlexp.capture.data import digest_values, keep_data
from mlexp.capture.guard import guarded
from mlexp.capture.log import close_log, open_log
from mlexp.capture.numbers import found_metrics
from mlexp.capture.opening import Opening
from mlexp.capture.probes.streams import StreamCapture
from mlexp.capture.reads import live_reads
from mlexp.capture.workplace import Workplace
from mlexp.dataflow.bindings import Kind, bindings_of, literal_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import params_of
from mlexp.dataflow.names import changed_in_place
from mlexp.errors import RunFinishedError
from mlexp.records import (
    DataRecord,
    Digest,
    Execution,
    Labels,
    Metric,
    MetricOrigin,
    Outcome,
    Param,
    RunRecord,
    RunStatus,
)
from mlexp.storage import RunStore
from mlexp.storage.base import MetricPoints
from mlexp.storage.journal import Journal, read_journal

_STATUS = {
    Outcome.OK: RunStatus.FINISHED,
    Outcome.ERROR: RunStatus.FAILED,
    Outcome.NOT_RUN: RunStatus.FAILED,
    Outcome.INTERRUPTED: RunStatus.INTERRUPTED,
}
_MORE_S = 2.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended and is to be kept."""

    run: RunRecord
    points: tuple[MetricPoints, ...]
    journal: Journal | None

    def put(self, store: RunStore) -> None:
        """Keep it; its log is then needed no more."""
        try:
            store.finish_run(self.run, self.points)
        except RunFinishedError:
            return  # by a process that took this one for dead
        if self.journal is not None:
            self.journal.forget()


class Tracking:
    """A run that is under way. Its row is in the store before its cell starts."""

    def __init__(self, opening: Opening, shell: Any, place: Workplace) -> None:
        assert opening.track is not None
        self.opening = opening
        self.shell = shell
        self.place = place
        self.options = opening.track
        self.notes: list[str] = []
        self._data: tuple[DataRecord, ...] = ()
        self._containers: dict[str, Digest | None] = {}
        self._streams: StreamCapture | None = None
        self._journal: Journal | None = None

    def begin(self, run: RunRecord) -> None:
        """Put the run into the store, keep the data that the cell will read, and listen to what it prints."""
        options = self.options
        labels = Labels(run_id=run.id, name=options.name, tags=options.tags, note=options.note)
        self.run = self.place.store.start_run(run, labels)
        with guarded("keep the data that the cell reads", self.notes.append):
            if options.with_data:
                objects = live_reads(self.opening.names.read, self.opening.namespace)
                limit = self.place.settings.max_object_mb * 2**20
                self._data = keep_data(objects, self.place.blobs, limit_bytes=limit)
        with guarded("look at the containers that the cell may fill", self.notes.append):
            self._containers = self._digests_of_containers()
        with guarded("keep what the cell prints", self.notes.append):
            self._streams = StreamCapture(self.shell)
        with guarded("open the run's log", self.notes.append):
            self._journal = Journal(self.place.journals, self.run.id)
            open_log(self._journal)

    def _digests_of_containers(self) -> dict[str, Digest | None]:
        """Return the digests of plain containers that the cell mentions, such as lists of scores; data has its own."""
        namespace, kept = self.opening.namespace, {record.name for record in self._data}
        mentioned = [name for name in self.opening.names.loaded if name not in kept]
        names = [name for name in mentioned if type(namespace.get(name)) in (list, dict, set, bytearray)]
        records, _ = digest_values(names, namespace, until=time.perf_counter() + _MORE_S)
        return {record.name: record.digest for record in records}

    def end(self, execution: Execution, executions: Sequence[Execution], value: object) -> Finished:
        """Return the finished run.

        Args:
            execution: The tracked one.
            executions: All of the session, it included.
            value: Of the cell's last expression.
        """
        facts, points = self._printed(), self._logged()
        with guarded("read the run's params", self.notes.append):
            facts["params"] = self._params(execution, executions)
        with guarded("read the run's metrics", self.notes.append):
            facts["metrics"], facts["timings"] = self._metrics(value, points, execution.outcome)
        with guarded("digest what the cell bound", self.notes.append):
            facts["values"] = self._values(facts)
        run = replace(
            self.run,
            status=_STATUS.get(execution.outcome, RunStatus.FAILED),
            elapsed_s=self.opening.elapsed_s,
            data=self._data,
            error=execution.error,
            notes=tuple(self.notes),
            **facts,
        )
        return Finished(run, points, self._journal)

    def abandon(self, why: str) -> Finished:
        """Return the run with what is known of it, as an interrupted one."""
        facts, points = self._printed(), self._logged()
        run = replace(
            self.run,
            status=RunStatus.INTERRUPTED,
            elapsed_s=self.opening.elapsed_s or time.perf_counter() - self.opening.clock,
            metrics=tuple(_logged_metrics(points)),
            data=self._data,
            notes=(*self.notes, why),
            **facts,
        )
        return Finished(run, points, self._journal)

    def _printed(self) -> dict[str, Any]:
        """Return what the cell printed, as fields of the run."""
        streams, self._streams = self._streams, None
        kept: dict[str, Any] = {}
        if streams is not None:
            with guarded("keep what the cell printed", self.notes.append):
                for name, text in streams.stop().items():
                    if text:
                        kept[name] = self.place.blobs.put(text.encode("utf-8", "replace"))
        return kept

    def _logged(self) -> tuple[MetricPoints, ...]:
        """Return what the cell logged; nothing more can be logged."""
        points: tuple[MetricPoints, ...] = ()
        with guarded("read the run's log", self.notes.append):
            close_log()
            if self._journal is not None:
                points = read_journal(self._journal.path)
        return points

    def _params(self, execution: Execution, executions: Sequence[Execution]) -> tuple[Param, ...]:
        inputs = [text for e in executions for file in e.inputs for text in (file.path, file.resolved)]
        found = {p.name: p for p in params_of(executions, execution, inputs=inputs) if self._still_holds(p, executions)}
        for name in self.options.params:
            value = self.opening.namespace.get(name)
            if name not in self.opening.namespace:
                self.notes.append(f"-p {name}: no such name")
            elif type(value) in (bool, int, str, type(None)) or (type(value) is float and math.isfinite(value)):
                found[name] = Param(name=name, literal=repr(value), execution=execution.index)
            else:
                self.notes.append(f"-p {name}: not a plain value")
        return tuple(param for name, param in found.items() if name not in self.options.metrics)

    def _still_holds(self, param: Param, executions: Sequence[Execution]) -> bool:
        """Tell whether a name still has the value that its text gave it: a container may have been filled since."""
        namespace = self.opening.namespace
        last = max(e.index for e in executions if e.index == param.execution or param.name in e.bound)
        if last != param.execution or param.name not in namespace:
            return True
        value = namespace[param.name]
        if type(value) not in (bool, int, float, str, type(None), list, tuple, dict, set):
            return False
        return literal_of(value) == param.literal

    def _metrics(
        self, value: object, points: Sequence[MetricPoints], outcome: Outcome
    ) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
        tree = parse(self.opening.python)
        logged = {metric.name: metric for metric in _logged_metrics(points)}
        if tree is None or outcome is not Outcome.OK:
            return tuple(logged.values()), ()
        bound, timings = found_metrics(tree, self.opening.namespace, value, forced=self.options.metrics)
        chosen = set(self.options.params)
        both = {metric.name: metric for metric in bound if metric.name not in chosen} | logged
        return tuple(both.values()), timings

    def _values(self, facts: dict[str, Any]) -> tuple[DataRecord, ...]:
        """Digest what the cell bound, and what of the data that it read it then changed."""
        tree = parse(self.opening.python)
        bindings = bindings_of(tree) if tree is not None else {}
        known = {m.expression for m in (*facts.get("metrics", ()), *facts.get("timings", ()))}
        bound = [
            name
            for name in self.opening.names.bound
            if name not in known and not (name in bindings and bindings[name].kind in (Kind.CONSTANT, Kind.CLOCK))
        ]
        # What the text plainly changes is named even where no digest can tell whether it did.
        changed = changed_in_place(tree) if tree is not None else frozenset()
        touched = sorted(changed & set(self.opening.names.loaded))
        before = self._containers | {record.name: record.digest for record in self._data}
        names = dict.fromkeys([*bound, *before, *touched])
        until = time.perf_counter() + max(_MORE_S, self.opening.elapsed_s)
        records, late = digest_values(names, self.opening.namespace, until=until)
        if late:
            self.notes.append(f"not digested, to keep the cell quick: {', '.join(late)}")
        return tuple(r for r in records if r.name in bound or r.name not in before or r.digest != before[r.name])


def _logged_metrics(points: Sequence[MetricPoints]) -> Iterator[Metric]:
    for metric in points:
        if metric.values:
            yield Metric(name=metric.name, value=metric.values[-1], origin=MetricOrigin.LOGGED)
