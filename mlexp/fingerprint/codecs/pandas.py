"""pandas: frames, series and indexes, column by column.

A column is described by its values, never by how the frame lies in memory: consolidated, sliced, copied and chunked
frames of equal content have equal descriptions. The levels of a MultiIndex count, unused ones too. Extension arrays
known here: categorical, string, nullable numbers and booleans, dates with a zone, periods, intervals, sparse ones.
Others (Arrow) raise NotWalkableError, naming the dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import module_of
from mlexp.fingerprint.codecs.identity import IdentityCodec

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Restorer, Walker

_NULLABLE = {
    name: getattr(pd, name)
    for name in ("Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype", "UInt16Dtype", "UInt32Dtype",
                 "UInt64Dtype", "Float32Dtype", "Float64Dtype", "BooleanDtype")
}  # fmt: skip


_PER_TEXT_S = 0.5e-6


class FrameCodec:
    """DataFrames."""

    kind = "pandas.DataFrame"

    def handles(self, value: object) -> bool:
        """Take plain frames."""
        return type(value) is pd.DataFrame

    def describe(self, value: Any, walker: Walker) -> object:
        """Return index, columns, each column's values, attrs and flags."""
        # The labels first: taking a column asks its label for its hash, and only known ones may be asked.
        index, labels = walker.child(value.index), walker.child(value.columns)
        columns = [_take_array(value.iloc[:, i].array, walker) for i in range(value.shape[1])]
        return [index, labels, columns, *_take_extras(value, walker)]

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the frame."""
        index, columns = restorer.child(fields[0]), restorer.child(fields[1])
        arrays = [_give_array(column, restorer) for column in fields[2]]
        if len(arrays) != len(columns) or any(len(array) != len(index) for array in arrays):
            raise NotWalkableError("a stored frame has columns of another length than its index")
        parts = {i: _series(array, index) for i, array in enumerate(arrays)}
        frame = pd.DataFrame(parts, index=index, columns=range(len(arrays)), copy=False)
        frame.columns = columns
        return _give_extras(frame, fields[3:], restorer)

    def summary(self, value: Any) -> str:
        """Return rows and columns."""
        return f"{value.shape[0]:,} × {value.shape[1]:,}"


class SeriesCodec:
    """Series."""

    kind = "pandas.Series"

    def handles(self, value: object) -> bool:
        """Take plain series."""
        return type(value) is pd.Series

    def describe(self, value: Any, walker: Walker) -> object:
        """Return index, name, values, attrs and flags."""
        array = _take_array(value.array, walker)
        return [walker.child(value.index), walker.child(value.name), array, *_take_extras(value, walker)]

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the series."""
        series = _series(_give_array(fields[2], restorer), restorer.child(fields[0]))
        series.name = restorer.child(fields[1])
        return _give_extras(series, fields[3:], restorer)

    def summary(self, value: Any) -> str:
        """Return the number of rows."""
        return f"{len(value):,}"


class IndexCodec:
    """Indexes of every kind whose values have a codec."""

    kind = "pandas.Index"

    def handles(self, value: object) -> bool:
        """Take pandas' own indexes."""
        return issubclass(type(value), pd.Index) and module_of(type(value)).partition(".")[0] == "pandas"

    def describe(self, value: Any, walker: Walker) -> object:
        """Return the kind of index, its names and its values."""
        names = [walker.child(name) for name in value.names]
        if isinstance(value, pd.RangeIndex):
            return ["range", names, [value.start, value.stop, value.step]]
        if isinstance(value, pd.MultiIndex):
            levels = [walker.child(level) for level in value.levels]
            return ["multi", names, [levels, [walker.child(np.asarray(codes)) for codes in value.codes]]]
        return ["plain", names, [_take_array(value.array, walker), _freq_text(value)]]

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the index."""
        form, names, content = fields[0], [restorer.child(name) for name in fields[1]], fields[2]
        if form == "range":
            start, stop, step = map(int, content)
            return pd.RangeIndex(start, stop, step, name=names[0])
        if form == "multi":
            levels, codes = ([restorer.child(part) for part in parts] for parts in content)
            return pd.MultiIndex(levels=levels, codes=codes, names=names)
        array = _give_array(content[0], restorer)
        index = pd.Index(array, name=names[0], dtype=getattr(array, "dtype", None), copy=False)
        return index if content[1] is None else type(index)(index, freq=content[1], name=names[0])

    def summary(self, value: Any) -> str:
        """Return the number of labels."""
        return f"{len(value):,}"


class ScalarCodec:
    """Timestamps, time differences, NA and NaT."""

    kind = "pandas.scalar"

    def handles(self, value: object) -> bool:
        """Take zone-less timestamps, time differences and the missing values."""
        plain = type(value) in (pd.Timestamp, pd.Timedelta) and getattr(value, "tz", None) is None
        return (plain and not getattr(value, "fold", 0)) or value is pd.NA or value is pd.NaT

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return what it is, and its number and unit."""
        if value is pd.NA or value is pd.NaT:
            return ["NA" if value is pd.NA else "NaT", 0, ""]
        return [type(value).__name__, int(value.asm8.view("i8")), value.unit]

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Return the value."""
        form, number, unit = fields
        if form in ("NA", "NaT"):
            return getattr(pd, form)
        if form == "Timestamp":
            return pd.Timestamp(np.datetime64(number, unit))
        return pd.Timedelta(np.timedelta64(number, unit))

    def summary(self, value: Any) -> str:  # noqa: ARG002  (the protocol's)
        """Return nothing: it has no extent."""
        return ""


class LabelCodec(IdentityCodec):
    """Periods, intervals, timestamps in a zone, offsets: for identity alone, by their text."""

    kind = "pandas.label"

    def handles(self, value: object) -> bool:
        """Take pandas' own."""
        kinds = (pd.Period, pd.Interval, pd.Timestamp, pd.DateOffset, pd.tseries.offsets.BaseOffset)
        return issubclass(type(value), kinds) and module_of(type(value)).partition(".")[0] == "pandas"

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return its class and text."""
        return [type(value).__name__, repr(value)]


class ArrayCodec:
    """Arrays of pandas' own: what `pd.cut` and `pd.array` give."""

    kind = "pandas.array"

    def handles(self, value: object) -> bool:
        """Take those that a column may hold."""
        return issubclass(type(value), pd.api.extensions.ExtensionArray) and type(value).__module__.startswith("pandas")

    def describe(self, value: Any, walker: Walker) -> object:
        """Return the values, as of a column."""
        return _take_array(value, walker)

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the array."""
        return _give_array(fields, restorer)

    def summary(self, value: Any) -> str:
        """Return the number of values."""
        return f"{len(value):,}"


def _take_array(array: Any, walker: Walker) -> list[object]:
    dtype = array.dtype
    if isinstance(dtype, np.dtype) or type(array) is pd.arrays.NumpyExtensionArray:
        return ["numpy", None, walker.child(np.asarray(array))]
    if isinstance(dtype, pd.CategoricalDtype):
        return [
            "category",
            bool(dtype.ordered),
            [walker.child(dtype.categories), walker.child(np.asarray(array.codes))],
        ]
    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if dtype.na_value is not pd.NA else "NA"
        return ["string", [dtype.storage, missing], _take_texts(array, walker)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ["zoned", [_zone_text(dtype), dtype.unit], walker.child(np.asarray(array.asi8))]
    if isinstance(dtype, pd.PeriodDtype):
        return ["period", _period_text(dtype), walker.child(np.asarray(array.asi8))]
    if isinstance(dtype, pd.IntervalDtype):
        return ["interval", dtype.closed, [_take_array(side.array, walker) for side in (array.left, array.right)]]
    if isinstance(dtype, pd.SparseDtype):
        dense, detail = array.to_dense(), [walker.child(array.fill_value), array.kind]
        again = pd.arrays.SparseArray(dense, fill_value=array.fill_value, kind=array.kind)
        if again.dtype != dtype or not again.sp_index.equals(array.sp_index):
            raise NotWalkableError(f"no codec for a column of dtype {dtype} that stores what it need not")
        return ["sparse", detail, walker.child(dense)]
    for name, cls in _NULLABLE.items():
        if isinstance(dtype, cls):
            mask = np.asarray(array.isna(), dtype=bool)
            values = array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
            return ["nullable", name, [walker.child(np.asarray(values)), walker.child(mask)]]
    raise NotWalkableError(f"no codec for columns of dtype {dtype}")


def _give_array(fields: Any, restorer: Restorer) -> Any:
    form, detail, content = fields
    if form == "numpy":
        return restorer.child(content)
    if form == "category":
        categories, codes = (restorer.child(part) for part in content)
        return pd.Categorical.from_codes(codes, categories=categories, ordered=bool(detail))
    if form == "string":
        dtype = pd.StringDtype(detail[0], na_value=np.nan) if detail[1] == "nan" else pd.StringDtype(detail[0])
        return pd.array(_give_texts(content, restorer), dtype=dtype)
    if form == "zoned":
        stamps = restorer.child(content).view(f"M8[{detail[1]}]")
        return pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(detail[0]).array
    if form == "period":
        return pd.arrays.PeriodArray(restorer.child(content), dtype=pd.PeriodDtype(str(detail)))
    if form == "interval" and detail in ("left", "right", "both", "neither"):
        left, right = (_give_array(side, restorer) for side in content)
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=detail)
    if form == "sparse":
        dense, fill = restorer.child(content), restorer.child(detail[0])
        return pd.arrays.SparseArray(dense, fill_value=fill, kind="block" if detail[1] == "block" else "integer")
    if form == "nullable" and detail in _NULLABLE:
        values, mask = (restorer.child(part) for part in content)
        kind = pd.arrays.BooleanArray if detail == "BooleanDtype" else (
            pd.arrays.FloatingArray if detail.startswith("Float") else pd.arrays.IntegerArray
        )  # fmt: skip
        return kind(values, mask)
    raise NotWalkableError(f"a stored column has an unknown form {form!r}")


def _series(array: Any, index: Any) -> Any:
    # Told no dtype, pandas takes objects for texts or dates where all of them are.
    return pd.Series(array, index=index, dtype=array.dtype, copy=False)


def _freq_text(index: Any) -> str | None:
    freq = index.freq if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) else None
    if freq is None:
        return None
    try:
        exact = pd.tseries.frequencies.to_offset(freq.freqstr) == freq
    except ValueError:
        exact = False
    if not exact:
        raise NotWalkableError(f"no codec for an index with freq {freq!r}: its text does not give it back")
    return str(freq.freqstr)


def _zone_text(dtype: Any) -> str:
    text = str(dtype.tz)
    try:
        exact = pd.DatetimeTZDtype(dtype.unit, text) == dtype
    except Exception:  # what pandas raises for a zone that it does not know has changed several times
        exact = False
    if not exact:
        raise NotWalkableError(f"no codec for times in the zone {dtype.tz!r}: its name does not give it back")
    return text


def _period_text(dtype: Any) -> str:
    text = str(dtype).removeprefix("period[").removesuffix("]")
    try:
        exact = pd.PeriodDtype(text) == dtype
    except ValueError:
        exact = False
    if not exact:
        raise NotWalkableError(f"no codec for columns of dtype {dtype}: its text does not give it back")
    return text


def _take_texts(array: Any, walker: Walker) -> list[object]:
    """Describe texts by their lengths in bytes (-1: missing) and all bytes in a row."""
    walker.ahead(len(array), _PER_TEXT_S)
    encoded = [None if text is pd.NA or text is np.nan or text is None or text != text else
               text.encode("utf-8", "surrogatepass") for text in array.to_numpy(dtype=object)]  # fmt: skip
    lengths = np.array([-1 if text is None else len(text) for text in encoded], dtype="<i8")
    return [walker.child(lengths), walker.buffer(b"".join(text for text in encoded if text is not None))]


def _give_texts(fields: Any, restorer: Restorer) -> list[object]:
    lengths, data = restorer.child(fields[0]), restorer.buffer(fields[1])
    if int(np.maximum(lengths, 0).sum()) != len(data):
        raise NotWalkableError("a stored column of texts has other lengths than its bytes")
    texts: list[object] = []
    start = 0
    for length in lengths.tolist():
        texts.append(None if length < 0 else data[start : start + length].decode("utf-8", "surrogatepass"))
        start += max(length, 0)
    return texts


def _take_extras(value: Any, walker: Walker) -> list[object]:
    return [walker.child(dict(value.attrs)), bool(value.flags.allows_duplicate_labels)]


def _give_extras(value: Any, fields: Any, restorer: Restorer) -> Any:
    value.attrs = restorer.child(fields[0])
    return value if fields[1] else value.set_flags(allows_duplicate_labels=False)


codecs = (FrameCodec(), SeriesCodec(), IndexCodec(), ScalarCodec(), ArrayCodec(), LabelCodec())
