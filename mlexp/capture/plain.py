"""`with mlexp.track()`: a block of a plain script, of a function, or of a cell, recorded as a run.

Its run belongs to the session that there is: the kernel's, or one for the whole program. Recorded is what a tracked
cell's run has; what a script is made of is the program's file with its arguments, or the cells up to this one.
"""

from __future__ import annotations

import os
import time
import traceback
import uuid
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import replace
from types import FrameType
from typing import Any

from mlexp.capture.caller import Block, block_at, names_around
from mlexp.capture.declare import Declared, close_execution, open_execution
from mlexp.capture.guard import guarded
from mlexp.capture.hosts import Host
from mlexp.capture.log import begin_cell
from mlexp.capture.opening import Opening
from mlexp.capture.track import TrackOptions
from mlexp.capture.tracking import Tracking
from mlexp.dataflow.cell import peel
from mlexp.dataflow.names import names_of
from mlexp.records import (
    ErrorRecord,
    Execution,
    Metric,
    MetricOrigin,
    Outcome,
    RunId,
    RunRecord,
    RunStatus,
)

_inside: ContextVar[bool] = ContextVar("mlexp block", default=False)
_MAX_MESSAGE = 2000
_MAX_TRACEBACK = 100_000


def is_inside() -> bool:
    """Tell whether this thread or task is inside a block already."""
    return _inside.get()


class BlockRun:
    """The run of one block."""

    def __init__(self, host: Host, options: TrackOptions, frame: FrameType) -> None:
        begin_cell()
        self._host = host
        self._frame = frame
        self._block = block_at(frame)
        self._around = host.around()
        self._process = os.getpid()
        names = names_of(self._block.body)
        self._wanted = tuple(dict.fromkeys((*names.loaded, *names.bound)))
        self._declared = Declared()
        self._opening = Opening(
            index=self._around.index + 1,  # apart from what stands above the block
            source=self._around.source,
            python=self._block.body,
            peeled=peel(""),
            names=names,
            namespace=names_around(frame, self._wanted),
            track=options,
            cell_id=None,
            request=None,
        )
        run = RunRecord(
            id=RunId(uuid.uuid4().hex),
            number=0,
            experiment=options.experiment or host.experiment,
            session_id=host.record.id,
            execution=self._around.index,
            status=RunStatus.RUNNING,
            started=self._opening.started,
            interpreter=host.interpreter,
            source=self._around.source,
        )
        self._tracking = Tracking(self._opening, run, shell=host.shell, place=host.place)
        self.run = self._tracking.run
        if self._around.obstacle:
            self._tracking.note(f"no script can be made of it: {self._around.obstacle}")
        open_execution(self._declared)
        with guarded("look before the block", self._tracking.note):
            host.before(self._opening)
        self._token: Token[bool] = _inside.set(True)
        self._opening.namespace = {}  # a function's variables are looked up again at the end: none is kept alive
        self._opening.clock = time.perf_counter()

    def end(self, error: BaseException | None) -> None:
        """Keep what the block left behind."""
        self._opening.elapsed_s = time.perf_counter() - self._opening.clock
        frame, self._frame = self._frame, None  # type: ignore[assignment]  # nothing is asked of it any more
        if os.getpid() != self._process:
            return
        with suppress(ValueError):  # a generator may be closed in another context
            _inside.reset(self._token)
        close_execution(self._declared)
        with guarded("end the run"):
            self._opening.namespace = names_around(frame, self._wanted)
            for name in self._opening.names.bound:
                value = self._opening.namespace.get(name)
                if type(value) is str:
                    self._host.place.redactor.learn_named(name, value)
            with guarded("look after the block", self._tracking.note):
                self._host.after(self._opening)
            above, target = self._executions(error, frame)
            before, text = self._around.executions, self._around.text
            texts = (*before, text) if text is not None else ()
            finished = self._tracking.end(target, (*before, above, target), None, texts=texts)
            self.run = _placed(finished.run, self._block, self._around.index)
            self._host.finish(replace(finished, run=self.run))
        self._opening.namespace = {}

    def _executions(self, error: BaseException | None, frame: FrameType) -> tuple[Execution, Execution]:
        """Return what stands above the block, and the block, as if they were cells."""
        names = names_of(self._block.above)
        more: dict[str, Any] = {"session_id": self._host.record.id, "number": self._around.index + 1}
        above = Execution(
            **more,
            index=self._around.index,
            source=self._block.above,
            python=self._block.above,
            outcome=Outcome.OK,
            bound=names.bound,
            read=names.read,
            loaded=names.loaded,
            declared=self._around.declared,
        )
        names = self._opening.names
        target = Execution(
            **more,
            index=self._opening.index,
            source=self._block.body,
            python=self._block.body,
            outcome=_outcome_of(error),
            started=self._opening.started,
            elapsed_s=self._opening.elapsed_s,
            error=_record_of(error, frame),
            bound=names.bound,
            read=names.read,
            loaded=names.loaded,
            declared=tuple(dict.fromkeys((*self._around.declared, *self._declared.params))),
        )
        return above, target


def _placed(run: RunRecord, block: Block, index: int) -> RunRecord:
    """Return the run as one of the execution in which its block stands.

    Values of a function's variables, of a block that runs again, and of names bound anew below it are not there any
    more when a script has ended: of these metrics are known, but not read again.
    """

    def lasts(name: str) -> bool:
        return block.alone and name.partition("[")[0] not in block.rebound

    def placed(metric: Metric) -> Metric:
        if metric.site is not None:
            metric = replace(metric, site=metric.site if block.alone else None)
        gone = metric.origin is MetricOrigin.BOUND and not lasts(metric.expression)
        return replace(metric, expression="") if gone else metric

    return replace(
        run,
        params=tuple(replace(param, execution=min(param.execution, index)) for param in run.params),
        metrics=tuple(placed(metric) for metric in run.metrics),
        values=tuple(value for value in run.values if lasts(value.name)),
    )


def _outcome_of(error: BaseException | None) -> Outcome:
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return Outcome.OK
    interrupted = isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError"
    return Outcome.INTERRUPTED if interrupted else Outcome.ERROR


def _record_of(error: BaseException | None, frame: FrameType) -> ErrorRecord | None:
    if error is None or _outcome_of(error) is Outcome.OK:
        return None
    try:
        message = str(error)[:_MAX_MESSAGE]
        text = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK:]
    except BaseException:
        message, text = "(its message could not be read)", ""
    lines = [step.tb_lineno for step in _steps(error) if step.tb_frame.f_code is frame.f_code]
    return ErrorRecord(type=type(error).__name__, message=message, line=lines[0] if lines else None, traceback=text)


def _steps(error: BaseException) -> list[Any]:
    steps, step = [], error.__traceback__
    while step is not None:
        steps.append(step)
        step = step.tb_next
    return steps
