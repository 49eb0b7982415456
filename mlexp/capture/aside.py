"""Run programs in no child of this process: a child of ours would end the user's `os.wait()`, or call his SIGCHLD
handler.

A shell is started in which another one is left behind, which waits for lines to run until its input ends, as it does
when this process dies. Only the first of them was ever our child, and it has gone when the start is over.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import shlex
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from mlexp.checkout import run_as_child

_SHELL = "/bin/sh"
_LOOP = 'exec 3<&0; (while IFS= read -r line; do eval "$line"; done) <&3 3<&- &'
_LONGEST = 100_000_000


class Aside:
    """The shell that was left behind. Where there is none to be had, programs run as children."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._requests = self._answers = -1
        if os.name == "posix" and os.access(_SHELL, os.X_OK):
            with suppress(OSError, subprocess.SubprocessError):
                self._start()

    def close(self) -> None:
        """Let it end."""
        with self._lock:
            for descriptor in (self._requests, self._answers):
                if descriptor >= 0:
                    with suppress(OSError):
                        os.close(descriptor)
            self._requests = self._answers = -1

    def run(self, words: Sequence[str], patience_s: float) -> bytes | None:
        """Run a program; return what it prints, or None if it failed or took too long."""
        with self._lock:
            if self._requests < 0 or os.getpid() != self._process or any("\n" in word for word in words):
                return run_as_child(words, patience_s)
            try:
                return self._answer(words, time.monotonic() + patience_s)
            except OSError:
                pass
        self.close()  # what comes late would be taken for the next answer
        return None

    def _start(self) -> None:
        requests_end, self._requests = os.pipe()
        self._answers, answers_end = os.pipe()
        try:
            # In a session of its own: an interrupt of the kernel goes to its whole group.
            started = subprocess.Popen(
                [_SHELL, "-c", _LOOP],
                stdin=requests_end,
                stdout=answers_end,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
            started.wait()
        finally:
            os.close(requests_end)
            os.close(answers_end)

    def _answer(self, words: Sequence[str], until: float) -> bytes | None:
        token = secrets.token_hex(16)  # draws from the system, not from `random`
        line = f"{shlex.join(words)} </dev/null; s=$?; printf '\\n%s %s\\n' {token} $s\n"
        os.write(self._requests, line.encode("utf-8", "surrogateescape"))
        answer, end = bytearray(), re.compile(rb"\n%s (\d+)\n\Z" % token.encode())
        while (found := end.search(answer, max(0, len(answer) - 60))) is None:
            left = until - time.monotonic()
            if left <= 0 or len(answer) > _LONGEST or not select.select([self._answers], [], [], left)[0]:
                raise TimeoutError
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                raise BrokenPipeError
            answer += piece
        return bytes(answer[: found.start()]) if found[1] == b"0" else None
