"""How an execution ended, read from IPython's result."""

from __future__ import annotations

import os
import re
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.dataflow.cell import parse
from mlexp.records import ErrorRecord, Outcome

_INTERRUPTS = ("KeyboardInterrupt", "CancelledError")  # the second: of a cell that awaits


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended."""

    outcome: Outcome
    error: ErrorRecord | None
    number: int
    value: object
    """Of its last expression."""

    @classmethod
    def of(cls, result: Any, opening: Opening, shell: Any) -> Ended:
        """Read it from IPython's result; ipykernel gives None for a cell that was cancelled."""
        if result is None:
            return cls(Outcome.INTERRUPTED, None, _number(shell), None)
        error = result.error_in_exec if result.error_in_exec is not None else result.error_before_exec
        swallowed = _swallowed(opening) if error is None else None
        record: ErrorRecord | None
        if error is not None:
            outcome, record = (
                _outcome_of(result, error, opening),
                _record_of(error, opening, int(opening.runs_in_magic)),
            )
        elif swallowed is not None:
            outcome = Outcome.INTERRUPTED if type(swallowed).__name__ in _INTERRUPTS else Outcome.ERROR
            record = _record_of(swallowed, opening, 0)
        elif opening.body_ended is not None:  # `%%capture` passes no error on
            outcome, record = opening.body_ended.outcome, opening.body_ended.error
        else:
            outcome, record = Outcome.OK, None
        has_number = result.execution_count and getattr(result.info, "store_history", True)
        return cls(outcome, record, result.execution_count if has_number else _number(shell), result.result)


def traceback_of(shell: Any, number: int) -> str:
    """Return the traceback that IPython has shown for a cell, without colours."""
    lines = getattr(shell, "_last_traceback", None)  # a kernel's shell has it
    if lines is None:
        kept = getattr(shell.history_manager, "exceptions", None)  # IPython 9
        lines = kept.get(number, {}).get("traceback", ()) if isinstance(kept, dict) else _last_traceback()
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(str(line) for line in lines))[:100_000]


def _last_traceback() -> list[str]:
    """Return the traceback that was shown last as Python would show it."""
    try:
        return traceback.format_exception(sys.last_type, sys.last_value, sys.last_traceback)
    except BaseException:  # the error's own text may raise
        return []


def _swallowed(opening: Opening) -> BaseException | None:
    """Return the error that `%%time` has shown and passed on to nobody: so it does in IPython 8."""
    shown = getattr(sys, "last_traceback", None)
    if not opening.runs_in_magic or shown is None or id(shown) == opening.shown_before:
        return None
    code = shown.tb_frame.f_code  # of the one that caught it
    in_time = code.co_name == "time" and code.co_filename.endswith(os.path.join("magics", "execution.py"))
    return sys.last_value if in_time else None


def _outcome_of(result: Any, error: BaseException, opening: Opening) -> Outcome:
    if type(error).__name__ in _INTERRUPTS:
        return Outcome.INTERRUPTED
    # A text that can be parsed but not compiled (a misplaced `return`) has run up to there.
    if result.error_in_exec is None and parse(opening.python) is None:
        return Outcome.NOT_RUN
    return Outcome.ERROR


def _record_of(error: BaseException, opening: Opening, n_before: int) -> ErrorRecord:
    return ErrorRecord(type=type(error).__name__, message=_message(error), line=_line_of(error, opening, n_before))


def _line_of(error: BaseException, opening: Opening, n_before: int) -> int | None:
    """Return the line of `opening.python` at which the error came up.

    The frames of the cell's own text are those in its namespace; `n_before` of them are of the magic that runs it.
    """
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code.co_name
        if step.tb_frame.f_globals is opening.namespace and (code == "<module>" or code.startswith("<cell line")):
            lines.append(step.tb_lineno)
        step = step.tb_next
    if len(lines) <= n_before and isinstance(error, SyntaxError) and isinstance(error.lineno, int):
        lines.append(error.lineno)
    return lines[n_before] + opening.n_lines_above if len(lines) > n_before else None


def _message(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:
        return "(its message could not be read)"


def _number(shell: Any) -> int:
    """Return the newest cell's number: executions without one (`store_history=False`, nested ones) belong to it."""
    return max(0, len(getattr(shell.history_manager, "input_hist_raw", ())) - 1)
