"""`mlexp.log`: points of the run that is under way."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Any

from mlexp.capture.numbers import as_number
from mlexp.storage.journal import Journal


class _Open:
    """The one log of this process; the session opens and closes it."""

    journal: Journal | None = None
    n_calls = 0
    warned = False
    # A thread may log while its run ends: it must not write to a descriptor that is closed, and perhaps another file's
    # by then. Reentrant, since a finalizer may log in the middle of a call.
    lock = threading.RLock()


def open_log(journal: Journal) -> None:
    """Let `mlexp.log` write there."""
    with _Open.lock:
        _Open.journal, _Open.n_calls = journal, 0


def close_log() -> None:
    """Let it write nowhere, and close the file."""
    with _Open.lock:
        journal, _Open.journal = _Open.journal, None
        if journal is not None:
            journal.close()


def begin_cell() -> None:
    """Let the next mistake be told again."""
    _Open.warned = False


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any) -> None:
    """Keep one point of each metric given: `log(loss=x)`, `log({"train/loss": x}, step=i)`.

    Args:
        metrics: Values by name, for names that are no identifiers.
        step: Where the point stands on the curve; by default the number of calls before this one.
        **named: Values by name.

    What is returned from is kept, even if the process dies. Outside a tracked cell, and for values that are no numbers,
    nothing is kept and one warning is given; it never raises.
    """
    if _Open.journal is None:
        _warn("mlexp.log: no run is under way, so nothing is kept. Put %%track above the cell.")
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
            if values and _Open.journal is not None:
                _Open.journal.append(_Open.n_calls if at is None else at, time.time(), values)
            _Open.n_calls += 1
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
    """Warn once a cell, at the line that called `log`; never raise, even where warnings are errors."""
    if not _Open.warned:
        _Open.warned = True
        try:
            warnings.warn(message, stacklevel=3)
        except Warning:
            logging.getLogger("mlexp").warning(message)
