"""What leaves a process that has no kernel: a terminal's IPython, or a plain script.

Text is seen as it passes through the streams' `write`, rich output as IPython hands it over: the streams and IPython's
objects stay what they are, and only while a run is under way. What child processes write straight to the terminal does
not come by here. Nothing tells to which cell a late text belongs.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.probes.outlet import Listener, Outlet, Shown, wrapped
from mlexp.records import OutputKind


class ShellOutlet(Outlet):
    """The streams of this process, and the displays of its shell if there is one."""

    def __init__(self, shell: Any) -> None:
        super().__init__()
        self._shell = shell
        self._undo: list[Callable[[], None]] = []
        self._showing = _Showing()

    def flush(self) -> None:
        pass  # what is written was heard

    def close(self) -> None:
        self.listen(None)

    def _prepare(self, listener: Listener | None) -> None:
        if listener is None:
            while self._undo:
                with guarded("leave what is put out"):
                    self._undo.pop()()
        elif not self._undo:
            with guarded("hear what is put out"):
                self._begin()

    def _begin(self) -> None:
        for name in "stdout", "stderr":
            stream = getattr(sys, name, None)
            if stream is not None:
                self._wrap(stream, "write", self._around_write(name))
        publisher, hook = getattr(self._shell, "display_pub", None), getattr(self._shell, "displayhook", None)
        if publisher is not None:
            self._wrap(publisher, "publish", self._around(self._published))
            self._wrap(publisher, "clear_output", self._around(self._cleared))
        if hook is not None:
            self._wrap(hook, "write_output_prompt", self._around(_nothing))
            self._wrap(hook, "write_format_data", self._around(self._resulted))
            self._wrap(hook, "finish_displayhook", self._around(_nothing))
        if hasattr(self._shell, "_showtraceback"):
            self._wrap(self._shell, "_showtraceback", self._around(_nothing))

    def _wrap(self, owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        with guarded(f"hear what passes through {name}"):  # a stream of the user's own may have no room for it
            self._undo.append(wrapped(owner, name, around))

    def _around_write(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def around(write: Callable[..., Any]) -> Callable[..., Any]:
            def write_and_tell(text: Any, *more: Any, **named: Any) -> Any:
                result = write(text, *more, **named)
                listener = self._listener
                if listener is not None and type(text) is str and not self._showing:
                    with guarded("hear what is printed"):
                        listener.text(name, text)
                return result

            return write_and_tell

        return around

    def _around(self, tell: Callable[..., None]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return what wraps a method of IPython that shows something: what it writes is not the cell's own text."""

        def around(method: Callable[..., Any]) -> Callable[..., Any]:
            def show_and_tell(*values: Any, **named: Any) -> Any:
                with self._showing():
                    result = method(*values, **named)
                if self._listener is not None:
                    with guarded("hear what is shown"):
                        tell(*values, **named)
                return result

            return show_and_tell

        return around

    def _published(self, data: Any, *_: Any, transient: Any = None, update: bool = False, **__: Any) -> None:
        display_id = (transient or {}).get("display_id")
        self._tell(Shown(kind=OutputKind.DISPLAY, data=dict(data), display_id=display_id, is_update=bool(update)))

    def _resulted(self, format_dict: Any, *_: Any, **__: Any) -> None:
        self._tell(Shown(kind=OutputKind.RESULT, data=dict(format_dict)))

    def _cleared(self, wait: Any = False) -> None:
        if self._listener is not None:
            self._listener.cleared(wait=bool(wait))

    def _tell(self, shown: Shown) -> None:
        if self._listener is not None:
            self._listener.shown(shown)


class _Showing(threading.local):
    """Whether this thread is in the middle of showing something."""

    depth = 0

    def __bool__(self) -> bool:
        return self.depth > 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1


def _nothing(*_: object, **__: object) -> None:
    return None
