"""Work that a cell must not wait for, done one after another in a thread of our own."""

from __future__ import annotations

import queue
from collections.abc import Callable

from mlexp.capture.background import Background
from mlexp.capture.guard import guarded


class Writer:
    """A queue and its thread; the thread is started with the first work and does not keep a process alive."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[str, Callable[[], object]] | None] = queue.SimpleQueue()
        self._thread: Background | None = None
        self._n_added = self._n_done = 0

    @property
    def is_at_work(self) -> bool:
        """Whether anything is left to be done, or being done."""
        return self._n_done < self._n_added

    def add(self, what: str, work: Callable[[], object]) -> None:
        """Have it done soon."""
        self._n_added += 1
        self._queue.put((what, work))
        if self._thread is None or not self._thread.is_running():
            self._thread = Background("write", self._run)

    def close(self, *, wait_s: float = 5.0) -> None:
        """Do what is left, at most for so long."""
        if self._thread is not None and self._thread.is_running():
            self._queue.put(None)
            self._thread.join(wait_s)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            with guarded(item[0]):
                item[1]()
            self._n_done += 1
