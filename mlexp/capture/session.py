"""The session: one life of one kernel with mlexp loaded. It orders the probes and keeps the log of executions.

It owns all state of capture. A cell may run others: `%run other.ipynb` runs executions of their own, `%%capture` its
own body, which is no second execution.
"""

from __future__ import annotations

import atexit
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter  # by name: the user may put another clock in its place
from typing import TYPE_CHECKING, Any

from mlexp.capture.answers import AnswersProbe
from mlexp.capture.aside import Aside
from mlexp.capture.ended import Ended, traceback_of
from mlexp.capture.environments import Environments
from mlexp.capture.guard import forget_failures, guarded, untraced
from mlexp.capture.history import earlier_executions
from mlexp.capture.log import begin_cell, refuse_log
from mlexp.capture.opener import Opener
from mlexp.capture.opening import Opening, Probe
from mlexp.capture.place import experiment_of, interpreter, new_session, notebook_path
from mlexp.capture.probes.declared import DeclaredProbe
from mlexp.capture.probes.deleted import DeletedCellsProbe
from mlexp.capture.probes.figures import FiguresProbe
from mlexp.capture.probes.files import FilesProbe
from mlexp.capture.probes.modules import ModulesProbe
from mlexp.capture.probes.outlet import outlet_of
from mlexp.capture.probes.randomness import RandomnessProbe
from mlexp.capture.probes.state import StateProbe
from mlexp.capture.probes.values import ValuesProbe
from mlexp.capture.underway import UnderWay
from mlexp.capture.workplace import Workplace
from mlexp.capture.writer import Writer
from mlexp.config import Variables
from mlexp.errors import StoreError
from mlexp.records import Execution, Outcome, RunId, RunRecord, RunStatus

if TYPE_CHECKING:
    from mlexp.capture.tracking import Finished, Tracking

_PATIENCE_S = 0.25
"""How long an untracked cell waits for a store that another process is writing to."""

ShowCard = Callable[[RunRecord, Sequence[Execution]], None]
"""Shows the card of a run, given the executions up to it."""


class Session:
    """Hears of every execution of one shell."""

    def __init__(self, shell: Any, place: Workplace, *, show_card: ShowCard, say: Callable[[str], None]) -> None:
        self.shell = shell
        self.place = place
        self.writer = Writer()
        self._aside: Aside | None = None
        self.interpreter = interpreter()
        self.found_environ = Variables().read()
        """The environment before any cell changed it: that of a clean process."""
        self._show_card = show_card
        self._say = say
        notebook = notebook_path(place.settings, shell.user_ns)
        self.record = new_session(notebook)
        self.experiment = experiment_of(place.settings, notebook, place.root, Path.cwd())
        self._executions: list[Execution] = []
        self._unwritten: list[Execution] = []
        self._unfinished: list[Finished] = []
        self._under_way = UnderWay()
        self._tracking: Tracking | None = None
        self._knows_history = False
        self._indices = count()
        self._flushing = threading.Lock()
        self._process = os.getpid()
        self._open = Opener(shell, place.redactor).open
        self._outlet = outlet_of(shell)
        self._answers = AnswersProbe(shell, place.redactor)
        place.store.put_session(self.record)
        self._probes: tuple[Probe, ...] = (
            DeclaredProbe(),
            self._answers,
            DeletedCellsProbe(shell),
            ModulesProbe(place.blobs, place.redactor),
            FiguresProbe(shell),
            FilesProbe(place, reads_ours=lambda: self.writer.is_at_work),
            StateProbe(),
            ValuesProbe(),
            RandomnessProbe(place.blobs),  # last before the cell and so nearest to it
        )

    @property
    def executions(self) -> tuple[Execution, ...]:
        """All executions so far."""
        return tuple(self._executions)

    @property
    def opening(self) -> Opening | None:
        """The execution that is under way."""
        return self._under_way.newest()

    @property
    def has_run_under_way(self) -> bool:
        """Whether a tracked cell is under way."""
        return self._tracking is not None

    def start(self) -> None:
        """Begin to listen."""
        forget_failures()
        self._answers.start()
        with guarded("prepare to ask git"):
            self._aside = Aside()
        self._environments = Environments(self.place, self.writer, aside=self._aside)
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)
        atexit.register(self.close)

    def close(self) -> None:
        """Take every hook out of the kernel and finish what is under way."""
        atexit.unregister(self.close)
        for name, callback in ("pre_run_cell", self.pre_run_cell), ("post_run_cell", self.post_run_cell):
            with guarded("leave IPython's events"):
                if callback in self.shell.events.callbacks[name]:
                    self.shell.events.unregister(name, callback)
        for probe in self._probes:
            with guarded("take a probe away"):
                probe.close()
        with guarded("leave what is put out"):
            if self._tracking is None or self._is_forked():
                self._outlet.close()
        if self._is_forked():
            return
        with guarded("end the run"):
            if self._tracking is not None:
                self._give_up("mlexp was unloaded while it ran")
                self._outlet.close()
        with guarded("keep the last executions"):
            self._flush(wait_s=None)
        self.writer.close()
        if self._aside is not None:
            self._aside.close()

    def pre_run_cell(self, info: Any) -> None:
        """Look before a cell runs."""
        with guarded("look before a cell"), untraced():
            if self._is_forked():
                return
            begin_cell()
            self._learn_history(before=None)
            self._learn_notebook()
            opening = self._open(info, self._under_way.outer(), self._indices)
            if self._under_way.begin(info, opening) and self._tracking is not None:
                self._give_up("its end was not seen")
            if opening.body_of is not None:
                return
            if opening.track is not None:
                with guarded("begin the run", partial(_refuse, opening)):
                    self._begin_run(opening)
            for probe in self._probes:
                with guarded("look before a cell"):
                    probe.before(opening)
            opening.clock = perf_counter()

    def post_run_cell(self, result: Any) -> None:
        """Look after a cell."""
        with guarded("look after a cell"), untraced():
            clock = perf_counter()
            if self._is_forked():
                return
            opening = self._under_way.end(result) or self._loading(result)
            if opening is None:
                return
            with guarded("learn the values of secret names"):
                self._learn_secrets(opening)
            ended = Ended.of(result, opening, self.shell)
            if opening.body_of is not None:
                opening.body_of.body_ended = ended
                return
            if opening.observed:
                opening.elapsed_s = clock - opening.clock
            tracking = self._tracking
            if tracking is None or tracking.opening is not opening:
                self._keep(self._fold(opening, ended, note=None))
                self._flush_soon()
                if opening.refused:
                    self._say(f"this cell ran, but is not recorded. {opening.refused}")
                return
            try:
                execution = self._fold(opening, ended, note=tracking.note)
                self._keep(execution)
                self._end_run(tracking, execution, ended.value)
            except BaseException as error:
                if self._tracking is not None:
                    self._give_up(f"it could not be recorded: {type(error).__name__}")
                raise

    def _begin_run(self, opening: Opening) -> None:
        if self._tracking is not None:  # a tracked cell inside a tracked one: the outer one is the run
            opening.track = None
            return
        with guarded("keep what ran before"):
            self._flush_soon()
        is_inner = self._under_way.outer() is not None  # what the outer cell puts out later is not the run's
        outlet = None if is_inner else self._outlet
        from mlexp.capture.tracking import Tracking  # with all that a run is made of, first needed here

        self._tracking = Tracking(opening, self._new_run(opening), shell=self.shell, place=self.place, outlet=outlet)

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

    def _end_run(self, tracking: Tracking, execution: Execution, result: object) -> None:
        finished = tracking.end(execution, self._executions, result)
        self._tracking = None
        self.finish(finished)

    def finish(self, finished: Finished) -> None:
        """Keep a run that has ended, and show its card."""
        from mlexp.capture.tracking import PATIENCE_S

        self._unfinished.append(finished)
        run = finished.run
        try:
            self._flush(wait_s=PATIENCE_S)
        except StoreError as error:
            self._say(f"{run.reference} has ended, but is not kept yet; the next cell tries again. {error}")
            return
        finally:
            self._environments.keep(run.id)
        if self.place.settings.card:
            self._show_card(run, self._executions)

    def _give_up(self, why: str) -> None:
        """Close the run that is under way with what is known of it."""
        tracking, self._tracking = self._tracking, None
        if tracking is not None:
            self._unfinished.append(tracking.abandon(why))

    def _loading(self, result: Any) -> Opening | None:
        """Return the execution that loaded mlexp, which fires only the second hook; so does a blank cell: None."""
        info = getattr(result, "info", None)
        if info is None or not (info.raw_cell or "").strip():
            return None
        self._learn_history(before=result.execution_count)
        opening = self._open(info, self._under_way.outer(), self._indices)
        opening.observed = False
        return opening

    def _learn_notebook(self) -> None:
        """Look for the notebook's path again: a front end may tell it after mlexp was loaded, when IPython started."""
        if self.record.notebook is not None or len(self._executions) > 1:
            return
        notebook = notebook_path(self.place.settings, self.shell.user_ns)
        if notebook is not None:
            folder = Path(self.record.folder)
            if self.experiment == experiment_of(self.place.settings, None, self.place.root, folder):
                self.experiment = experiment_of(self.place.settings, notebook, self.place.root, folder)
            self.record = replace(self.record, notebook=notebook)
            self.place.store.put_session(self.record)

    def _learn_history(self, *, before: int | None) -> None:
        """Take what ran before mlexp was loaded from IPython's history, once."""
        if self._knows_history:
            return
        self._knows_history = True
        earlier = earlier_executions(self.shell, self.record.id, before=before, redactor=self.place.redactor)
        self._executions = list(earlier)
        self._unwritten = list(earlier)
        self._indices = count(len(earlier))

    def _learn_secrets(self, opening: Opening) -> None:
        """Learn what the cell has bound to names of secrets: it may have come from anywhere."""
        for name in opening.names.bound:
            value = self.shell.user_ns.get(name)
            if type(value) is str:
                self.place.redactor.learn_named(name, value)

    def _fold(self, opening: Opening, ended: Ended, *, note: Callable[[str], None] | None) -> Execution:
        names = opening.names
        facts: dict[str, Any] = {"bound": names.bound, "read": names.read, "loaded": names.loaded}
        if ended.outcome is not Outcome.OK:
            opening.failed_at = (ended.error.line if ended.error is not None else None) or 0
        for probe in reversed(self._probes):
            with guarded("look after a cell", note):
                facts |= probe.after(opening)
        error = ended.error
        if error is not None:  # before the card shows it: a notebook is shared
            message = self.place.redactor.text(error.message)
            traceback = traceback_of(self.shell, ended.number) if opening.track is not None else error.traceback
            error = replace(error, message=message, traceback=traceback)
        return Execution(
            session_id=self.record.id,
            index=opening.index,
            number=ended.number,
            source=opening.source,
            python=opening.python,
            outcome=ended.outcome,
            started=opening.started,
            elapsed_s=opening.elapsed_s,
            observed=opening.observed,
            cell_id=opening.cell_id,
            error=error,
            has_result=ended.value is not None,
            **facts,
        )

    def _keep(self, execution: Execution) -> None:
        self._executions.append(execution)
        self._unwritten.append(execution)

    def _flush_soon(self) -> None:
        """Write what can be written in a moment; the rest is written later."""
        with suppress(StoreError):
            self._flush(wait_s=_PATIENCE_S)

    def _flush(self, *, wait_s: float | None) -> None:
        """Write the executions and the ends of runs that are not yet kept; what the store refuses, the next time.

        Raises:
            StoreError: It refuses, or is busy for longer than `wait_s`.
        """
        with self._flushing:  # cells of subshells end in threads of their own
            if unwritten := list(self._unwritten):
                self.place.store.put_executions(unwritten, wait_s=wait_s)
                del self._unwritten[: len(unwritten)]
            while self._unfinished:
                self._unfinished[0].put(self.place.store)
                del self._unfinished[0]

    def _is_forked(self) -> bool:
        """Tell whether this is a child process: the database's connection is the parent's alone."""
        return os.getpid() != self._process


def _refuse(opening: Opening, why: str) -> None:
    opening.refused = why
    refuse_log(why)
