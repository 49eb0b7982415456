"""Arrays of NumPy, and sparse ones of SciPy: views of the same bytes share one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import attributes_of
from mlexp.fingerprint.nodes import builtin
from mlexp.fingerprint.nodes.graph import shared_key

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_part = {name: np.ndarray.__dict__[name].__get__ for name in ("base", "shape", "strides", "dtype", "flags", "nbytes")}
_interface = np.ndarray.__dict__["__array_interface__"].__get__
_SMALL_BYTES = 1 << 20


def open_array(value: Any, walk: Walk) -> object:
    """Read how an array lies over its bytes, and queue these."""
    root = root_of(value)
    dtype = _part["dtype"](value)
    content: list[object] = [_part["shape"](value), _part["strides"](value), text_of(dtype)]
    content.append(_part["flags"](value).writeable)
    if _part["nbytes"](root) == 0:
        return content
    start = address_of(root)
    content += [address_of(value) - start, walk.inner(shared_key(start), open_bytes, root)]
    base = _part["base"](root)
    return content if base is None or type(base) is bytes else [*content, walk.token(base)]


def open_bytes(root: Any, walk: Walk) -> object:
    """Read the bytes of an array that owns them."""
    if _part["dtype"](root).hasobject:
        if _part["dtype"](root).kind != "O":
            raise NotWalkableError("an array of records that hold objects")
        return objects_of(np.ndarray.reshape(root, -1), walk)
    return walk.bulk(flat_bytes(root))


def objects_of(row: Any, walk: Walk) -> object:
    """Read a row of objects; of many, and without time for all, some."""
    n = _part["shape"](row)[0]
    if not builtin.is_too_much(n, walk):
        return builtin.content_of(np.ndarray.tolist(row), walk)
    return [n, walk.items(np.ndarray.tolist(np.ndarray.__getitem__(row, slice(None, None, n // 500))))]


def flat_bytes(array: Any) -> Any:
    """Return all bytes of an array in a row, without a copy where it lies in a row."""
    plain = np.ndarray.view(array, np.ndarray)
    if plain.dtype.kind == "T":  # texts that lie elsewhere
        raise NotWalkableError("an array of texts of any length")
    if plain.flags.f_contiguous:
        plain = plain.T
    if not plain.flags.c_contiguous:
        if plain.nbytes > _SMALL_BYTES:
            raise NotWalkableError("a large array that does not lie in a row")
        plain = np.ascontiguousarray(plain)
    return plain.reshape(-1).view(np.uint8)


def root_of(array: Any) -> Any:
    """Return the array that owns the bytes, or the first that lies over them."""
    base = _part["base"]
    while issubclass(type(under := base(array)), np.ndarray):
        array = under
    return array


def address_of(array: Any) -> int:
    """Return where an array begins."""
    return int(_interface(array)["data"][0])


def text_of(dtype: Any) -> str:
    """Return what tells a dtype from others."""
    return str(dtype.str) if dtype.names is None else repr(dtype.descr)


def open_sparse(value: Any, walk: Walk) -> object:
    """Read a sparse array: its parts, not what it has found out about them, such as whether they are sorted."""
    held = attributes_of(value)
    return [[name, walk.token(item)] for name, item in held.items() if not name.startswith("_has_")]


def value_of_scalar(value: Any) -> object:
    """Return the bytes of a scalar."""
    return (np.generic.tobytes(value), str(np.generic.__dict__["dtype"].__get__(value).str))
