"""The session: one life of one kernel with mlexp loaded. It orders the probes and keeps the log of executions.

It owns all state of capture. Open executions are kept by their ExecutionInfo object: a stack would mix up subshells,
and a ContextVar is lost in cells that await.
"""

from __future__ import annotations

import atexit
import re
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlexp.capture.guard import guarded
from mlexp.capture.history import earlier_executions
from mlexp.capture.opening import Opening, Probe
from mlexp.capture.place import experiment_of, interpreter, notebook_path, process_identity
from mlexp.capture.probes.figures import FiguresProbe
from mlexp.capture.probes.files import FilesProbe
from mlexp.capture.probes.modules import ModulesProbe
from mlexp.capture.probes.randomness import RandomnessProbe
from mlexp.capture.track import tracked
from mlexp.capture.tracking import Tracking
from mlexp.capture.workplace import Workplace
from mlexp.capture.writer import Writer
from mlexp.dataflow.cell import parse, peel
from mlexp.dataflow.names import names_of
from mlexp.errors import StoreError
from mlexp.records import (
    ErrorRecord,
    Execution,
    Outcome,
    RunId,
    RunRecord,
    RunStatus,
    SessionId,
    SessionRecord,
)

if TYPE_CHECKING:
    from mlexp.installed import Surroundings

_PATIENCE_S = 0.25


ShowCard = Callable[[RunRecord, Sequence[Execution]], None]
"""Shows the card of a run, given the executions up to it."""


class Session:
    """Hears of every execution of one shell."""

    def __init__(self, shell: Any, place: Workplace, *, show_card: ShowCard) -> None:
        self.shell = shell
        self.place = place
        self.writer = Writer()
        self._surroundings: Surroundings | None = None
        self.interpreter = interpreter()
        self._show_card = show_card
        notebook = notebook_path(place.settings, shell.user_ns)
        self.record = SessionRecord(
            id=SessionId(uuid.uuid4().hex),
            started=datetime.now(UTC),
            notebook=notebook,
            folder=str(Path.cwd()),
            process=process_identity(),
        )
        self.experiment = experiment_of(place.settings, notebook, place.root, Path.cwd())
        self._probes: tuple[Probe, ...] = (
            ModulesProbe(place.blobs),
            FiguresProbe(shell),
            FilesProbe(
                place.blobs,
                limit_bytes=place.settings.max_file_mb * 2**20,
                ignored=(place.folder, Path(__file__).parents[1]),
            ),
            RandomnessProbe(place.blobs),  # last before the cell and so nearest to it
        )
        self._executions: list[Execution] = []
        self._unwritten: list[Execution] = []
        self._open: dict[int, tuple[Any, Opening]] = {}
        self._tracking: Tracking | None = None
        self._knows_history = False
        self._next_index = 0
        place.store.put_session(self.record)

    @property
    def executions(self) -> tuple[Execution, ...]:
        """All executions so far."""
        return tuple(self._executions)

    def start(self) -> None:
        """Begin to listen."""
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)
        atexit.register(self.writer.close)

    def close(self) -> None:
        """Take every hook out of the kernel and finish what is under way."""
        for name, callback in ("pre_run_cell", self.pre_run_cell), ("post_run_cell", self.post_run_cell):
            with guarded("leave IPython's events"):
                if callback in self.shell.events.callbacks[name]:
                    self.shell.events.unregister(name, callback)
        for probe in self._probes:
            with guarded("take a probe away"):
                probe.close()
        with guarded("end the run"):
            if self._tracking is not None:
                self._tracking.abandon()
                self._tracking = None
        with guarded("keep the last executions"):
            self._flush(wait_s=None)
        self.writer.close()
        atexit.unregister(self.writer.close)

    def pre_run_cell(self, info: Any) -> None:
        """Look before a cell runs."""
        with guarded("look before a cell"):
            self._learn_history(before=None)
            opening = self._opening_of(info)
            self._open[id(info)] = (info, opening)
            if opening.track is not None:
                self._begin_run(opening)
            for probe in self._probes:
                with guarded("look before a cell"):
                    probe.before(opening)

    def post_run_cell(self, result: Any) -> None:
        """Look after a cell."""
        with guarded("look after a cell"):
            if result is None:
                return
            opening = self._closing(result)
            execution = self._fold(opening, result)
            self._executions.append(execution)
            self._unwritten.append(execution)
            tracking, mine = self._tracking, self._tracking is not None and self._tracking.opening is opening
            try:
                self._flush(wait_s=None if mine else _PATIENCE_S)
            finally:
                if mine and tracking is not None:
                    self._tracking = None
                    self._end_run(tracking, execution, result)

    def _begin_run(self, opening: Opening) -> None:
        if self._tracking is not None:  # a tracked cell inside a tracked one: the outer one is the run
            opening.track = None
            return
        self._flush(wait_s=None)
        self._tracking = Tracking(opening, self.shell, self.place)
        self._tracking.begin(self._new_run(opening))

    def _new_run(self, opening: Opening) -> RunRecord:
        assert opening.track is not None
        return RunRecord(
            id=RunId(uuid.uuid4().hex),
            number=0,
            experiment=opening.track.experiment or self.experiment,
            session_id=self.record.id,
            execution=opening.index,
            status=RunStatus.RUNNING,
            started=opening.started,
            interpreter=self.interpreter,
            source=opening.source,
        )

    def _end_run(self, tracking: Tracking, execution: Execution, result: Any) -> None:
        run = tracking.end(execution, self._executions, result)
        modules = tuple(sys.modules)
        self.writer.add("read the installed packages", lambda: self._keep_environment(run.id, modules))
        if self.place.settings.card:
            self._show_card(run, self._executions)

    def _keep_environment(self, run_id: RunId, modules: tuple[str, ...]) -> None:
        if self._surroundings is None:
            from mlexp.installed import Surroundings  # what it imports takes 15 ms, in the writer's thread here

            self._surroundings = Surroundings(self.place.root)
        self.place.store.put_environment(self._surroundings.environment_of(run_id, modules))

    def _opening_of(self, info: Any) -> Opening:
        source = info.raw_cell or ""
        found = tracked(source)
        python = self.shell.transform_cell((found[0] if found else peel(source)).body)
        opening = Opening(
            index=self._next_index,
            source=source,
            python=python,
            names=names_of(python),
            namespace=self.shell.user_ns,
            track=found[1] if found else None,
            cell_id=getattr(info, "cell_id", None) or _cell_id(self.shell),
        )
        self._next_index += 1
        return opening

    def _closing(self, result: Any) -> Opening:
        info = getattr(result, "info", None)
        found = self._open.pop(id(info), None)
        if found is None:  # after an interrupt IPython hands over another info of the same text
            for key, (other, _) in list(self._open.items()):
                if info is not None and other.raw_cell == info.raw_cell:
                    found = self._open.pop(key)
                    break
        if found is not None:
            return found[1]
        self._learn_history(before=result.execution_count)  # the cell that loaded mlexp
        opening = self._opening_of(info)
        opening.observed = False
        return opening

    def _learn_history(self, *, before: int | None) -> None:
        """Take what ran before mlexp was loaded from IPython's history, once."""
        if self._knows_history:
            return
        self._knows_history = True
        earlier = earlier_executions(self.shell, self.record.id, before=before)
        self._executions = list(earlier)
        self._unwritten = list(earlier)
        self._next_index = len(earlier)

    def _fold(self, opening: Opening, result: Any) -> Execution:
        facts: dict[str, Any] = {}
        for probe in reversed(self._probes):
            with guarded("look after a cell"):
                facts |= probe.after(opening)
        outcome, error = outcome_of(result, opening.python, opening.namespace)
        return Execution(
            session_id=self.record.id,
            index=opening.index,
            number=result.execution_count or 0,
            source=opening.source,
            python=opening.python,
            outcome=outcome,
            started=opening.started,
            elapsed_s=(datetime.now(UTC) - opening.started).total_seconds() if opening.observed else 0.0,
            observed=opening.observed,
            cell_id=opening.cell_id,
            error=replace(error, traceback=_traceback(self.shell)) if error and opening.track else error,
            bound=opening.names.bound,
            read=opening.names.read,
            loaded=opening.names.loaded,
            **facts,
        )

    def _flush(self, *, wait_s: float | None) -> None:
        """Write the executions that are not yet kept; where the store is busy for longer than that, the next time."""
        if self._unwritten:
            try:
                self.place.store.put_executions(self._unwritten, wait_s=wait_s)
            except StoreError:
                if wait_s is None:
                    raise
                return
            self._unwritten = []


def outcome_of(result: Any, python: str, namespace: Mapping[str, object]) -> tuple[Outcome, ErrorRecord | None]:
    """Return how an execution ended, and with what error."""
    error = result.error_in_exec or result.error_before_exec
    if error is None:
        return Outcome.OK, None
    line = _line_of(error, namespace)
    record = ErrorRecord(type=type(error).__name__, message=_message(error), line=line)
    if type(error).__name__ in ("KeyboardInterrupt", "CancelledError"):
        return Outcome.INTERRUPTED, record
    # A text that can be parsed but not compiled (a misplaced `return`) has run up to there.
    if result.error_in_exec is None and parse(python) is None:
        return Outcome.NOT_RUN, record
    return Outcome.ERROR, record


def _line_of(error: BaseException, namespace: Mapping[str, object]) -> int | None:
    if isinstance(error, SyntaxError) and error.__traceback__ is None:
        return error.lineno
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals is namespace and step.tb_frame.f_code.co_name in ("<module>", "<cell line: 1>"):
            return step.tb_lineno
        if step.tb_frame.f_globals is namespace and step.tb_frame.f_code.co_name.startswith("<cell line"):
            return step.tb_lineno
        step = step.tb_next
    return getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None


def _message(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:
        return "(its message could not be read)"


def _traceback(shell: Any) -> str:
    lines = getattr(shell, "_last_traceback", None) or ()
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(str(line) for line in lines))[:100_000]


def _cell_id(shell: Any) -> str | None:
    if getattr(shell, "kernel", None) is None or not hasattr(shell, "get_parent"):
        return None
    found = (shell.get_parent() or {}).get("metadata", {}).get("cellId")
    return str(found) if found else None
