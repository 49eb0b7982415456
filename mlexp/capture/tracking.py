"""One tracked execution: from the run's first row to its finished record."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mlexp.capture.data import digest_values, keep_data
from mlexp.capture.guard import guarded
from mlexp.capture.log import ActiveLog, set_active
from mlexp.capture.numbers import found_metrics
from mlexp.capture.opening import Opening
from mlexp.capture.probes.streams import StreamCapture
from mlexp.capture.reads import live_reads
from mlexp.capture.workplace import Workplace
from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import params_of
from mlexp.records import (
    DataRecord,
    Execution,
    Labels,
    Metric,
    MetricOrigin,
    Outcome,
    Param,
    RunRecord,
    RunStatus,
)
from mlexp.storage.base import MetricPoints
from mlexp.storage.journal import Journal, read_journal

_STATUS = {
    Outcome.OK: RunStatus.FINISHED,
    Outcome.ERROR: RunStatus.FAILED,
    Outcome.NOT_RUN: RunStatus.FAILED,
    Outcome.INTERRUPTED: RunStatus.INTERRUPTED,
}
_MORE_S = 2.0


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
        self._streams: StreamCapture | None = None
        self._log: ActiveLog | None = None

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
        with guarded("keep what the cell prints", self.notes.append):
            self._streams = StreamCapture(self.shell)
        with guarded("open the run's log", self.notes.append):
            self._log = ActiveLog(Journal(self.place.journals, self.run.id))
            set_active(self._log)
        self.opening.clock = time.perf_counter()

    def end(self, execution: Execution, executions: Sequence[Execution], result: Any) -> RunRecord:
        """Finish the run and return its record."""
        elapsed_s = time.perf_counter() - self.opening.clock
        facts: dict[str, Any] = {}
        with guarded("stop keeping what the cell prints", self.notes.append):
            facts |= self._printed()
        points = self._logged()
        with guarded("read the run's params", self.notes.append):
            facts["params"] = self._params(execution, executions)
        with guarded("read the run's metrics", self.notes.append):
            facts["metrics"], facts["timings"] = self._metrics(result, points, execution.outcome)
        with guarded("digest what the cell bound", self.notes.append):
            facts["values"] = self._values(elapsed_s, facts)
        run = replace(
            self.run,
            status=_STATUS.get(execution.outcome, RunStatus.FAILED),
            elapsed_s=elapsed_s,
            data=self._data,
            error=execution.error,
            notes=tuple(self.notes),
            **facts,
        )
        self.place.store.finish_run(run, points)
        if self._log is not None:
            self._log.journal.forget()
        return run

    def abandon(self) -> None:
        """Mlexp is unloaded inside the tracked cell: what is known is kept, as of an interrupted run."""
        self._printed()
        points = self._logged()
        run = replace(self.run, status=RunStatus.INTERRUPTED, elapsed_s=time.perf_counter() - self.opening.clock)
        self.place.store.finish_run(run, points)

    def _printed(self) -> dict[str, Any]:
        streams, self._streams = self._streams, None
        if streams is None:
            return {}
        blobs = self.place.blobs
        stdout, stderr = streams.stop()
        texts = {"stdout": stdout, "stderr": stderr}
        return {name: blobs.put(text.encode("utf-8", "replace")) for name, text in texts.items() if text}

    def _logged(self) -> tuple[MetricPoints, ...]:
        set_active(None)
        if self._log is None:
            return ()
        self._log.close()
        return read_journal(self._log.journal.path)

    def _params(self, execution: Execution, executions: Sequence[Execution]) -> tuple[Param, ...]:
        inputs = [text for e in executions for file in e.inputs for text in (file.path, file.resolved)]
        found = {param.name: param for param in params_of(executions, execution, inputs=inputs)}
        for name in self.options.params:
            value = self.opening.namespace.get(name)
            if type(value) in (bool, int, float, str, type(None)):
                found[name] = Param(name=name, literal=repr(value), execution=execution.index)
            else:
                self.notes.append(
                    f"-p {name}: {'not a plain value' if name in self.opening.namespace else 'no such name'}"
                )
        return tuple(param for name, param in found.items() if name not in self.options.metrics)

    def _metrics(
        self, result: Any, points: Sequence[MetricPoints], outcome: Outcome
    ) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
        tree = parse(self.opening.python)
        logged = {
            p.name: Metric(name=p.name, value=p.values[-1], origin=MetricOrigin.LOGGED) for p in points if p.values
        }
        if tree is None or outcome is not Outcome.OK:
            return tuple(logged.values()), ()
        bound, timings = found_metrics(tree, self.opening.namespace, result.result, forced=self.options.metrics)
        chosen = set(self.options.params)
        both = {metric.name: metric for metric in bound if metric.name not in chosen} | logged
        return tuple(both.values()), timings

    def _values(self, elapsed_s: float, facts: dict[str, Any]) -> tuple[DataRecord, ...]:
        """Digest what the cell bound, and what of the data that it read it then changed."""
        tree = parse(self.opening.python)
        bindings = bindings_of(tree) if tree is not None else {}
        known = {m.expression for m in (*facts.get("metrics", ()), *facts.get("timings", ()))}
        bound = [
            name
            for name in self.opening.names.bound
            if name not in known and not (name in bindings and bindings[name].kind in (Kind.CONSTANT, Kind.CLOCK))
        ]
        before = {record.name: record.digest for record in self._data}
        names = dict.fromkeys([*bound, *before])
        until = time.perf_counter() + max(_MORE_S, elapsed_s)
        records, late = digest_values(names, self.opening.namespace, until=until)
        if late:
            self.notes.append(f"not digested, to keep the cell quick: {', '.join(late)}")
        return tuple(r for r in records if r.name in bound or r.digest != before[r.name])
