"""`mlexp.log`: points of the run that is under way."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any

from mlexp.capture.numbers import as_number
from mlexp.storage.journal import Journal


class ActiveLog:
    """The log of the running run; `default step` counts the calls."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.n_calls = 0
        self.warned = False

    def close(self) -> None:
        """Let go of the file."""
        self.journal.close()


class _State:
    """The one log that is open in this process; the session sets and clears it."""

    active: ActiveLog | None = None
    warned = False


def set_active(log: ActiveLog | None) -> None:
    """Let `mlexp.log` write there; with None, nowhere."""
    _State.active = log
    _State.warned = False


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any) -> None:
    """Keep one point of each metric given: `log(loss=x)`, `log({"train/loss": x}, step=i)`.

    Args:
        metrics: Values by name, for names that are no identifiers.
        step: Where the point stands on the curve; by default the number of calls before this one.
        **named: Values by name.

    What is returned from is kept, even if the process dies. Outside a tracked cell, and for values that are no numbers,
    nothing is kept and one warning is given; it never raises.
    """
    active = _State.active
    if active is None:
        if not _State.warned:
            _State.warned = True
            warnings.warn(
                "mlexp.log: no run is under way, so nothing is kept. Put %%track above the cell.", stacklevel=2
            )
        return
    values = {}
    for name, value in {**(metrics or {}), **named}.items():
        number = as_number(value)
        if number is None:
            number = _converted(value)
        if number is None:
            _warn_once(active, f"mlexp.log: {name} is no number but a {type(value).__name__}; it is not kept")
        else:
            values[str(name)] = number
    if values:
        active.journal.append(active.n_calls if step is None else int(step), time.time(), values)
    active.n_calls += 1


def _converted(value: object) -> float | None:
    """Return the number in a one-element tensor or the like, or None."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        return None
    try:
        return float(value)
    except Exception:
        return None


def _warn_once(active: ActiveLog, message: str) -> None:
    if not active.warned:
        active.warned = True
        warnings.warn(message, stacklevel=3)
