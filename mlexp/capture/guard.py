"""The one place where failures of ours end: the user's cell goes on as if nothing had been."""

from __future__ import annotations

import _thread
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType

_log = logging.getLogger("mlexp")
_seen: set[str] = set()


@contextmanager
def guarded(what: str, note: Callable[[str], None] | None = None) -> Iterator[None]:
    """Let nothing out of the block: a failure is logged once, whatever it hinders next, and given to `note`.

    An interrupt that comes while our code runs is handed on to the cell: IPython would swallow it here.
    """
    try:
        yield
    except KeyboardInterrupt:
        threading.Timer(0.02, _interrupt).start()
    except BaseException as error:
        reason = f"{type(error).__name__}: {_message(error)}"
        if note is not None:
            note(f"could not {what}: {reason}")
        if reason not in _seen:
            _seen.add(reason)
            _log.warning("mlexp could not %s: %s", what, reason, exc_info=_log.isEnabledFor(logging.DEBUG))


@contextmanager
def untraced() -> Iterator[None]:
    """Keep a trace function of the user's from seeing and slowing what is ours; debuggers in C are left alone."""
    tracer = sys.gettrace()
    if not isinstance(tracer, (FunctionType, MethodType)):
        yield
        return
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def _interrupt() -> None:
    """Interrupt the main thread, also where it waits in the system; an idle kernel ignores it."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def warn_user(message: str) -> None:
    """Warn at the nearest line that is not ours; never raise, even where warnings are errors."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "mlexp":
        level, frame = level + 1, frame.f_back
    try:
        warnings.warn(message, stacklevel=level)
    except Warning:
        _log.warning(message)


def reason_of(error: BaseException) -> str:
    """Return an error's message, or its type where it has none that can be read."""
    try:
        return str(error) or type(error).__name__
    except BaseException:
        return type(error).__name__


def forget_failures() -> None:
    """Let each failure be logged again, in a new session."""
    _seen.clear()


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "(no message)"
