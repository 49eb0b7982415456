"""What a kernel publishes, seen where all of it passes, each with the id of the request that it belongs to.

Prints, logging, file descriptors 1 and 2, and displays from any thread pass through the session's `send`. What forked
children publish comes packed, and passes only through the publishing thread's `send_multipart`. IPython's and
ipykernel's own hooks are kept per thread and miss some of both.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.probes.outlet import Listener, Outlet, Shown, wrapped
from mlexp.records import OutputKind

_DELIMITER = b"<IDS|MSG>"
_PATIENCE_S = 0.1
_KINDS = frozenset({"stream", "display_data", "update_display_data", "execute_result", "clear_output"})


class KernelOutlet(Outlet):
    """The sending of an IPython kernel."""

    tells_late = True

    def __init__(self, shell: Any) -> None:
        super().__init__()
        self._shell = shell
        self._thread = shell.kernel.iopub_thread
        self._session = shell.kernel.session
        self._process = os.getpid()
        self._told = threading.local()
        self._streams: list[Any] = []
        self._stale: dict[str, str] = {}
        """By stream, an earlier request under which it goes on to publish."""
        self._know_streams()
        self._undo = [
            wrapped(self._session, "send", self._around_send),
            wrapped(self._thread, "send_multipart", self._around_packed),
        ]

    @staticmethod
    def fits(shell: Any) -> bool:
        """Tell whether the shell's kernel has such a thread."""
        kernel = getattr(shell, "kernel", None)
        thread = getattr(kernel, "iopub_thread", None)
        unpack = getattr(getattr(kernel, "session", None), "unpack", None)
        return hasattr(thread, "send_multipart") and hasattr(thread, "__dict__") and callable(unpack)

    def request(self) -> str | None:
        parent = self._shell.get_parent() if hasattr(self._shell, "get_parent") else None
        found = ((parent or {}).get("header") or {}).get("msg_id")
        return str(found) if found else None

    def flush(self) -> None:
        self._know_streams()
        open_streams = [stream for stream in self._streams if stream.pub_thread is not None]
        _drain(open_streams)
        for stream in open_streams:
            stream.flush()

    def close(self) -> None:
        for undo in self._undo:
            undo()
        if os.getpid() == self._process:
            self.listen(None)

    def _prepare(self, listener: Listener | None) -> None:
        """Learn under which request the streams publish.

        A stream in whose place the user has put another, which writes to it, is not told of new requests.
        """
        self._know_streams()
        self._stale = {}
        for stream in self._streams if listener is not None else ():
            with guarded("ask a stream for its request"):
                told = stream.parent_header.get("msg_id")
                if told and listener is not None and told != listener.request:
                    self._stale[stream.name] = str(told)

    def replace(self, listener: Listener) -> None:
        super().replace(listener)
        self._stale = {}

    def _know_streams(self) -> None:
        """Remember the kernel's streams: the user may put others in their place, for a while or for good."""
        streams: list[Any] = [getattr(sys, name, None) for name in ("stdout", "stderr")]
        for stream in streams:
            is_kernels = any(cls.__module__.startswith("ipykernel.") for cls in type(stream).__mro__)
            if is_kernels and stream.pub_thread is self._thread and not any(s is stream for s in self._streams):
                self._streams.append(stream)

    def _around_send(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def send_and_tell(socket: Any, message: Any, *more: Any, **named: Any) -> Any:
            if self._listener is None or type(message) is not dict or message.get("msg_type") not in _KINDS:
                return send(socket, message, *more, **named)
            self._told.by_session = True
            try:
                result = send(socket, message, *more, **named)
            finally:
                self._told.by_session = False
            with guarded("hear what is published"):
                self._tell(message["msg_type"], message.get("parent_header") or {}, lambda: message["content"])
            return result

        return send_and_tell

    def _around_packed(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def send_and_tell(frames: Any, *more: Any, **named: Any) -> Any:
            result = send(frames, *more, **named)
            if self._listener is not None and not getattr(self._told, "by_session", False):
                with guarded("hear what is published"):
                    at, unpack = frames.index(_DELIMITER), self._session.unpack
                    kind = unpack(frames[at + 2])["msg_type"]
                    if kind in _KINDS:
                        self._tell(kind, unpack(frames[at + 3]), lambda: unpack(frames[at + 5]))
            return result

        return send_and_tell

    def _tell(self, kind: str, parent: Mapping[str, Any], content_of: Callable[[], Any]) -> None:
        listener = self._listener
        if listener is None or os.getpid() != self._process:  # a child sends to its parent, which tells
            return
        request = parent.get("msg_id")
        is_wanted = request is not None and request == listener.request
        if kind == "stream" and (is_wanted or request in self._stale.values()):
            content = content_of()
            if is_wanted or self._stale.get(content["name"]) == request:
                listener.text(content["name"], content["text"])
        elif kind == "clear_output" and is_wanted:
            listener.cleared(wait=bool(content_of().get("wait")))
        elif is_wanted:
            content = content_of()
            listener.shown(
                Shown(
                    kind=OutputKind.RESULT if kind == "execute_result" else OutputKind.DISPLAY,
                    data=content["data"],
                    display_id=_display_id(content),
                    is_update=kind.startswith("update"),
                )
            )


def _display_id(content: Mapping[str, Any]) -> str | None:
    found = (content.get("transient") or {}).get("display_id")
    return None if found is None else str(found)


def _drain(streams: list[Any]) -> None:
    """Wait until ipykernel's threads have read what was written to the file descriptors, as child processes do."""
    pipes = [stream._fid for stream in streams if getattr(stream, "_fid", None) is not None]
    if not pipes:
        return
    end = time.perf_counter() + _PATIENCE_S
    while select.select(pipes, [], [], 0)[0] and time.perf_counter() < end:
        time.sleep(0.001)
    time.sleep(0.0005)  # a thread may hold what it has read, and be about to write it
