"""The executions that have begun and not ended.

They are kept by their ExecutionInfo object: a stack would mix up subshells, whose cells run in threads of their own,
and a ContextVar is lost in cells that await. Whether one cell runs inside another is told by the thread's frames.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

from mlexp.capture.opening import Opening


class UnderWay:
    """Finds the execution again that has ended."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[Any, Opening]] = {}  # with the infos, so that an id is not used again

    def outer(self) -> Opening | None:
        """Return the execution that this thread is in the middle of, while one begins; None at top level."""
        if _n_running() < 2:
            return None
        thread = threading.get_ident()
        return next((opening for _, opening in reversed(self._open.values()) if opening.thread == thread), None)

    def newest(self) -> Opening | None:
        """Return the execution that this thread began last, else the one that any thread did; None between cells."""
        thread, openings = threading.get_ident(), [opening for _, opening in self._open.values()]
        mine = [opening for opening in openings if opening.thread == thread]
        return next(reversed(mine or openings), None)

    def begin(self, info: Any, opening: Opening) -> bool:
        """Add an execution; return whether a tracked one was forgotten that this thread began before, and never ended.

        An interrupt in the middle of a hook may leave one behind. It is told from one that goes on, awaiting, by the
        kernel's message.
        """
        forgot = False
        if _n_running() < 2:
            for key, (_, other) in list(self._open.items()):
                if other.thread == opening.thread and (other.request is None or other.request != opening.request):
                    del self._open[key]
                    forgot |= other.track is not None
        self._open[id(info)] = (info, opening)
        return forgot

    def end(self, result: Any) -> Opening | None:
        """Take the execution away whose result this is, and what began inside it; None if it never began here."""
        info = getattr(result, "info", None)
        key = id(info) if id(info) in self._open else self._newest(info)
        if key is None:
            return None
        opening = self._open.pop(key)[1]
        for other, (_, inner) in list(self._open.items()):
            if inner.thread == opening.thread and inner.index > opening.index:
                del self._open[other]
        return opening

    def _newest(self, info: Any) -> int | None:
        """Return the key of this thread's newest execution, if it has that text.

        After an interrupt IPython hands over another ExecutionInfo, and ipykernel none.
        """
        thread = threading.get_ident()
        for key, (other, opening) in reversed(self._open.items()):
            if opening.thread == thread:
                return key if info is None or other.raw_cell == info.raw_cell else None
        return None


def _n_running() -> int:
    """Return how many cells this thread is in the middle of."""
    frame: FrameType | None = sys._getframe(1)
    n = 0
    while frame is not None:
        n += frame.f_code.co_name == "run_cell_async"
        frame = frame.f_back
    return n
