"""The process's one audit hook. Python never takes a hook away: it is put in once and is inert without a listener."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from os import getpid  # by name: the user may put another in its place
from typing import Any

Listener = Callable[[str, tuple[Any, ...]], None]

_EVENTS = frozenset({
    "open", "os.remove", "os.rename", "os.truncate", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.listdir",
    "os.scandir", "glob.glob", "shutil.rmtree", "sqlite3.connect", "subprocess.Popen", "os.system", "os.posix_spawn",
    "socket.getaddrinfo", "urllib.Request",
})  # fmt: skip
"""What is told to the listener: events about files, and those by which something else may touch files."""


class _Hook:
    """Hands events to the listener, never from within the listener itself."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.process = 0
        """Who listens: a child that this process forks shares its watches, and must take nothing from them."""
        self._inside = threading.local()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or self.listener is None or getattr(self._inside, "yes", False):
            return
        if self.process != getpid():
            return
        self._inside.yes = True
        try:
            self.listener(event, arguments)
        except KeyboardInterrupt:
            raise  # it is meant for the statement that the event is of
        except BaseException:
            pass
        finally:
            self._inside.yes = False


def listen(listener: Listener | None) -> None:
    """Let `listener` hear of files in this process: an event's name and its arguments. None: nobody hears."""
    hook = getattr(sys, "_mlexp_audit_hook", None)  # kept there, so that a second import of this module finds it
    if hook is None:
        if listener is None:
            return
        hook = _Hook()
        sys._mlexp_audit_hook = hook  # type: ignore[attr-defined]  # see above
        sys.addaudithook(hook)
    hook.process = getpid()
    hook.listener = listener
