"""A run: one tracked execution. What people say of it later (name, tags, note) is a record of its own."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mlexp.errors import InvalidRecordError
from mlexp.records.environment import Interpreter
from mlexp.records.execution import ErrorRecord
from mlexp.records.names import Digest, RunId, SessionId
from mlexp.records.times import check_aware


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    KILLED = "killed"
    """Its process died; what it had recorded by then is kept."""


_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.RUNNING: frozenset(RunStatus) - {RunStatus.RUNNING},
    RunStatus.FINISHED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.INTERRUPTED: frozenset(),
    RunStatus.KILLED: frozenset(),
}


def check_move(before: RunStatus, after: RunStatus) -> None:
    """Raise InvalidRecordError unless a run may go from `before` to `after`."""
    if after not in _MOVES[before]:
        raise InvalidRecordError(f"a run that is {before} cannot become {after}")


class ParamOrigin(StrEnum):
    """How a param was chosen; only a constant stands at one place of the text, and can become a flag."""

    CONSTANT = "constant"
    SETTING = "setting"
    """A field of an object of settings, such as a dataclass or the answer of an argument parser."""
    ESTIMATOR = "estimator"
    """A param of a fitted estimator that is not its default."""
    INPUT = "input"
    """Typed as an answer to `input()`."""
    DECLARED = "declared"
    """Given to `mlexp.param`."""
    FORCED = "forced"
    """Asked for with `-p`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A chosen input."""

    name: str
    literal: str
    """The value as a Python literal."""
    execution: int
    """Index of the execution that bound it."""
    origin: ParamOrigin = ParamOrigin.CONSTANT

    @property
    def value(self) -> object:
        """The value itself: a number, text, boolean, None, or a small container of these."""
        return ast.literal_eval(self.literal)


class MetricOrigin(StrEnum):
    """Where a metric was found; the script finds it at the same place."""

    BOUND = "bound"
    RESULT = "result"
    """In the cell's last expression."""
    LOGGED = "logged"
    CALLED = "called"
    """Returned by a scoring function, and bound to no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """Where a call stands in the text of an execution; lines count from 1, columns in UTF-8 bytes from 0."""

    execution: int
    line: int
    column: int
    end_line: int
    end_column: int
    nth: int = 1
    """Which of the calls made there, counted from 1: it may stand in a loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measured number. NaN and infinities are kept: a diverging run is a result."""

    name: str
    value: float
    """A float, or an int where the cell bound one; of a logged metric the last value."""
    origin: MetricOrigin
    expression: str = ""
    """Python that gives the value where the cell has ended: `auc`, `scores["f1"]`."""
    site: CallSite | None = None
    """Of a metric that was called: the call."""


RESULT = "Out"
"""The name, among a run's values, of what its cell's last expression gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRecord:
    """A data object that the cell read, as it was when the cell began, or one that the cell bound or changed."""

    name: str
    kind: str
    """The codec's name for it, such as "pandas.DataFrame"; without a codec, the type's."""
    summary: str
    """Its extent in a few words, such as "6,714 × 15"."""
    size_bytes: int
    digest: Digest | None
    """Digest of its content. None: it could not be taken apart."""
    kept: bool
    """Whether `run.data[name]` can give it back."""
    reason: str | None = None
    """Why there is no digest, or why the content was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """One form of a rich output."""

    mime: str
    size_bytes: int
    digest: Digest | None
    """None: it is too large, or could not be kept."""


class OutputKind(StrEnum):
    """How a rich output came about."""

    DISPLAY = "display"
    RESULT = "result"
    """The value of the cell's last expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRecord:
    """A rich output of the cell, with its forms; figures have PNG and SVG."""

    kind: OutputKind
    representations: tuple[Representation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateOutput:
    """Text that came after its run had ended, from a thread or a child process."""

    run_id: RunId
    stream: str
    """"stdout" or "stderr"."""
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the cell cost."""

    cpu_s: float
    """Of this process and of the children that ended."""
    peak_memory_bytes: int | None = None
    """The largest resident size seen while it ran."""
    samples: Digest | None = None
    """A JSON document of columns of equal length: "t_s" since the start, "cpu" (1.0 is one core), "memory_bytes",
    and, where there is a GPU, "gpu" and "gpu_memory_bytes". None: it was too short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One tracked execution."""

    id: RunId
    number: int
    """The N of rN, given by the store; 0 before that."""
    experiment: str
    session_id: SessionId
    execution: int
    """Index of the tracked execution in its session."""
    status: RunStatus
    started: datetime
    interpreter: Interpreter
    source: str
    """The tracked cell as it was typed."""
    elapsed_s: float | None = None
    """None while it is running, and when it was killed."""
    params: tuple[Param, ...] = ()
    metrics: tuple[Metric, ...] = ()
    timings: tuple[Metric, ...] = ()
    """Clock readings that the cell bound, in their own unit."""
    data: tuple[DataRecord, ...] = ()
    """What the cell read."""
    values: tuple[DataRecord, ...] = ()
    """What the cell bound or changed: digests, for the proof."""
    models: tuple[DataRecord, ...] = ()
    """Fitted estimators and networks that the cell bound or changed."""
    results: tuple[DataRecord, ...] = ()
    """Tables of nested results, such as those of a search over params, kept as frames."""
    artifacts: tuple[DataRecord, ...] = ()
    """What was given to `mlexp.artifact`: files and objects."""
    outputs: tuple[OutputRecord, ...] = ()
    """Rich outputs, in the order in which they were shown."""
    resources: Resources | None = None
    stdout: Digest | None = None
    stderr: Digest | None = None
    error: ErrorRecord | None = None
    notes: tuple[str, ...] = ()
    """What was not captured, and why."""
    clean: bool | None = None
    """Whether running the notebook from the top to this cell would give the same; None: that cannot be known."""
    clean_notes: tuple[str, ...] = ()
    """Why it would not, or why it cannot be known; empty where no notebook is known at all."""

    def __post_init__(self) -> None:
        check_aware(f"run {self.reference}", self.started)
        if self.elapsed_s is not None and self.elapsed_s < 0:
            raise InvalidRecordError(f"run {self.reference}: it ended {-self.elapsed_s} s before it began")
        if (self.status is RunStatus.FINISHED) and self.elapsed_s is None:
            raise InvalidRecordError(f"run {self.reference}: finished, but without a duration")

    @property
    def reference(self) -> str:
        """The reference in its store, such as "r3"."""
        return f"r{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What people call a run and say of it; it may change at any time."""

    run_id: RunId
    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A word that stands for a run within its experiment, such as "baseline"; it may be given to another run later."""

    experiment: str
    name: str
    run_id: RunId
