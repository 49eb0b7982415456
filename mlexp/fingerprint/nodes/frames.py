"""Frames, series and indexes of pandas.

A frame is read column by column, so that pandas may lay its columns together without a change. What an array shares
with it is known under the address of the bytes: when one of the two has changed, so has the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import attributes_of, module_of
from mlexp.fingerprint.nodes import arrays
from mlexp.fingerprint.nodes.graph import digest_of, shared_key

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_NOT_HELD = frozenset({"_mgr", "_item_cache", "_cacher", "_is_copy", "_cache", "_flags", "_attrs"})
_MAX_COLUMNS = 100
"""Blocks of more columns are read as they lie."""


def open_frame(value: Any, walk: Walk) -> object:
    """Read a frame or series."""
    held = attributes_of(value)
    blocks = held["_mgr"]
    if module_of(type(blocks)).partition(".")[0] != "pandas":
        raise NotWalkableError("a frame of parts that pandas does not know")
    axes = list(blocks.axes)
    columns: dict[int, object] = {}
    walk.expect(sum(int(block.values.nbytes) for block in blocks.blocks))
    for block in blocks.blocks:
        digests = _columns(block.values, walk)
        places = block.mgr_locs.as_array.tolist() if len(axes) == 2 else [0]
        if len(digests) == len(places):
            columns |= zip(places, digests, strict=True)
        else:
            columns[places[0]] = [places, digests]
    content = [walk.items(axes), [columns[place] for place in sorted(columns)]]
    content.append([bool(held["_flags"]._allows_duplicate_labels), walk.token(held.get("_attrs"))])
    own = [[name, walk.token(item)] for name, item in held.items() if name not in _NOT_HELD]
    return [*content, own]


def open_index(value: Any, walk: Walk) -> object:
    """Read an index: its names, and samples of its labels, which never change in place."""
    held = attributes_of(value)
    if "_range" in held:
        return [walk.token(held.get("_name")), walk.token(held["_range"])]
    if "_codes" in held:
        parts = [*list.__iter__(held["_levels"]), *list.__iter__(held["_codes"])]
        return [walk.items(list.__iter__(held["_names"])), walk.items(parts)]
    since = walk.n_bulk
    content = [walk.token(held.get("_name")), _columns(held["_data"], walk)]
    walk.forget_bulk(since)
    return content


def open_extension(value: Any, walk: Walk) -> object:
    """Read a column's array that NumPy does not have."""
    if module_of(type(value)).partition(".")[0] != "pandas":
        raise NotWalkableError("an array of another library")
    held = attributes_of(value)
    if "_pa_array" in held:  # Arrow's arrays never change: the place holds another after a change
        content: list[object] = []
        for chunk in held["_pa_array"].chunks:
            parts = [walk.bulk(memoryview(part)) if part is not None and part.size else 0 for part in chunk.buffers()]
            content += [chunk.offset, len(chunk), parts]
        return content
    if "_mask" in held:
        return [_columns(held["_data"], walk), _columns(held["_mask"], walk)]
    under = getattr(value, "_ndarray", None)
    if under is not None:
        dtype = value.dtype
        labels = [walk.token(dtype.categories), bool(dtype.ordered)] if hasattr(dtype, "categories") else str(dtype)
        return [_columns(under, walk), labels]
    return [[name, walk.token(item)] for name, item in held.items() if name not in ("_dtype", "_cache")]


def value_of_time(value: Any) -> object:
    """Return the number and unit of a Timestamp or Timedelta."""
    return (int(value.asm8.view("i8")), str(value.unit))


def _columns(values: Any, walk: Walk) -> list[object]:
    """Return what each column of a block holds; one for all where they do not lie one after another."""
    if not issubclass(type(values), np.ndarray):
        return [open_extension(values, walk)]
    dtype = arrays.text_of(values.dtype)
    rows = [values] if values.ndim == 1 else list(values)
    if values.dtype.hasobject:
        return [[dtype, arrays.objects_of(row, walk)] for row in rows]
    if values.nbytes == 0:
        return [dtype for _ in rows]
    since = walk.n_bulk
    if len(rows) > _MAX_COLUMNS or not rows[0].flags.c_contiguous:
        digests: list[object] = [[dtype, walk.bulk(arrays.flat_bytes(values))]]
    else:
        digests = [[dtype, walk.bulk(arrays.flat_bytes(row))] for row in rows]
    key = shared_key(arrays.address_of(arrays.root_of(values)), by_column=True)
    walk.put(key, digest_of(digests), walk.take_bulk(since))
    return digests
