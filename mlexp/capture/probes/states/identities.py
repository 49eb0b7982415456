"""Who the values of many names are, without a look at any of them: one copy of an array of pointers."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from struct import calcsize, unpack

_ITEMS_AT = 24
"""Where a list has the pointer to its items: behind its count of references, its type and its length."""


class Identities(Mapping[str, object]):
    """The names of a module or a class, each with the address of its value."""

    __slots__ = ("_addresses", "_left_out", "_names")

    def __init__(self, names: tuple[str, ...], addresses: bytes, left_out: Collection[str]) -> None:
        self._names = names
        self._addresses = addresses
        self._left_out = left_out

    @classmethod
    def of(
        cls, names: Mapping[str, object], *, before: Identities | None = None, leave_out: Collection[str] = ()
    ) -> Identities:
        """Return who the values of names are.

        Args:
            names: The names of a module or a class.
            before: What they were before; returned if nothing has changed.
            leave_out: Those that are not told.
        """
        addresses = addresses_of(list(names.values()))
        if before is not None and before._addresses == addresses:  # so the names are the same
            return before
        return cls(tuple(names), addresses, leave_out)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Identities)
            and self._addresses == other._addresses
            and (self._names is other._names or self._names == other._names)
        )

    __hash__ = None  # type: ignore[assignment]  # as of other mappings

    def __iter__(self) -> Iterator[str]:
        return iter(self._as_dict())

    def __len__(self) -> int:
        return len(self._as_dict())

    def __getitem__(self, name: str) -> object:
        return self._as_dict()[name]

    def _as_dict(self) -> dict[str, int]:
        addresses = unpack(f"{len(self._names)}P", self._addresses)
        pairs = zip(self._names, addresses, strict=True)
        return {name: address for name, address in pairs if name not in self._left_out}


def addresses_of(values: list[object]) -> bytes:
    """Return the addresses of a list's items.

    With an audit hook in place each `id()` is an event, and thousands of them cost a millisecond.
    """
    if not _can_copy():
        return b"".join(map(_packed, values))
    return _copied(values)


def _packed(value: object) -> bytes:
    return id(value).to_bytes(calcsize("P"), "little")


def _copied(values: list[object]) -> bytes:
    items = ctypes.c_void_p.from_address(id(values) + _ITEMS_AT).value
    return ctypes.string_at(items, calcsize("P") * len(values)) if items else b""


@cache
def _can_copy() -> bool:
    """Tell whether this interpreter lays out lists as CPython does; a wrong guess would read other memory."""
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    if sys.implementation.name != "cpython" or calcsize("P") != 8 or not has_gil:
        return False
    probe: list[object] = [None, True, "text"]
    return _copied(probe) == b"".join(map(_packed, probe))
