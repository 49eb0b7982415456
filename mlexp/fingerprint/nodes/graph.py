"""The walk over a graph of objects.

A node is one object that can be changed in place. Its key is its id; of bytes that several arrays share, their address.
Its digest covers what it holds itself, plain values by value and other nodes by key, so that a change deep inside is
the change of one node, which every object that leads there shares. Nothing is kept of an object but such numbers.

Of bulk bytes a sample is always read, and the rest if there is time: a digest of the sample alone can tell that
something has changed, never that nothing has.

No code of the user's runs, as `fingerprint.asking` has it. Generators of random numbers hold nothing here: their states
are compared and restored elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from marshal import dumps
from time import perf_counter, thread_time
from types import NoneType
from typing import Any, NamedTuple

from xxhash import xxh3_64, xxh3_64_intdigest

from mlexp.fingerprint.nodes import kinds

MAX_NODES = 5_000
_LOOKS = 4
"""After so many nodes the clock is read again."""
_SECONDS_PER_BYTE = 1e-10
_SAMPLED_BYTES = 1 << 20
"""Bulk bytes beyond this are sampled first."""
_N_SAMPLES, _SAMPLE_BYTES = 32, 2048
_LONG_TEXT = 1 << 16
_SHARED = 1 << 70
"""Keys of shared bytes begin here, above all ids."""

Opener = Callable[[Any, "Walk"], object]
"""Returns what an object holds itself, as plain data for `marshal`; other objects as their tokens."""


class Trait(IntEnum):
    """What a digest of a node tells."""

    WHOLE = 0
    """All of its state."""
    MOVING = 1
    """Little: nearly each use moves it, as of an open file."""
    CACHE = 2
    """All but what it remembers of earlier calls: that it has moved is told."""
    OPAQUE = 3
    """Little: its state is hidden."""


_WHOLE = Trait.WHOLE


class Node(NamedTuple):  # a tuple is made in half the time
    """What one object held at one moment."""

    quick: int
    """Digest of its own plain content, of samples of its bulk bytes and of the keys of what it leads to."""
    full: int | None
    """Digest of all of that; None: there was no time to read all bytes."""
    children: tuple[int, ...] = ()
    trait: Trait = Trait.WHOLE


class Walk:
    """One walk from some objects to all that they lead to."""

    def __init__(
        self,
        *,
        until: float | None = None,
        max_nodes: int = MAX_NODES,
        is_own: Callable[[str], bool] = frozenset({"__main__"}).__contains__,
    ) -> None:
        """Begin.

        Args:
            until: `time.perf_counter()` after which no node is opened.
            max_nodes: How many nodes are opened at most.
            is_own: Tells whether a module of that name is the user's own.
        """
        self.nodes: dict[int, Node] = {}
        """All that were opened. A key among the children of one that is missing here was not reached in time."""
        self.is_own = is_own
        self._until = until
        self._began_s = perf_counter(), thread_time()
        self._left = max_nodes
        self._pending: list[tuple[int, Opener, object]] = []
        self._queued: set[int] = set()
        self._children: list[int] = []
        self._bulk: list[int | None] = []
        self._trait = Trait.WHOLE
        self._is_hurried = False

    def root(self, value: object) -> tuple[int, int | None]:
        """Queue an object; return a digest of what a name for it stands for, and its key; None: it never changes."""
        self._children = []
        token = self.token(value)
        found = self._children
        return digest_of([token]), found[0] if found else None

    def run(self) -> None:
        """Open what is queued, and what it leads to, the nearest first."""
        pending = self._pending
        while pending:
            batch, self._pending = pending, []
            for index, (key, opener, value) in enumerate(batch):
                self._left -= 1
                if self._left < 0 or (index % _LOOKS == 0 and self.is_late):
                    self._pending = []
                    return
                self.nodes[key] = self._opened(opener, value)
            pending = self._pending

    @property
    def is_late(self) -> bool:
        """Whether time is up. Time in which others had the processor is not counted: we took none of it."""
        if self._until is None or perf_counter() <= self._until:
            return False
        began_s, worked_s = self._began_s
        return began_s + thread_time() - worked_s > self._until

    def token(self, value: object) -> object:
        """Return what stands for a value in what another object holds; queue it if it can change."""
        cls = type(value)
        if cls is float or cls is int or cls is bool or cls is NoneType or cls is complex:
            return value
        if cls is str or cls is bytes:
            return value if len(value) < _LONG_TEXT else _long(value)  # type: ignore[arg-type]  # just asked
        if cls is tuple and _is_plain(value):
            return value
        kind = kinds.kind_of(cls)
        if kind.value is not None:
            return (id(cls), kind.value(value))
        key, opener = id(value), kind.opener
        if opener is None or (kind.is_of_interest is not None and not kind.is_of_interest(value, self)):
            return [key]
        return self.inner(key, opener, value)

    def inner(self, key: int, opener: Opener, value: object) -> object:
        """Queue something that has no token of its own, such as the bytes that arrays share; return its token."""
        self._children.append(key)
        if key not in self._queued:
            self._queued.add(key)
            self._pending.append((key, opener, value))
        return [key]

    def items(self, values: Iterable[object]) -> list[object]:
        """Return the tokens of several values."""
        token = self.token
        return [token(value) for value in values]

    def follow(self, values: Iterable[object]) -> None:
        """Queue what the object being opened can change when it is used, though its own value does not hold it."""
        n = len(self._children)
        for value in values:
            self.token(value)
        del self._children[n:]

    def bulk(self, content: Any) -> int:
        """Return the digest of a sample of bulk bytes; read the others, too, if there is time."""
        view = memoryview(content)
        n = view.nbytes
        if n <= _SAMPLED_BYTES:
            quick = xxh3_64_intdigest(view)
            self._bulk.append(quick)
            return quick
        view = view.cast("B") if view.format != "B" or view.ndim != 1 else view
        state = xxh3_64(view[-_SAMPLE_BYTES:])
        for start in range(0, n - _SAMPLE_BYTES, n // _N_SAMPLES):
            state.update(view[start : start + _SAMPLE_BYTES])
        has_time = not self._is_hurried and self.has_time(n)
        self._bulk.append(xxh3_64_intdigest(view) if has_time else None)
        return state.intdigest()

    def expect(self, n_bytes: int) -> None:
        """Read samples only if all of so many bytes, in several pieces, cannot be read in time."""
        self._is_hurried = not self.has_time(n_bytes)

    def has_time(self, n_bytes: int) -> bool:
        """Tell whether so many bytes can be read in time."""
        return self._until is None or perf_counter() + n_bytes * _SECONDS_PER_BYTE < self._until

    def put(self, key: int, quick: int, full: int | None) -> None:
        """Add the node of bytes that the object being opened has read itself."""
        self._children.append(key)
        self._queued.add(key)
        self.nodes[key] = Node(quick, full)

    def take_bulk(self, since: int) -> int | None:
        """Return one digest of the bulk bytes read since there were so many; None: some of them were not."""
        parts = self._bulk[since:]
        return None if None in parts else digest_of(parts)

    def forget_bulk(self, since: int) -> None:
        """Let samples be enough for the bulk bytes read since there were so many: they never change in place."""
        del self._bulk[since:]

    @property
    def n_bulk(self) -> int:
        """How many pieces of bulk bytes the object being opened has so far."""
        return len(self._bulk)

    def unread(self) -> None:
        """Note that the object being opened holds more than was read."""
        self._bulk.append(None)

    def mark(self, trait: Trait) -> None:
        """Note what the digest of the object being opened tells."""
        self._trait = max(self._trait, trait)

    def _opened(self, opener: Opener, value: object) -> Node:
        self._children, self._bulk, self._trait, self._is_hurried = [], [], _WHOLE, False
        try:
            quick = digest_of(opener(value, self))
        except Exception:  # what cannot be taken apart, or a library meets code of the user's inside
            self._trait, quick = Trait.OPAQUE, 0
        bulk, children = self._bulk, self._children
        full = quick if not bulk else None if None in bulk else digest_of([quick, *bulk])
        return Node(quick, full, tuple(dict.fromkeys(children) if len(children) > 1 else children), self._trait)


def shared_key(address: int, *, by_column: bool = False) -> int:
    """Return the key of bytes that several objects may share; a frame reads them column by column."""
    return _SHARED | address << 1 | by_column


def twin_of(key: int) -> int | None:
    """Return the other key under which the same bytes may be known; None: there is none."""
    return key ^ 1 if key >= _SHARED else None


def digest_of(content: object) -> int:
    """Return the digest of plain data."""
    # Version 2 has no references: equal content gives equal bytes, whatever it shares.
    return xxh3_64_intdigest(dumps(content, 2))  # type: ignore[arg-type]  # it raises for anything else


def _is_plain(values: Any) -> bool:
    if len(values) >= 1000:
        return False
    for value in values:
        cls = type(value)
        if not (cls is float or cls is int or cls is bool or cls is NoneType or (cls is str and len(value) < 1000)):
            return False
    return True


def _long(text: Any) -> object:
    step = len(text) // _N_SAMPLES  # of what lies between the samples, the address tells
    return (id(text), len(text), text[:_SAMPLE_BYTES], text[-_SAMPLE_BYTES:], text[::step])
