"""What a tracked cell prints.

In a kernel, as it is published: prints, logging, and what file descriptors 1 and 2 carry. In a shell without a kernel,
as it passes through the streams' `write`: the streams stay the objects that they are.
"""

from __future__ import annotations

import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from mlexp.capture.guard import guarded

MAX_CHARACTERS = 10_000_000
_CUT = "\n[… the rest was not kept: more than 10 million characters …]\n"
_PATIENCE_S = 0.1


class StreamCapture:
    """Collects the text of the two streams from its making to `stop`."""

    def __init__(self, shell: Any) -> None:
        self._texts: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._lengths = {"stdout": 0, "stderr": 0}
        self._undo: list[Callable[[], None]] = []
        self._hooked: list[Any] = []
        self._stopped = False
        self._shell = shell
        kernel = getattr(shell, "kernel", None)
        parent = shell.get_parent() if kernel is not None and hasattr(shell, "get_parent") else None
        self._message = (parent or {}).get("header", {}).get("msg_id")
        for name in self._texts:
            stream = getattr(sys, name)
            if kernel is not None and hasattr(stream, "register_hook") and hasattr(stream, "pub_thread"):
                self._hook(stream)
            elif stream is not None:
                self._wrap(name, stream)

    def stop(self) -> dict[str, str]:
        """Return the texts of stdout and stderr; nothing of ours is left on the streams."""
        with guarded("collect what the cell printed"):
            _drain(self._hooked)
            for stream in self._hooked:
                stream.flush()
        self._stopped = True
        for undo in self._undo:
            with guarded("leave an output stream"):
                undo()
        return {name: "".join(parts) for name, parts in self._texts.items()}

    def _add(self, name: str, text: object) -> None:
        if self._stopped or not isinstance(text, str):
            return
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
        self._hooked.append(stream)

    def _wrap(self, name: str, stream: Any) -> None:
        write, own = stream.write, vars(stream).get("write")

        def write_and_tell(text: Any, *more: Any, **named: Any) -> Any:
            result = write(text, *more, **named)
            if not _is_showing(self._shell):
                self._add(name, text)
            return result

        def undo() -> None:
            if vars(stream).get("write") is write_and_tell:  # else somebody wraps it in turn: it passes on, no more
                if own is None:
                    del stream.write
                else:
                    stream.write = own

        stream.write = write_and_tell
        self._undo.append(undo)


def _is_showing(shell: Any) -> bool:
    """Tell whether IPython itself writes: a terminal shows results, displays and tracebacks there (IPython 9 tells)."""
    return (
        getattr(shell.displayhook, "is_active", False)
        or getattr(shell.display_pub, "is_publishing", False)
        or getattr(shell, "showing_traceback", False)
    )


def _drain(streams: list[Any]) -> None:
    """Wait until ipykernel's threads have read what was written to the file descriptors, as child processes do."""
    pipes = [stream._fid for stream in streams if getattr(stream, "_fid", None) is not None]
    if not pipes:
        return
    end = time.perf_counter() + _PATIENCE_S
    while select.select(pipes, [], [], 0)[0] and time.perf_counter() < end:
        time.sleep(0.001)
    time.sleep(0.0005)  # a thread may hold what it has read, and be about to write it


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
