"""Python's own containers, exactly or as the ground of a class of one's own: read by the ways of the built-in type."""

from __future__ import annotations

import gc
import marshal
from collections import OrderedDict, deque
from itertools import islice, repeat
from operator import is_
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import bases_of, is_one_of, module_of, name_of
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
_LONG_TEXTS = 1 << 18
"""Texts with more characters than this are told by their addresses."""
_BYTES = 1 << 20
"""Up to so many bytes are all read."""
_COPIED, _READ = 1_000, 10
"""What the copy of an item, and that of an item's address, cost: as much as reading so many bytes."""
_N_ENDS, _N_PIECES, _PIECE = 250, 32, 256


def open_list(value: Any, walk: Walk) -> object:
    """Read a list."""
    return content_of(value if type(value) is list else list(list.__iter__(value)), walk)


def open_tuple(value: Any, walk: Walk) -> object:
    """Read a tuple, which leads to what can change."""
    n = tuple.__len__(value)
    if n <= _ASKED:
        return content_of(list(tuple.__iter__(value)), walk)
    some = tuple.__getitem__(value, slice(None, None, n // 500))
    if not all(is_one_of(type(item), _PLAIN) for item in some):
        walk.unread()
    return [n, walk.items(some)]


def open_dict(value: Any, walk: Walk) -> object:
    """Read a dict: keys and values in their order."""
    return _pairs_of(value, dict, walk)


def open_ordered(value: Any, walk: Walk) -> object:
    """Read an OrderedDict in its own order."""
    return _pairs_of(value, OrderedDict, walk)


def _pairs_of(value: Any, base: Any, walk: Walk) -> object:
    n = dict.__len__(value)
    if is_too_much(n, walk):
        keys = [*islice(base.__iter__(value), _N_ENDS), *islice(base.__reversed__(value), _N_ENDS)]
        values = dict.values(value)
        return [n, walk.items(keys), walk.items(islice(values, _N_ENDS)), walk.items(islice(reversed(values), _N_ENDS))]
    return [content_of(list(base.__iter__(value)), walk), content_of(list(dict.values(value)), walk)]


def open_set(value: Any, walk: Walk) -> object:
    """Read a set."""
    base: Any = set if issubclass(type(value), set) else frozenset
    n = base.__len__(value)
    if is_too_much(n, walk):
        return [n, walk.items(islice(base.__iter__(value), _N_ENDS))]
    return content_of(list(base.__iter__(value)), walk)


def open_deque(value: Any, walk: Walk) -> object:
    """Read a deque."""
    n, limit = deque.__len__(value), deque.maxlen.__get__(value)
    if is_too_much(n, walk):
        ends = islice(deque.__iter__(value), _N_ENDS), islice(deque.__reversed__(value), _N_ENDS)
        return [limit, n, *map(walk.items, ends)]
    return [limit, content_of(list(deque.__iter__(value)), walk)]


def is_too_much(n: int, walk: Walk) -> bool:
    """Tell whether so many items cannot be copied in time: then their ends are looked at, and that is noted."""
    if n <= _ASKED or walk.has_time(_COPIED * n):
        return False
    walk.unread()
    return True


def open_bytes(value: Any, walk: Walk) -> object:
    """Read bytes that can change, from copies: while a buffer is held, a thread could not lengthen them."""
    if type(value) is memoryview:
        with memoryview(value) as view:
            content = [view.nbytes, walk.bulk(view if view.contiguous else view.tobytes())]
            source = view.obj
        return [*content, walk.token(source)]
    base: Any = next(cls for cls in bases_of(type(value)) if name_of(cls) in ("bytearray", "array.array", "mmap.mmap"))
    n = base.__len__(value)
    if n <= _BYTES or walk.has_time(_READ * n):
        return [n, walk.bulk(base.__getitem__(value, slice(None)))]
    walk.unread()
    starts = [*range(0, n - _PIECE, n // _N_PIECES), n - _PIECE]
    return [n, *(bytes(base.__getitem__(value, slice(start, start + _PIECE))) for start in starts)]


def open_value(value: Any, walk: Walk) -> object:  # noqa: ARG001  (the others')
    """Read a number or text of a class of one's own."""
    base: Any = next(cls for cls in (str, bytes, int, float, complex) if issubclass(type(value), cls))
    return base.__getnewargs__(value)


def open_view(value: Any, walk: Walk) -> object:
    """Follow a view of a dict to the dict; one of a class's members is left alone."""
    (viewed,) = gc.get_referents(value)
    if type(value) is MappingProxyType and (type(viewed) is not dict or "__module__" in viewed):
        return ()
    return [walk.token(viewed)]


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
        # The list keeps its items alive: at the same addresses lie the same values, but for the odd one.
        if n > _MARSHALLED:
            return [n, _addresses(items, walk), marshal.dumps(items[:: n // 500], 2)]
        lengths = list(map(len, items)) if first is str else []
        return [_addresses(items, walk), lengths] if sum(lengths) > _LONG_TEXTS else items
    if n <= _MANY:
        return walk.items(items)
    walk.unread()
    return [n, _addresses(items, walk), walk.items(items[:: n // 500])]


def _addresses(items: list[Any], walk: Walk) -> object:
    """Return a digest of the addresses of items; of many, and without time for all, those of some."""
    n = len(items)
    if n <= _ASKED or walk.has_time(8 * _READ * n):
        return walk.bulk(pointers(items))
    walk.unread()
    starts = [*range(0, n - _PIECE, n // _N_PIECES), n - _PIECE]
    return [pointers(items, start, start + _PIECE) for start in starts]
