"""Where output leaves the process, and who hears of it: at most one listener at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mlexp.records import OutputKind


@dataclass(slots=True, kw_only=True)
class Shown:
    """A rich output as it was shown."""

    kind: OutputKind
    data: Mapping[str, object]
    """By mime type; images as base64 text or as bytes."""
    display_id: str | None = None
    is_update: bool = False
    drawn: dict[str, bytes] = field(default_factory=dict)
    """Further forms, of figures."""


class Listener(Protocol):
    """Hears what is put out. Its methods are called in whatever thread puts it out."""

    request: str | None
    """The kernel's message whose output it wants; None without a kernel."""

    def text(self, stream: str, text: str) -> None:
        """Hear a piece of "stdout" or "stderr"."""

    def shown(self, shown: Shown) -> None:
        """Hear of a rich output that was just shown."""

    def cleared(self, *, wait: bool) -> None:
        """Hear that what was shown is taken away: at once, or when the next output comes."""

    def close(self) -> None:
        """Hear no more: the next one listens, or the session ends."""


class Outlet(ABC):
    """Tells the listener of what is put out, after it was put out."""

    tells_late = False
    """Whether output of an earlier cell can be told from that of a later one."""

    def __init__(self) -> None:
        self._listener: Listener | None = None

    def request(self) -> str | None:
        """Return the id of the kernel's message that is being answered in this thread; None without a kernel."""
        return None

    def listen(self, listener: Listener | None) -> None:
        """Let this one hear what comes, and the one before no more."""
        before, self._listener = self._listener, listener
        self._prepare(listener)
        if before is not None:
            before.close()

    def replace(self, listener: Listener) -> None:
        """Put another one in the place of the one that listens, which goes on being open."""
        self._listener = listener

    @abstractmethod
    def _prepare(self, listener: Listener | None) -> None:
        """Do what is to be done before one listens, or when none does any more."""

    @abstractmethod
    def flush(self) -> None:
        """Let everything out that was printed."""

    @abstractmethod
    def close(self) -> None:
        """Leave everything as it was found."""


def wrapped(owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[], None]:
    """Wrap a method of one object; return what takes it away again, unless somebody wraps it in turn."""
    own = vars(owner).get(name)
    wrapper = around(getattr(owner, name))
    setattr(owner, name, wrapper)

    def undo() -> None:
        if vars(owner).get(name) is wrapper:
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)

    return undo


def outlet_of(shell: Any) -> Outlet:
    """Return the outlet of a shell; of None, that of a plain process."""
    from mlexp.capture.probes.iopub import KernelOutlet
    from mlexp.capture.probes.streams import ShellOutlet

    return KernelOutlet(shell) if KernelOutlet.fits(shell) else ShellOutlet(shell)
