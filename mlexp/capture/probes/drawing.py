"""Figures are kept as PNG and as SVG, whatever the user sees of them.

IPython says which figure it is about to show; once it has been shown, in the same thread, the missing form is drawn
from a copy: drawing a figure moves what its layout computes, and tells the user's callbacks. The copy is unknown to
pyplot. No figure is held on to.
"""

from __future__ import annotations

import copy
import io
import logging
import threading
import time
import warnings
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.capture.probes.randomness import unmoved_generators
from mlexp.fingerprint.asking import module_of

_FIGURE = ("matplotlib.figure", "Figure")
_FORMS = {"image/png": "png", "image/svg+xml": "svg"}
_MOST_S = 2.0
_MOST_MARKS = 20_000
"""An SVG has an element for each mark of a scatter plot or a mesh."""


class Drawing:
    """Draws what is missing of the figures that are shown while it is open."""

    def __init__(self, shell: Any, opening: Opening, *, limit_bytes: int) -> None:
        self.n_not_drawn = 0
        """How many figures were not drawn, since that would have taken too long."""
        self.n_undrawable = 0
        self._limit = limit_bytes
        self._opening = opening
        self._spent_s = 0.0
        self._about_to_show = threading.local()
        self._formatter = getattr(getattr(shell, "display_formatter", None), "mimebundle_formatter", None)
        if self._formatter is not None and self._formatter.for_type_by_name(*_FIGURE) is None:
            self._formatter.for_type_by_name(*_FIGURE, self._see)

    def close(self) -> None:
        """Leave IPython's formatters as they were."""
        if self._formatter is not None and self._formatter.for_type_by_name(*_FIGURE) == self._see:
            self._formatter.pop(".".join(_FIGURE))

    def __call__(self, data: Mapping[str, object]) -> dict[str, bytes]:
        """Return what is missing of the figure that was just shown as `data`; nothing if it was none."""
        seen = vars(self._about_to_show).pop("figure", None)
        figure = seen[0]() if seen is not None else None
        if figure is None or not (figure.axes or figure.lines):
            return {}
        drawn: dict[str, bytes] = {}
        now = time.perf_counter()
        left = max(_MOST_S, now - self._opening.clock) - self._spent_s
        missing = [mime for mime in _FORMS if mime not in data]
        try:
            if now - seen[1] > left or ("image/svg+xml" in missing and n_marks(figure) > _MOST_MARKS):
                raise _TooMuchError
            if missing and draws_by_users_code(figure):
                raise _UndrawableError
            for mime in missing:
                drawn[mime] = drawing_of(figure, _FORMS[mime], until=now + left, limit_bytes=self._limit)
        except _TooMuchError:
            self.n_not_drawn += 1
        except (Exception, SystemExit):  # it holds something that cannot be copied, or drawn a second time
            self.n_undrawable += 1
        finally:
            spent_s = time.perf_counter() - now
            self._spent_s += spent_s
            self._opening.clock += spent_s  # the cell is not charged for it
        return drawn

    def _see(self, figure: Any) -> Any:
        """Take note of the figure; add no form to those that IPython shows."""
        with guarded("see a figure"):
            self._about_to_show.figure = weakref.ref(figure), time.perf_counter()
        own = getattr(figure, "_repr_mimebundle_", None)
        return own() if own is not None else None


def drawing_of(figure: Any, form: str, *, until: float, limit_bytes: int) -> bytes:
    """Return the figure as a file, as IPython's inline backend would draw it; equal figures give equal files.

    Raises:
        _TooMuchError: It is not ready at `until`, or is larger than the limit.
    """
    from matplotlib import rc_context

    file = _Bounded(until, limit_bytes)
    with _unheard_warnings(), unmoved_generators():
        twin = _twin_of(figure)
        with rc_context({"svg.hashsalt": "mlexp"}):
            twin.savefig(file, format=form, bbox_inches="tight", metadata={"Date": None} if form == "svg" else None)
    return file.getvalue()


def n_marks(figure: Any) -> int:
    """Return how many elements an SVG of the figure has at least."""
    n = 0
    for axes in figure.axes:
        n += len(axes.patches) + len(axes.texts)
        for collection in axes.collections:
            array = collection.get_array()
            n += max(len(collection.get_offsets()), len(collection.get_paths()) if array is None else array.size)
        n += sum(len(line.get_xdata(orig=False)) for line in axes.lines if line.get_marker() not in _NO_MARKER)
    return n


_NO_MARKER = (None, "None", "none", " ", "")


def _twin_of(figure: Any) -> Any:
    """Return a copy; `copy.deepcopy` itself would make it one of pyplot's open figures."""
    cls: Any = type(figure)
    twin = cls.__new__(cls)
    state = figure.__getstate__()
    state.pop("_restore_to_pylab", None)
    twin.__setstate__(copy.deepcopy(state, {id(figure): twin}))
    return twin


def draws_by_users_code(figure: Any) -> bool:
    """Tell whether an artist in it is of a class of the notebook's: what that does when drawn is to happen once."""
    return any(module_of(type(artist)) == "__main__" or "draw" in vars(artist) for artist in figure.findobj())


class _TooMuchError(Exception):
    pass


class _UndrawableError(Exception):
    pass


class _Bounded(io.BytesIO):
    """A file in memory that gives up when it takes too long or grows too large."""

    def __init__(self, until: float, limit_bytes: int) -> None:
        super().__init__()
        self._until = until
        self._limit = limit_bytes

    def write(self, piece: Any, /) -> int:
        if time.perf_counter() > self._until or self.tell() > self._limit:
            raise _TooMuchError
        return super().write(piece)


@contextmanager
def _unheard_warnings() -> Iterator[None]:
    """Let no warning of this thread be shown: the figure has been drawn before, and has warned of the same then.

    `warnings.catch_warnings` would let the user's own warnings be shown a second time.
    """
    shown, thread = warnings.showwarning, threading.get_ident()
    log = logging.getLogger("matplotlib")  # of fonts that it lacks
    level = log.level

    def show(*values: Any, **named: Any) -> None:
        if threading.get_ident() != thread:
            shown(*values, **named)

    warnings.showwarning = show
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
        if warnings.showwarning is show:
            warnings.showwarning = shown
