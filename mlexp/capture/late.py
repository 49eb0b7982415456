"""Text that comes after its run has ended, from a thread, a task or a child process that goes on.

It is known by the id of the run's request. A task of asyncio carries the id of its own cell, and so does what comes
while no other cell runs; what a thread prints while a later cell runs carries the later one's, and is not ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mlexp.capture.background import Background
from mlexp.capture.guard import guarded
from mlexp.capture.probes.outlet import Shown
from mlexp.records import Digest, LateOutput, RunId
from mlexp.storage import RunStore

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0


class LateText:
    """Listens after a run's end, and files what comes with the run: whole lines soon, the rest when it is closed."""

    def __init__(
        self,
        run_id: RunId,
        request: str | None,
        *,
        store: RunStore,
        keep: Callable[[str], Digest],
        limit_bytes: int,
    ) -> None:
        self.request = request
        self._run_id = run_id
        self._store = store
        self._keep = keep
        self._left = limit_bytes
        self._waiting = {"stdout": "", "stderr": ""}
        self._wait_s = _FIRST_WAIT_S
        self._thread: Background | None = None
        self._is_closed = False
        self._lock = threading.Lock()
        self._filing = threading.Lock()

    def text(self, stream: str, text: str) -> None:
        """Add a piece."""
        with self._lock:
            if self._is_closed or stream not in self._waiting or self._left <= 0:
                return
            piece = text[: self._left]
            self._left -= len(text)
            self._waiting[stream] += piece if self._left > 0 else f"{piece}\n[… the rest was not kept …]\n"
            if self._thread is None or not self._thread.is_running():
                self._thread = Background("keep late text", self._file_later)

    def shown(self, shown: Shown) -> None:
        """Nothing: of what comes late only text is kept."""

    def cleared(self, *, wait: bool) -> None:
        """Nothing."""

    def close(self) -> None:
        """File what is left."""
        with self._lock:
            self._is_closed = True
        with guarded("keep late text"):
            self._file(whole_lines=False)

    def _file_later(self) -> None:
        """Wait, the longer the more often it comes, so that a text that goes on for hours is not a thousand records."""
        time.sleep(self._wait_s)
        self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
        self._file(whole_lines=True)

    def _file(self, *, whole_lines: bool) -> None:
        """File what waits. Secrets may be printed in pieces: a line is filed when it has ended.

        What the store refuses waits on. The kernel's publishing thread, which adds pieces, never waits for the store.
        """
        with self._filing:
            for stream in self._waiting:
                with self._lock:
                    waiting = self._waiting[stream]
                    end = waiting.rfind("\n") + 1 if whole_lines else len(waiting)
                if end:
                    digest = self._keep(waiting[:end])
                    self._store.add_late_output(LateOutput(run_id=self._run_id, stream=stream, digest=digest))
                    with self._lock:
                        self._waiting[stream] = self._waiting[stream][end:]
