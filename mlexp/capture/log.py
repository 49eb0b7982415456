"""`mlexp.log`: points of the run that is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mlexp.capture.guard import warn_user
from mlexp.capture.numbers import as_number
from mlexp.storage.journal import Journal


@dataclass(slots=True, eq=False)
class _Log:
    """The log of one run."""

    journal: Journal
    n_calls: int = 0


class _Open:
    """The logs of this process: one, but where threads each have a run of their own."""

    logs: tuple[_Log, ...] = ()
    warned = False
    refused = ""
    # A thread may log while its run ends: it must not write to a descriptor that is closed, and perhaps another file's
    # by then. Reentrant, since a finalizer may log in the middle of a call.
    lock = threading.RLock()


_mine: ContextVar[_Log | None] = ContextVar("mlexp log", default=None)
"""The log that this thread or task has opened; others, and those that it starts, write to the newest."""


def open_log(journal: Journal) -> None:
    """Let `mlexp.log` write there."""
    with _Open.lock:
        opened = _Log(journal)
        _Open.logs = (*_Open.logs, opened)
        _mine.set(opened)


def close_log(journal: Journal) -> None:
    """Let it write there no more, and close the file."""
    with _Open.lock:
        if any(log.journal is journal for log in _Open.logs):
            _Open.logs = tuple(log for log in _Open.logs if log.journal is not journal)
            journal.close()


def begin_cell() -> None:
    """Let the next mistake be told again."""
    _Open.warned, _Open.refused = False, ""


def refuse_log(why: str) -> None:
    """Say why this cell's run is not recorded, where it logs."""
    _Open.refused = why


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any) -> None:
    """Keep one point of each metric given: `log(loss=x)`, `log({"train/loss": x}, step=i)`.

    Args:
        metrics: Values by name, for names that are no identifiers.
        step: Where the point stands on the curve; by default the number of calls before this one.
        **named: Values by name.

    What is returned from is kept, even if the process dies. Outside a tracked cell, and for values that are no numbers,
    nothing is kept and one warning is given; it never raises.
    """
    if not _Open.logs:
        advice = f"this cell is not recorded. {_Open.refused}" if _Open.refused else "Put %%track above the cell."
        _warn(f"mlexp.log: no run is under way, so nothing is kept: {advice}")
        return
    try:
        given = named if metrics is None else {**metrics, **named}
        values = {}
        for name, value in given.items():
            number = as_number(value)
            if number is None:
                number = _converted(value)
            if number is None:
                _warn(f"mlexp.log: {name} is no number but a {type(value).__name__}; it is not kept")
            else:
                values[str(name)] = number
        at = None if step is None else int(step)
        with _Open.lock:
            mine = _mine.get()
            to = mine if mine in _Open.logs else _Open.logs[-1] if _Open.logs else None
            if to is not None:
                if values:
                    to.journal.append(to.n_calls if at is None else at, time.time(), values)
                to.n_calls += 1
    except Exception as error:
        _warn(f"mlexp.log: nothing is kept of this call, such as log(loss=0.5, step=1) makes it: {error!r}")


def _converted(value: object) -> float | None:
    """Return the number in a one-element tensor or the like, or None."""
    try:
        if hasattr(type(value), "item"):
            value = value.item()  # type: ignore[attr-defined]  # just asked
        return float(value) if hasattr(type(value), "__float__") else None  # type: ignore[arg-type]  # just asked
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


def _warn(message: str) -> None:
    """Warn once a cell."""
    if not _Open.warned:
        _Open.warned = True
        warn_user(message)
