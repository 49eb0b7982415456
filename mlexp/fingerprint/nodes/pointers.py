"""The addresses of a list's items, as bytes: one copy in place of a question to each item.

With an audit hook in the interpreter each `id` is an event, so that asking for thousands of them takes a millisecond.
A list of CPython keeps them in an array; whether it does here is tried once.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable

_ITEMS_AT = 24
"""Where a list keeps the address of its array: behind its count, its type and its length."""
_BYTES = ctypes.POINTER(ctypes.c_char)


def _by_asking(items: list[object], start: int = 0, stop: int | None = None) -> bytes:
    return array("Q", map(id, items[start:stop])).tobytes()


def _by_copy(items: list[object], start: int = 0, stop: int | None = None) -> bytes:
    stop = len(items) if stop is None else stop
    if not items:
        return b""
    # The address is read and the bytes are copied in one step of C: a thread may lengthen the list at any other moment.
    return _BYTES.from_address(id(items) + _ITEMS_AT)[8 * start : 8 * stop]  # type: ignore[return-value]  # bytes


def _choose() -> Callable[..., bytes]:
    items: list[object] = [object(), None, "text", 10**9]
    # Asked first is what is safe to read in any build: the sizes. A list ends behind its array's address and room.
    if list.__basicsize__ != _ITEMS_AT + 16 or ctypes.sizeof(ctypes.c_void_p) != 8:
        return _by_asking
    if ctypes.c_ssize_t.from_address(id(items) + 16).value != len(items):
        return _by_asking
    return _by_copy if _by_copy(items) == _by_asking(items) else _by_asking


pointers: Callable[..., bytes] = _choose()
"""Returns the addresses of a list's items, or of those between two places, 8 bytes each."""
