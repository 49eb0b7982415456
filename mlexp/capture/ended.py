"""How an execution ended, read from IPython's result."""

from __future__ import annotations

import re
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
        record: ErrorRecord | None
        if error is not None:
            outcome, record = _outcome_of(result, error, opening), _record_of(error, opening)
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
        kept = getattr(shell.history_manager, "exceptions", {})  # IPython 9
        lines = kept.get(number, {}).get("traceback", ()) if isinstance(kept, dict) else ()
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(str(line) for line in lines))[:100_000]


def _outcome_of(result: Any, error: BaseException, opening: Opening) -> Outcome:
    if type(error).__name__ in _INTERRUPTS:
        return Outcome.INTERRUPTED
    # A text that can be parsed but not compiled (a misplaced `return`) has run up to there.
    if result.error_in_exec is None and parse(opening.python) is None:
        return Outcome.NOT_RUN
    return Outcome.ERROR


def _record_of(error: BaseException, opening: Opening) -> ErrorRecord:
    return ErrorRecord(type=type(error).__name__, message=_message(error), line=_line_of(error, opening))


def _line_of(error: BaseException, opening: Opening) -> int | None:
    """Return the line of `opening.python` at which the error came up.

    The frames of the cell's own text are those in its namespace; beneath `%%time` there is one of the magic first.
    """
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code.co_name
        if step.tb_frame.f_globals is opening.namespace and (code == "<module>" or code.startswith("<cell line")):
            lines.append(step.tb_lineno)
        step = step.tb_next
    n_before = int(opening.runs_in_magic)
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
