"""Python's own values: exact types only, since a subclass may carry more than its value shows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import msgpack

from mlexp.errors import NotWalkableError

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Restorer, Walker

_LONG_TEXT = 4096
_PER_CHARACTER_S = 2e-9  # to encode and to digest
_PER_COPIED_S = 1e-9


@dataclass(frozen=True, slots=True)
class BuiltinCodec:
    """A built-in type with its two directions as functions."""

    kind: str
    type: type
    take: Callable[[Any, Walker], object]
    give: Callable[[Any, Restorer], object]

    def handles(self, value: object) -> bool:
        """Tell whether `value` is exactly of this type."""
        return type(value) is self.type

    def describe(self, value: Any, walker: Walker) -> object:
        """Return the value as plain data."""
        return self.take(value, walker)

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the value, of exactly this type."""
        value = self.give(fields, restorer)
        if type(value) is not self.type:
            raise NotWalkableError(f"a stored {self.kind} describes a {type(value).__name__}")
        return value

    def summary(self, value: Any) -> str:
        """Return the length of what has one."""
        if not hasattr(value, "__len__") or isinstance(value, range):  # a range may be longer than Python can count
            return ""
        return f"{len(value):,}"


def _int(value: int) -> int | str:
    return value if abs(value) < 2**63 else hex(value)  # decimal text of long numbers is slow, and forbidden


def _int_back(fields: Any) -> Any:
    return int(fields, 16) if isinstance(fields, str) else fields


def _float(value: float, _: Walker) -> bytes:
    return struct.pack("<d", value)  # all bits, NaN payloads too


def _text(value: str, walker: Walker) -> object:
    walker.ahead(len(value), _PER_CHARACTER_S)
    data = value.encode("utf-8", "surrogatepass")
    return data if len(data) <= _LONG_TEXT else [walker.buffer(data)]


def _text_back(fields: Any, restorer: Restorer) -> str:
    data = restorer.buffer(fields[0]) if isinstance(fields, list) else fields
    return str(data.decode("utf-8", "surrogatepass"))


def _bytes(value: bytes, walker: Walker) -> object:
    return bytes(value) if len(value) <= _LONG_TEXT else [walker.buffer(value)]


def _changing_bytes(value: bytearray, walker: Walker) -> object:
    walker.ahead(len(value), _PER_COPIED_S)
    return _bytes(bytes(value), walker)  # a copy: while a buffer of it is held, a thread could not lengthen it


def _bytes_back(fields: Any, restorer: Restorer) -> bytes:
    return restorer.buffer(fields[0]) if isinstance(fields, list) else bytes(fields)


def _children(value: Any, walker: Walker) -> list[object]:
    walker.ahead(len(value))
    return [walker.child(item) for item in value]


def _unordered(value: Any, walker: Walker) -> list[object]:
    walker.ahead(2 * len(value))
    return sorted(_children(value, walker), key=msgpack.packb)


def _pairs(value: dict[Any, Any], walker: Walker) -> list[object]:
    walker.ahead(2 * len(value))
    return [[walker.child(key), walker.child(item)] for key, item in value.items()]


def _codec(kind: type, take: Callable[[Any, Walker], object], give: Callable[[Any, Restorer], object]) -> BuiltinCodec:
    return BuiltinCodec(kind.__name__, kind, take, give)


BY_TYPE: dict[type, BuiltinCodec] = {
    codec.type: codec
    for codec in (
        _codec(type(None), lambda v, w: None, lambda f, r: None),
        _codec(bool, lambda v, w: v, lambda f, r: f),
        _codec(int, lambda v, w: _int(v), lambda f, r: _int_back(f)),
        _codec(float, _float, lambda f, r: struct.unpack("<d", f)[0]),
        _codec(
            complex, lambda v, w: struct.pack("<dd", v.real, v.imag), lambda f, r: complex(*struct.unpack("<dd", f))
        ),
        _codec(str, _text, _text_back),
        _codec(bytes, _bytes, _bytes_back),
        _codec(bytearray, _changing_bytes, lambda f, r: bytearray(_bytes_back(f, r))),
        _codec(list, _children, lambda f, r: [r.child(item) for item in f]),
        _codec(tuple, _children, lambda f, r: tuple(r.child(item) for item in f)),
        _codec(set, _unordered, lambda f, r: {r.child(item) for item in f}),
        _codec(frozenset, _unordered, lambda f, r: frozenset(r.child(item) for item in f)),
        _codec(dict, _pairs, lambda f, r: {r.child(key): r.child(item) for key, item in f}),
        _codec(
            range, lambda v, w: [_int(n) for n in (v.start, v.stop, v.step)], lambda f, r: range(*map(_int_back, f))
        ),
        _codec(slice, lambda v, w: _children((v.start, v.stop, v.step), w), lambda f, r: slice(*map(r.child, f))),
        _codec(date, lambda v, w: v.isoformat(), lambda f, r: date.fromisoformat(f)),
        _codec(time, lambda v, w: _naive(v), lambda f, r: time.fromisoformat(f)),
        _codec(datetime, lambda v, w: _naive(v), lambda f, r: datetime.fromisoformat(f)),
        _codec(
            timedelta,
            lambda v, w: [v.days, v.seconds, v.microseconds],
            lambda f, r: timedelta(days=f[0], seconds=f[1], microseconds=f[2]),
        ),
    )
}


def _naive(value: time | datetime) -> str:
    if value.tzinfo is not None or value.fold:
        raise NotWalkableError(f"no codec for a {type(value).__name__} with a time zone or a fold")
    return value.isoformat()
