"""Records as plain data and back, for JSON.

The fields' types are read once per class. Known are: numbers, text, booleans, None, aware times (as ISO text), enums
(by value), tuples, dictionaries with text as keys, other records, and unions of one of these with None.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

Record = TypeVar("Record")


def to_document(record: object) -> dict[str, Any]:
    """Return the record as plain data; fields that have their default are left out."""
    document = {}
    for field in dataclasses.fields(record):  # type: ignore[arg-type]  # any record; the stub wants an instance type
        value = getattr(record, field.name)
        if field.default is dataclasses.MISSING or value != field.default:
            document[field.name] = _plain(value)
    return document


def from_document(cls: type[Record], document: Mapping[str, Any]) -> Record:
    """Return the record that `document` describes; fields that this version does not know are passed over."""
    readers: dict[str, Callable[[Any], Any]] = _readers(cls)  # type: ignore[arg-type]  # a class is hashable
    return cls(**{name: readers[name](value) for name, value in document.items() if name in readers})


def _plain(value: object) -> Any:
    if type(value) is str:  # most are; the next question costs ten times as much
        return value
    if dataclasses.is_dataclass(value):
        return to_document(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value


@cache
def _readers(cls: Any) -> dict[str, Callable[[Any], Any]]:
    hints = typing.get_type_hints(cls)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(cls)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _optional([_reader(argument) for argument in arguments if argument is not type(None)])
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(map(item, value))
    if dataclasses.is_dataclass(hint):
        return lambda value: from_document(typing.cast(type, hint), value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hint is datetime:
        return datetime.fromisoformat
    return lambda value: value


def _optional(readers: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    read = readers[0] if len(readers) == 1 else lambda value: value
    return lambda value: None if value is None else read(value)
