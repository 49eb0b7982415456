"""What was heard of a run's output: texts with their middle left out if they are long, rich outputs as last seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps  # by name: the user may put others in their place

from mlexp.capture.probes.outlet import Shown

_LINE = 1 << 16
_N_HELD = 10
"""How many outputs of the largest size are held in memory until the cell's end."""
_MOST_OUTPUTS = 1000


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Stands for a form that is too large."""

    size_bytes: int


class BoundedText:
    """A text of any length, of which no more is held than one and a half times the limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.size_bytes = 0
        """Of all that came."""
        self._limit = max(2, limit_bytes)
        self._half = self._limit // 2
        self._head = bytearray()
        self._tail = bytearray()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self.size_bytes <= self._limit

    def add(self, text: str) -> None:
        """Add a piece."""
        piece = text.encode("utf-8", "backslashreplace")
        self.size_bytes += len(piece)
        room = max(0, self._half - len(self._head))
        self._head += piece[:room]
        self._tail += piece[room:][-self._limit :]
        if len(self._tail) > self._limit:
            del self._tail[: -self._half]

    def copy(self) -> BoundedText:
        """Return it as it is now."""
        twin = BoundedText(self._limit)
        twin.size_bytes, twin._head, twin._tail = self.size_bytes, self._head[:], self._tail[:]
        return twin

    def text(self, redact: Callable[[str], str]) -> str:
        """Return it without its secrets; where the middle is left out, a line in between says how much.

        Secrets are taken out before head and tail are cut at the ends of lines: none stands at a cut in two parts.
        """
        if self.is_whole:
            return redact((self._head + self._tail).decode("utf-8", "replace"))
        head = redact(self._head.decode("utf-8", "replace"))
        tail = redact(self._tail[len(self._tail) - self._half :].decode("utf-8", "replace"))
        head = head[: max(head.rfind("\n") + 1, len(head) - _LINE, 0)]
        first = tail.find("\n", 0, _LINE)
        tail = tail[first + 1 if first >= 0 else _LINE :]
        left_out = self.size_bytes - len(head.encode()) - len(tail.encode())
        return f"{head}\n[… {left_out:,} bytes of {self.size_bytes:,} left out …]\n{tail}"


class Heard:
    """Listens while a cell runs."""

    def __init__(
        self, request: str | None, *, limit_bytes: int, draw: Callable[[Mapping[str, object]], dict[str, bytes]]
    ) -> None:
        self.request = request
        self.texts = {"stdout": BoundedText(limit_bytes), "stderr": BoundedText(limit_bytes)}
        self.outputs: list[Shown] = []
        self.n_cleared = 0
        """How many outputs were taken away again by `clear_output`."""
        self.n_too_many = 0
        self._limit = limit_bytes
        self._held = 0
        self._clear_next = False
        self._draw = draw
        self._lock = threading.RLock()

    def text(self, stream: str, text: str) -> None:
        """Add a piece of a stream."""
        with self._lock:
            self._clear_if_due()
            if stream in self.texts:
                self.texts[stream].add(text)

    def so_far(self) -> dict[str, BoundedText]:
        """Return copies of the texts as they are now."""
        with self._lock:
            return {name: text.copy() for name, text in self.texts.items()}

    def shown(self, shown: Shown) -> None:
        """Add a rich output, or put an update in the place of what it updates."""
        with self._lock:
            self._clear_if_due()
            self._make_small(shown)
            same = self._shown_as(shown.display_id) if shown.is_update else []
            for at in same:
                self._held -= _size(self.outputs[at])
                self.outputs[at] = shown
            if not same and len(self.outputs) >= _MOST_OUTPUTS:
                self.n_too_many += 1
            elif not same:
                self.outputs.append(shown)
        shown.drawn = self._draw(shown.data)

    def cleared(self, *, wait: bool) -> None:
        """Forget the rich outputs; texts stay."""
        with self._lock:
            self._clear_next = True
            if not wait:
                self._clear_if_due()

    def close(self) -> None:
        """Nothing: what was heard is kept by the run's part."""

    def _shown_as(self, display_id: str | None) -> list[int]:
        return [
            at for at, other in enumerate(self.outputs) if display_id is not None and other.display_id == display_id
        ]

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self.n_cleared += len(self.outputs)
            self.outputs.clear()
            self._held = 0
            self._clear_next = False

    def _make_small(self, shown: Shown) -> None:
        """Hold no form that is larger than the limit, and none once much is held: the number of its bytes instead."""
        room = _N_HELD * self._limit - self._held
        data: dict[str, object] = {}
        for mime, value in shown.data.items():
            form = value if isinstance(value, str | bytes) else dumps(value, default=lambda _: None)
            size = size_of(mime, form)
            data[mime] = LeftOut(size) if size > min(self._limit, room) else form
        shown.data = data
        self._held += _size(shown)


def size_of(mime: str, value: str | bytes) -> int:
    """Return the bytes that a form takes: base64 text stands for three quarters of them."""
    if isinstance(value, bytes):
        return len(value)
    if is_text(mime):
        return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
    return len(value) * 3 // 4


def is_text(mime: str) -> bool:
    """Tell whether a form is text, and no base64."""
    kind, _, rest = mime.partition("/")
    return rest.endswith("+xml") or (kind not in ("image", "audio", "video", "font") and rest not in _BINARY)


_BINARY = ("pdf", "octet-stream", "zip")


def _size(shown: Shown) -> int:
    values = [value for value in (*shown.data.values(), *shown.drawn.values()) if isinstance(value, str | bytes)]
    return sum(map(len, values))
