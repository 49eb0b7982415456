"""Sameness to the last bit, by its own way: nothing of mlexp's codecs is used here.

Two values are the same if no code of a user could tell them apart: types, bits (NaN payloads, -0.0), order, dtypes,
memory order, labels, names, categories, zones, frequencies, attrs and flags.
"""

import struct

import numpy as np
import pandas as pd


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and type(a) is float:
        return struct.pack("<d", a) == struct.pack("<d", b)
    if isinstance(a, complex) and type(a) is complex:
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)
    if isinstance(a, slice):
        return same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, range):
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    if isinstance(a, np.ndarray):
        return _same_arrays(a, b)
    if isinstance(a, (np.str_, np.bytes_)):
        return a == b
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and _bits(np.array(a)) == _bits(np.array(b))
    if isinstance(a, pd.DataFrame):
        columns = range(a.shape[1])
        return (
            a.shape == b.shape
            and same(a.columns, b.columns)
            and _same_around(a, b)
            and all(_same_columns(a.iloc[:, i].array, b.iloc[:, i].array) for i in columns)
        )
    if isinstance(a, pd.Series):
        return same(a.name, b.name) and _same_around(a, b) and _same_columns(a.array, b.array)
    if isinstance(a, pd.Index):
        return _same_indexes(a, b)
    if isinstance(a, (pd.Timestamp, pd.Timedelta)) and a is not pd.NaT:
        return a == b and a.unit == b.unit
    return bool(a is b or a == b)


def _same_arrays(a, b):
    if a.dtype != b.dtype or a.shape != b.shape or _orders(a) != _orders(b):
        return False
    if a.dtype == object:
        return same(a.ravel().tolist(), b.ravel().tolist())
    return _bits(a) == _bits(b)


def _orders(a):
    if not (a.flags.c_contiguous or a.flags.f_contiguous):
        return True, a.ndim < 2  # a copy of it lies in C order
    return a.flags.c_contiguous, a.flags.f_contiguous


def _bits(a):
    if a.dtype.char in "gG":  # of extended floats, some bytes only fill up
        parts = a.astype(a.dtype).reshape(-1).view(np.longdouble)
        return [(str(x), bool(np.signbit(x))) for x in parts]
    return a.tobytes()


def _same_around(a, b):
    return (
        same(a.index, b.index)
        and same(a.attrs, b.attrs)
        and a.flags.allows_duplicate_labels == b.flags.allows_duplicate_labels
    )


def _same_columns(a, b):
    """Compare two columns, such as `series.array`; the same numbers in another order of memory are the same."""
    if type(a) is not type(b) or len(a) != len(b) or type(a.dtype) is not type(b.dtype):
        return False
    if isinstance(a.dtype, pd.CategoricalDtype):
        return (
            a.dtype.ordered == b.dtype.ordered
            and same(a.dtype.categories, b.dtype.categories)
            and a.codes.tolist() == b.codes.tolist()
        )
    if isinstance(a.dtype, pd.StringDtype):
        missing = [column.dtype.na_value is pd.NA for column in (a, b)]
        return a.dtype.storage == b.dtype.storage and missing[0] == missing[1] and _texts(a) == _texts(b)
    if isinstance(a.dtype, pd.DatetimeTZDtype):
        return a.dtype == b.dtype and str(a.dtype.tz) == str(b.dtype.tz) and a.asi8.tolist() == b.asi8.tolist()
    if not isinstance(a.dtype, np.dtype):
        if a.dtype != b.dtype or a.isna().tolist() != b.isna().tolist():
            return False
        return same([x for x in a if x is not pd.NA], [x for x in b if x is not pd.NA])
    return _same_arrays(np.ascontiguousarray(a), np.ascontiguousarray(b))


def _texts(column):
    return [None if isna else text for text, isna in zip(column, column.isna(), strict=True)]


def _same_indexes(a, b):
    if not same(list(a.names), list(b.names)) or len(a) != len(b):
        return False
    if isinstance(a, pd.RangeIndex):
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    if isinstance(a, pd.MultiIndex):
        return (
            a.nlevels == b.nlevels
            and all(map(same, a.levels, b.levels))
            and [codes.tolist() for codes in a.codes] == [codes.tolist() for codes in b.codes]
        )
    return _same_columns(a.array, b.array) and getattr(a, "freq", None) == getattr(b, "freq", None)
