"""What a run has printed so far, written from time to time: if its process dies, that much is not lost."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mlexp.capture.background import Background
from mlexp.capture.heard import Heard
from mlexp.records import RunId

_WAIT_S = 0.5
_SHARE = 0.02
"""No more of the time than this is spent on it, so that a long text is written less often."""


class Spill:
    """Writes the whole text each time, without its secrets, which may have been printed in pieces."""

    def __init__(self, heard: Heard, folder: Path, run_id: RunId, *, redact: Callable[[str], str]) -> None:
        self._heard = heard
        self._paths = spilled_paths(folder, run_id)
        self._redact = redact
        self._is_over = threading.Event()
        self._writing = threading.Lock()
        self._written = dict.fromkeys(self._paths, 0)
        Background("write what was printed so far", self._run)

    def close(self) -> None:
        """Write no more, and take the files away: the run itself has the text."""
        self._is_over.set()
        with self._writing:
            for path in self._paths.values():
                path.unlink(missing_ok=True)

    def _run(self) -> None:
        wait_s = _WAIT_S
        while not self._is_over.wait(wait_s):
            began = time.perf_counter()
            self._write()
            wait_s = max(_WAIT_S, (time.perf_counter() - began) / _SHARE)

    def _write(self) -> None:
        for name, text in self._heard.so_far().items():
            if text.size_bytes != self._written[name]:
                content = text.text(self._redact).encode("utf-8", "backslashreplace")
                with self._writing:
                    if self._is_over.is_set():
                        return
                    arriving = self._paths[name].with_suffix(f".{name}-arriving")
                    arriving.write_bytes(content)
                    os.replace(arriving, self._paths[name])
                self._written[name] = text.size_bytes


def spilled_paths(folder: Path, run_id: RunId) -> dict[str, Path]:
    """Return where the text of each stream is written."""
    return {name: folder / f"{run_id}.{name}" for name in ("stdout", "stderr")}
