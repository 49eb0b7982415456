"""What ran before mlexp was loaded, from IPython's history: texts and outcomes, nothing more."""

from __future__ import annotations

from typing import Any

from mlexp.dataflow.cell import peel
from mlexp.dataflow.names import names_of
from mlexp.dataflow.stated import modules_named, state_told
from mlexp.records import ErrorRecord, Execution, Outcome, SessionId
from mlexp.redaction import Redactor


def earlier_executions(
    shell: Any, session_id: SessionId, *, before: int | None, redactor: Redactor
) -> tuple[Execution, ...]:
    """Return the executions of this kernel so far, those with a number below `before` if it is given."""
    history = getattr(shell, "history_manager", None)
    texts = list(getattr(history, "input_hist_raw", ()))[1:before]
    raised = getattr(history, "exceptions", None)
    found = []
    modules: dict[str, str] = {}
    for number, source in enumerate(texts, start=1):
        try:
            python = shell.transform_cell(peel(source).body)
        except Exception:
            python = source
        python, source = redactor.code(python), redactor.code(source)
        names = names_of(python)
        state = state_told(python, tuple(modules.items()))
        modules |= modules_named(python)
        error = raised.get(number) if isinstance(raised, dict) else None
        outcome = Outcome.UNKNOWN if raised is None else Outcome.ERROR if error else Outcome.OK
        record = ErrorRecord(type=str(error.get("ename")), message=str(error.get("evalue"))) if error else None
        found.append(
            Execution(
                session_id=session_id,
                index=number - 1,
                number=number,
                source=source,
                python=python,
                outcome=outcome,
                observed=False,
                error=record,
                bound=names.bound,
                read=names.read,
                loaded=names.loaded,
                state=state,
            )
        )
    return tuple(found)
