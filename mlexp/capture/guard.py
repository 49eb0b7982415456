"""The one place where failures of ours end: the user's cell goes on as if nothing had been."""

from __future__ import annotations

import _thread
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger("mlexp")
_seen: set[str] = set()


@contextmanager
def guarded(what: str, note: Callable[[str], None] | None = None) -> Iterator[None]:
    """Let nothing out of the block: a failure is logged once for each kind, and given to `note`.

    An interrupt that comes while our code runs is handed on to the cell: IPython would swallow it here.
    """
    try:
        yield
    except KeyboardInterrupt:
        threading.Timer(0.02, _thread.interrupt_main).start()
    except BaseException as error:
        text = f"{what}: {type(error).__name__}: {_message(error)}"
        if note is not None:
            note(text)
        if text not in _seen:
            _seen.add(text)
            _log.warning("mlexp could not %s", text, exc_info=_log.isEnabledFor(logging.DEBUG))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "(no message)"
