"""Threads of ours, which the user's code does not see: `threading` neither counts nor lists nor traces them."""

from __future__ import annotations

import _thread
from collections.abc import Callable

from mlexp.capture.guard import guarded


class Background:
    """One piece of work in a thread of its own, which does not keep the process alive."""

    def __init__(self, what: str, work: Callable[[], object]) -> None:
        self._what = what
        self._work = work
        self._running = _thread.allocate_lock()
        self._running.acquire()
        _thread.start_new_thread(self._run, ())

    def is_running(self) -> bool:
        """Tell whether the work goes on."""
        return self._running.locked()

    def join(self, timeout_s: float) -> None:
        """Wait until it has ended, at most for so long."""
        if self._running.acquire(timeout=timeout_s):
            self._running.release()

    def _run(self) -> None:
        try:
            with guarded(self._what):
                self._work()
        finally:
            self._running.release()
