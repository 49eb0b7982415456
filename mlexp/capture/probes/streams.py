"""What a tracked cell prints.

In a kernel, as it is published: prints, logging, and what file descriptors 1 and 2 carry. In a shell without a kernel,
as it passes through `sys.stdout` and `sys.stderr`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

MAX_CHARACTERS = 10_000_000
_CUT = "\n[… the rest was not kept: more than 10 million characters …]\n"


class StreamCapture:
    """Collects the text of the two streams from its making to `stop`."""

    def __init__(self, shell: Any) -> None:
        self._texts: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._lengths = {"stdout": 0, "stderr": 0}
        self._undo: list[Callable[[], None]] = []
        kernel = getattr(shell, "kernel", None)
        parent = shell.get_parent() if kernel is not None and hasattr(shell, "get_parent") else None
        self._message = (parent or {}).get("header", {}).get("msg_id")
        for name in self._texts:
            stream = getattr(sys, name)
            if kernel is not None and hasattr(stream, "register_hook") and hasattr(stream, "pub_thread"):
                self._hook(stream)
            else:
                self._tee(name, stream)

    def stop(self) -> tuple[str, str]:
        """Return the texts of stdout and stderr; nothing of ours is left on the streams."""
        for name in self._texts:
            getattr(sys, name).flush()
        for undo in self._undo:
            undo()
        stdout, stderr = ("".join(parts) for parts in self._texts.values())
        return stdout, stderr

    def _add(self, name: str, text: str) -> None:
        left = MAX_CHARACTERS - self._lengths[name]
        if left > 0:
            self._texts[name].append(text[:left] + (_CUT if len(text) > left else ""))
        self._lengths[name] += len(text)

    def _hook(self, stream: Any) -> None:
        def hook(message: Any) -> Any:
            if message.get("msg_type") == "stream" and message["parent_header"].get("msg_id") == self._message:
                self._add(message["content"]["name"], message["content"]["text"])
            return message

        # The hooks are thread-local: they have to be registered by the thread that publishes.
        _in_thread(stream.pub_thread, lambda: stream.register_hook(hook))
        self._undo.append(lambda: _in_thread(stream.pub_thread, lambda: stream.unregister_hook(hook)))

    def _tee(self, name: str, stream: Any) -> None:
        tee = _Tee(stream, lambda text: self._add(name, text))
        setattr(sys, name, tee)
        self._undo.append(lambda: setattr(sys, name, stream) if getattr(sys, name) is tee else None)


class _Tee:
    """A stream that also tells what is written to it."""

    def __init__(self, stream: Any, tell: Callable[[str], None]) -> None:
        self._stream = stream
        self._tell = tell

    def write(self, text: str) -> int:
        self._tell(text)
        return int(self._stream.write(text) or 0)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _in_thread(thread: Any, action: Callable[[], object]) -> None:
    """Let the publishing thread do something, and wait for it, but not for ever."""
    done = threading.Event()

    def act() -> None:
        try:
            action()
        finally:
            done.set()

    thread.schedule(act)
    done.wait(1.0)
