"""The contract of a run store. Its tests ship in `mlexp.testing`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlexp.errors import InvalidRecordError, RunFinishedError
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
    check_move,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoints:
    """The logged points of one metric of one run, as they came. The three have one length."""

    name: str
    steps: tuple[int, ...]
    times: tuple[float, ...]
    """Seconds since the epoch."""
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.steps) == len(self.times) == len(self.values):
            raise InvalidRecordError(
                f"metric {self.name!r}: {len(self.steps)} steps, {len(self.times)} times, {len(self.values)} values"
            )


class RunStore(ABC):
    """Where runs are kept.

    Threads: one instance may be shared between threads.
    Atomicity: each method happens wholly or not at all.
    Idempotence: `put_…` with the same record changes nothing; `add_…` and `start_run` are not idempotent.
    Ownership: a finished run is never changed; `finish_run` raises RunFinishedError. Labels may change at any time;
        environments, late text and proofs come later and are records of their own. The one thing of a run that may
        change is the experiment in which it stands: `move_experiment`.
    Order: `find_runs` yields newest first, by number.
    Faults: what the medium refuses is a StoreError; nothing is half done.
    """

    @abstractmethod
    def put_session(self, session: SessionRecord) -> None:
        """Keep a session's record."""

    @abstractmethod
    def get_session(self, session_id: SessionId) -> SessionRecord:
        """Return it; raise RunNotFoundError if there is none."""

    @abstractmethod
    def put_executions(self, executions: Sequence[Execution], *, wait_s: float | None = None) -> None:
        """Keep executions of sessions that are kept. A second record of one index takes the first one's place.

        Args:
            executions: The records.
            wait_s: How long another writer may be waited for; None: as long as the store usually waits.
        """

    @abstractmethod
    def executions(self, session_id: SessionId, *, stop: int | None = None) -> tuple[Execution, ...]:
        """Return a session's executions by index, those below `stop`; none for an unknown session."""

    @abstractmethod
    def start_run(self, run: RunRecord, labels: Labels, *, wait_s: float | None = None) -> RunRecord:
        """Keep a run that begins, and return it with the number that the store gives it: 1, 2, … without gaps.

        Args:
            run: The record.
            labels: What it is called.
            wait_s: As in `put_executions`.

        Raises:
            InvalidRecordError: A run of that id is kept already.
            RunNotFoundError: Its session is not kept.
        """

    @abstractmethod
    def finish_run(self, run: RunRecord, points: Sequence[MetricPoints] = (), *, wait_s: float | None = None) -> None:
        """Replace the running run by its finished record, with its logged points.

        It stays in the experiment in which it stands, whatever its record says: it may have been moved meanwhile.

        Args:
            run: The record.
            points: What it logged.
            wait_s: As in `put_executions`.

        Raises:
            RunFinishedError: It was finished before.
            RunNotFoundError: It was never started.
            InvalidRecordError: It is still running, or is not the run that was started.
        """

    @abstractmethod
    def get_run(self, run_id: RunId) -> RunRecord:
        """Return the run; raise RunNotFoundError if there is none."""

    @abstractmethod
    def find_runs(
        self, *, experiment: str | None = None, number: int | None = None, status: RunStatus | None = None
    ) -> Iterator[RunRecord]:
        """Yield the runs that are of this experiment, number and status, as far as given; newest first."""

    @abstractmethod
    def points(self, run_id: RunId) -> tuple[MetricPoints, ...]:
        """Return a run's logged points by metric, in the order in which the metrics first came."""

    @abstractmethod
    def put_labels(self, labels: Labels) -> None:
        """Set what a kept run is called and what is said of it."""

    @abstractmethod
    def labels(self, run_id: RunId) -> Labels:
        """Return it; empty labels for a run that has none."""

    @abstractmethod
    def put_environment(self, environment: Environment) -> None:
        """Keep a run's environment."""

    @abstractmethod
    def environment(self, run_id: RunId) -> Environment | None:
        """Return it, or None while it is not known."""

    @abstractmethod
    def add_late_output(self, late: LateOutput) -> None:
        """Keep more text of a run, which came after its end."""

    @abstractmethod
    def late_outputs(self, run_id: RunId) -> tuple[LateOutput, ...]:
        """Return it, in the order in which it was added."""

    @abstractmethod
    def add_proof(self, proof: Proof) -> None:
        """Keep one more proof of a run."""

    @abstractmethod
    def proofs(self, run_id: RunId) -> tuple[Proof, ...]:
        """Return a run's proofs, newest first."""

    @abstractmethod
    def experiments(self) -> dict[str, int]:
        """Return the number of runs of each experiment; the one with the newest run comes first."""

    @abstractmethod
    def move_experiment(self, old: str, new: str) -> int:
        """Put all runs of `old` into `new`, those that are under way too, and return how many there were.

        Aliases go with them, but those that `new` has stay.
        """

    @abstractmethod
    def put_alias(self, alias: Alias) -> None:
        """Let a word stand for a kept run, and no longer for another one of its experiment."""

    @abstractmethod
    def aliases(self, *, experiment: str | None = None) -> tuple[Alias, ...]:
        """Return the aliases of an experiment, or all, by experiment and name."""

    @abstractmethod
    def put_goal(self, metric: str, goal: str) -> None:
        """Say whether a metric is better large ("max") or small ("min")."""

    @abstractmethod
    def goals(self) -> dict[str, str]:
        """Return what was said, by metric."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the medium; the instance is not used any more."""


def check_finish(before: RunRecord, after: RunRecord) -> None:
    """Raise unless the kept run `before` may become `after`; see `RunStore.finish_run`."""
    if before.status is not RunStatus.RUNNING:
        raise RunFinishedError(f"run {before.reference} is {before.status} and cannot be changed")
    check_move(before.status, after.status)
    for name in ("number", "session_id", "execution", "started"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            raise InvalidRecordError(
                f"run {before.reference}: {name} was {was!r} at its start and cannot become {now!r}"
            )
