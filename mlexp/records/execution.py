"""One cell executed once: the unit of provenance. Everything a script is made of stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mlexp.errors import InvalidRecordError
from mlexp.records.names import Digest, SessionId
from mlexp.records.times import check_aware


class Outcome(StrEnum):
    """How an execution ended."""

    OK = "ok"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not run"
    """The text could not be compiled: nothing of it ran."""
    UNKNOWN = "unknown"
    """It ran before mlexp was loaded and left no word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One life of one kernel with mlexp loaded."""

    id: SessionId
    started: datetime
    notebook: str | None
    """Path of the notebook, or None where the front end tells none."""
    folder: str
    """The kernel's working directory when mlexp was loaded."""
    process: str
    """Machine, process and its start, as one text: tells a live kernel from a dead one."""

    def __post_init__(self) -> None:
        check_aware(f"session {self.id}", self.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """What an execution or a run ended with."""

    type: str
    message: str
    line: int | None = None
    """Line of the executed text, counted from 1, at which the failing statement stood."""
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that came from outside the session and was opened for reading."""

    path: str
    """As it was spelled at the opening."""
    resolved: str
    """The absolute path it stood for."""
    size_bytes: int
    digest: Digest | None
    """None: the content was not kept."""
    reason: str | None = None
    """Why the content was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRecord:
    """A module of the user's own (not installed) that the session had imported."""

    name: str
    file: str
    """Path under an import folder, such as "homemade/utils/__init__.py"."""
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorState:
    """What an execution did to one random number generator."""

    generator: str
    """A global one ("random", "numpy", "torch", "torch.cuda:0"), or an object's kind ("numpy.random.Generator")."""
    before: Digest
    """The state before it; of one that the execution made, that with which it began, or `after` where none can tell."""
    after: Digest
    variable: str = ""
    """Where an object lies: an expression such as `rng` or `model.rngs[0]`; empty for a global generator."""
    made: bool = False
    """Whether the execution made it, or loaded the library that it belongs to and seeded it."""
    entropy: str = ""
    """What one of NumPy's that the execution made was seeded with, if it is as long as what the system gives: a number
    as text, perhaps the text's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One cell executed once."""

    session_id: SessionId
    index: int
    """Order in the session, counted from 0; executions before the extension was loaded come first."""
    number: int
    """The N of In [N]."""
    source: str
    """The text as it was typed."""
    python: str
    """The same as Python, line by line: magics have become calls of `get_ipython()`."""
    outcome: Outcome
    started: datetime | None = None
    elapsed_s: float = 0.0
    observed: bool = True
    """False: it ran before mlexp was loaded; its text comes from IPython's history."""
    cell_id: str | None = None
    deleted_cells: tuple[str, ...] = ()
    """Ids of the cells that were deleted since the execution before it, as far as the front end tells."""
    error: ErrorRecord | None = None
    bound: tuple[str, ...] = ()
    """Names that the text binds at top level."""
    read: tuple[str, ...] = ()
    """Names that the text reads, in functions too, and does not surely bind before."""
    loaded: tuple[str, ...] = ()
    """All names that the text reads."""
    reached: tuple[str, ...] = ()
    """Names that the functions, classes and objects behind `read` and `bound` load in turn: live code was followed."""
    reads_all: bool = False
    """It may read any name: by `eval`, `exec`, `globals()` and the like."""
    rebound: tuple[str, ...] | None = None
    """Names whose earlier values are nothing to what comes after: bound in a straight line, or seen to be another
    object, or deleted. None: nobody looked at what it did to names; its text alone tells."""
    deleted: tuple[str, ...] = ()
    """Names that were there before it and are gone."""
    changed: tuple[str, ...] = ()
    """Names whose values it is known to have changed, through aliases and views too, without binding them anew."""
    suspected: tuple[str, ...] = ()
    """Names whose values it may have changed: nothing could tell, or not in time."""
    has_result: bool = False
    """Whether its last expression left a value in `Out`."""
    answers: tuple[tuple[str, str], ...] = ()
    """What was typed into `input()`: (prompt, answer), in order; secrets as their markers."""
    state: tuple[str, ...] = ()
    """Global state that it changed, such as "cwd", "env:LANG", "numpy.errstate", "matplotlib.rcParams:font.size"."""
    drifted: tuple[str, ...] = ()
    """Global state that had changed between the execution before it and this one."""
    inputs: tuple[InputFile, ...] = ()
    reads: tuple[str, ...] = ()
    """Absolute paths of files that it read and that the session itself had written."""
    writes: tuple[str, ...] = ()
    """Absolute paths of files that it wrote."""
    appends: tuple[str, ...] = ()
    """Those of `writes` whose earlier content stays a part of them: appended to, or changed in place."""
    removes: tuple[str, ...] = ()
    """Absolute paths of files that it removed, or gave another name."""
    listed: tuple[str, ...] = ()
    """Absolute paths of folders whose entries it asked for, each followed by those of what lay in it from outside:
    files, and folders, which end in a separator."""
    listed_signs: tuple[tuple[int, int], ...] = ()
    """Of each of `listed`: its size in bytes and the time of its change in nanoseconds; zeros of a folder."""
    modules: tuple[ModuleRecord, ...] = ()
    generators: tuple[GeneratorState, ...] = ()
    """The generators that moved; of a tracked execution all that it can reach."""
    n_figures: int = 0
    """Figures that were open when it ended, and that the notebook then showed and closed."""
    declared: tuple[tuple[str, str], ...] = ()
    """Params given to `mlexp.param` while it ran: (name, value as a Python literal), each as it was last given."""

    def __post_init__(self) -> None:
        if self.index < 0:
            raise InvalidRecordError(f"execution {self.index}: the index is below 0")
        if self.started is not None:
            check_aware(f"execution {self.index}", self.started)
