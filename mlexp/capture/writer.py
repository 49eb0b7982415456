"""Work that a cell must not wait for, done one after another in a thread of our own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from mlexp.capture.guard import guarded


class Writer:
    """A queue and its thread; the thread is started with the first work and does not keep a process alive."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[str, Callable[[], object]] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def add(self, what: str, work: Callable[[], object]) -> None:
        """Have it done soon."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="mlexp writer", daemon=True)
            self._thread.start()
        self._queue.put((what, work))

    def close(self, *, wait_s: float = 5.0) -> None:
        """Do what is left, at most for so long."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(wait_s)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            with guarded(item[0]):
                item[1]()
