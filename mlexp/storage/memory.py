"""The reference store: in memory, for property tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlexp.errors import InvalidRecordError, RunNotFoundError
from mlexp.records import (
    Alias,
    Environment,
    Execution,
    Labels,
    LateOutput,
    Proof,
    RunId,
    RunRecord,
    RunStatus,
    SessionId,
    SessionRecord,
)
from mlexp.storage.base import MetricPoints, RunStore, check_finish


class MemoryStore(RunStore):
    """Keeps everything in dictionaries, gone with the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sessions: dict[SessionId, SessionRecord] = {}
        self._executions: dict[SessionId, dict[int, Execution]] = {}
        self._runs: dict[RunId, RunRecord] = {}
        self._points: dict[RunId, tuple[MetricPoints, ...]] = {}
        self._labels: dict[RunId, Labels] = {}
        self._environments: dict[RunId, Environment] = {}
        self._late: dict[RunId, list[LateOutput]] = {}
        self._proofs: dict[RunId, list[Proof]] = {}
        self._goals: dict[str, str] = {}
        self._aliases: dict[tuple[str, str], Alias] = {}

    def put_session(self, session: SessionRecord) -> None:
        with self._lock:
            self._sessions[session.id] = session

    def get_session(self, session_id: SessionId) -> SessionRecord:
        try:
            return self._sessions[session_id]
        except KeyError:
            raise RunNotFoundError(f"no session {session_id!r} in this store") from None

    def put_executions(self, executions: Sequence[Execution], *, wait_s: float | None = None) -> None:  # noqa: ARG002
        with self._lock:
            for execution in executions:
                self.get_session(execution.session_id)
            for execution in executions:
                self._executions.setdefault(execution.session_id, {})[execution.index] = execution

    def executions(self, session_id: SessionId, *, stop: int | None = None) -> tuple[Execution, ...]:
        with self._lock:
            kept = self._executions.get(session_id, {})
            return tuple(kept[index] for index in sorted(kept) if stop is None or index < stop)

    def start_run(self, run: RunRecord, labels: Labels, *, wait_s: float | None = None) -> RunRecord:  # noqa: ARG002
        with self._lock:
            self.get_session(run.session_id)
            if run.id in self._runs:
                raise InvalidRecordError(f"run {run.id} is kept already, as {self._runs[run.id].reference}")
            numbered = replace(run, number=1 + max((kept.number for kept in self._runs.values()), default=0))
            self._runs[run.id] = numbered
            self._labels[labels.run_id] = labels
            return numbered

    def finish_run(
        self,
        run: RunRecord,
        points: Sequence[MetricPoints] = (),
        *,
        wait_s: float | None = None,  # noqa: ARG002
    ) -> None:
        with self._lock:
            kept = self.get_run(run.id)
            check_finish(kept, run)
            self._runs[run.id] = replace(run, experiment=kept.experiment)
            self._points[run.id] = tuple(points)

    def get_run(self, run_id: RunId) -> RunRecord:
        with self._lock:
            try:
                return self._runs[run_id]
            except KeyError:
                raise RunNotFoundError.among(run_id, list(self._runs)) from None

    def find_runs(
        self, *, experiment: str | None = None, number: int | None = None, status: RunStatus | None = None
    ) -> Iterator[RunRecord]:
        with self._lock:
            kept = sorted(self._runs.values(), key=lambda run: -run.number)
        return (
            run
            for run in kept
            if experiment in (None, run.experiment) and number in (None, run.number) and status in (None, run.status)
        )

    def points(self, run_id: RunId) -> tuple[MetricPoints, ...]:
        return self._points.get(run_id, ())

    def put_labels(self, labels: Labels) -> None:
        with self._lock:
            self.get_run(labels.run_id)
            self._labels[labels.run_id] = labels

    def labels(self, run_id: RunId) -> Labels:
        return self._labels.get(run_id, Labels(run_id=run_id))

    def put_environment(self, environment: Environment) -> None:
        with self._lock:
            self.get_run(environment.run_id)
            self._environments[environment.run_id] = environment

    def environment(self, run_id: RunId) -> Environment | None:
        return self._environments.get(run_id)

    def add_late_output(self, late: LateOutput) -> None:
        with self._lock:
            self.get_run(late.run_id)
            self._late.setdefault(late.run_id, []).append(late)

    def late_outputs(self, run_id: RunId) -> tuple[LateOutput, ...]:
        return tuple(self._late.get(run_id, ()))

    def add_proof(self, proof: Proof) -> None:
        with self._lock:
            self.get_run(proof.run_id)
            self._proofs.setdefault(proof.run_id, []).insert(0, proof)

    def proofs(self, run_id: RunId) -> tuple[Proof, ...]:
        return tuple(self._proofs.get(run_id, ()))

    def experiments(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for run in self.find_runs():
            counts[run.experiment] = counts.get(run.experiment, 0) + 1
        return counts

    def move_experiment(self, old: str, new: str) -> int:
        with self._lock:
            moved = list(self.find_runs(experiment=old))
            for run in moved:
                self._runs[run.id] = replace(run, experiment=new)
            for alias in self.aliases(experiment=old):
                del self._aliases[old, alias.name]
                self._aliases.setdefault((new, alias.name), replace(alias, experiment=new))
            return len(moved)

    def put_alias(self, alias: Alias) -> None:
        with self._lock:
            self.get_run(alias.run_id)
            self._aliases[alias.experiment, alias.name] = alias

    def aliases(self, *, experiment: str | None = None) -> tuple[Alias, ...]:
        with self._lock:
            kept = [alias for _, alias in sorted(self._aliases.items())]
        return tuple(alias for alias in kept if experiment in (None, alias.experiment))

    def put_goal(self, metric: str, goal: str) -> None:
        self._goals[metric] = goal

    def goals(self) -> dict[str, str]:
        return dict(self._goals)

    def close(self) -> None:
        return None
