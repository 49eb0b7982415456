"""How long our looks around a cell may take: a cell of its own pace must not become slower."""

from __future__ import annotations

from mlexp.capture.opening import Opening

_BEFORE_S = 0.0006
_AFTER_S = 0.0012
_SHARE = 0.03
"""Of the cell's own time, where that is more."""
_TRACKED_BEFORE_S = 0.1
_TRACKED_AFTER_S = 0.3
_TRACKED_SHARE = 0.2


def before_s(opening: Opening) -> float:
    """Return how long the user's values may be looked at before a cell."""
    return _BEFORE_S if opening.track is None else _TRACKED_BEFORE_S


def after_s(opening: Opening) -> float:
    """Return how long they may be looked at after it."""
    if opening.track is not None:
        return max(_TRACKED_AFTER_S, _TRACKED_SHARE * opening.elapsed_s)
    return max(_AFTER_S, _SHARE * opening.elapsed_s)
