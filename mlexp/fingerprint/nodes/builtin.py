"""Python's own containers, exactly or as the ground of a class of one's own: read by the ways of the built-in type."""

from __future__ import annotations

import marshal
from collections import OrderedDict, deque
from itertools import repeat
from operator import is_
from types import NoneType
from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import bases_of, is_one_of, module_of
from mlexp.fingerprint.nodes.pointers import pointers

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_PLAIN = (float, int, str, bool, NoneType)
_FEW = 64
"""Up to so many items are taken one by one."""
_MARSHALLED = 5_000
"""Up to so many plain items are read by value; of more, the addresses, and some values."""
_ASKED = 20_000
"""Up to so many items are asked for their type."""
_MANY = 1_500
"""Up to so many items that can change are followed."""


def open_list(value: Any, walk: Walk) -> object:
    """Read a list."""
    return content_of(value if type(value) is list else list(list.__iter__(value)), walk)


def open_tuple(value: Any, walk: Walk) -> object:
    """Read a tuple, which leads to what can change."""
    return content_of(list(tuple.__iter__(value)), walk)


def open_dict(value: Any, walk: Walk) -> object:
    """Read a dict: keys and values in their order."""
    return [content_of(list(dict.__iter__(value)), walk), content_of(list(dict.values(value)), walk)]


def open_ordered(value: Any, walk: Walk) -> object:
    """Read an OrderedDict in its own order."""
    keys = list(OrderedDict.__iter__(value))
    return [content_of(keys, walk), content_of(list(dict.values(value)), walk)]


def open_set(value: Any, walk: Walk) -> object:
    """Read a set."""
    base = set if issubclass(type(value), set) else frozenset
    return content_of(list(base.__iter__(value)), walk)


def open_deque(value: Any, walk: Walk) -> object:
    """Read a deque."""
    return [deque.maxlen.__get__(value), content_of(list(deque.__iter__(value)), walk)]


def open_bytes(value: Any, walk: Walk) -> object:
    """Read bytes that can change."""
    with memoryview(value) as view:
        content = [view.nbytes, walk.bulk(view if view.contiguous else view.tobytes())]
        source = view.obj if type(value) is memoryview else None
    return [*content, walk.token(source)]


def open_value(value: Any, walk: Walk) -> object:  # noqa: ARG001  (the others')
    """Read a number or text of a class of one's own."""
    base: Any = next(cls for cls in (str, bytes, int, float, complex) if issubclass(type(value), cls))
    return base.__getnewargs__(value)


def open_cell(value: Any, walk: Walk) -> object:
    """Read what a closure keeps."""
    try:
        return [walk.token(value.cell_contents)]
    except ValueError:  # not bound yet
        return ()


def value_by_reduce(value: Any) -> object:
    """Return the bytes or numbers of a date, a time or a time difference."""
    cls: Any = next(base for base in bases_of(type(value)) if module_of(base) == "datetime")
    given = cls.__reduce__(value)[1]
    return tuple(part for part in given if is_one_of(type(part), (bytes, int)))


def value_of_decimal(value: Any) -> object:
    """Return the text of a decimal number."""
    cls: Any = next(base for base in bases_of(type(value)) if module_of(base) == "decimal")
    return cls.__str__(value)


def value_of_range(value: Any) -> object:
    """Return the three numbers of a range."""
    return (value.start, value.stop, value.step)


def content_of(items: list[Any], walk: Walk) -> object:
    """Return what a container holds, given its items."""
    n = len(items)
    if n <= _FEW:
        return walk.items(items)
    asked = items if n <= _ASKED else items[:: n // 2_000]
    first = type(items[0])
    if is_one_of(first, _PLAIN) and all(map(is_, map(type, asked), repeat(first))):
        if n <= _MARSHALLED:
            return items
        # The list keeps its items alive: at the same addresses lie the same values, but for the odd one.
        return [n, walk.bulk(pointers(items)), marshal.dumps(items[:: n // 500], 2)]
    if n <= _MANY:
        return walk.items(items)
    walk.unread()
    return [n, walk.bulk(pointers(items)), walk.items(items[:: n // 500])]
