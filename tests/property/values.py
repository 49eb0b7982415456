"""Values of every kind that has a codec."""

import string
from datetime import date, time

import numpy as np
import pandas as pd
from hypothesis import strategies as st

MAX_ROWS = 5

# Python's own

texts = (
    st.text(max_size=8) | st.text("ab\x00\ud800\U0001f680", max_size=4) | st.integers(4090, 5000).map(lambda n: "x" * n)
)
floats = st.floats() | st.integers(0, 2**64 - 1).map(lambda bits: np.uint64(bits).view(np.float64).item())
integers = st.integers() | st.integers(-70, 70).map(lambda n: 2 ** abs(n) * (1 if n > 0 else -1))
moments = st.datetimes().map(lambda moment: moment.replace(fold=0))
hashables = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    floats,
    st.complex_numbers(),
    texts,
    st.binary(max_size=5),
    st.dates(),
    st.times().map(lambda moment: moment.replace(fold=0)),
    moments,
    st.timedeltas(),
    st.builds(range, st.integers(), st.integers(), st.integers(1)),
    st.just(range(10**30, -5, -3)),
)
scalars = hashables | st.builds(bytearray, st.binary(max_size=5)) | st.builds(slice, integers, st.none(), texts)
keys = st.recursive(hashables, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)

# NumPy

DTYPES = [
    *"? b B h H i I i8 u8 e f d g F D G".split(),
    *">i2 >u8 >f4 >f8 >c16 >M8[ns] >U3".split(),
    *"M8[ns] M8[us] M8[D] M8[25s] M8[Y] M8 m8[ns] m8[s] m8 S1 S7 U1 U5 V3 V16".split(),
    "i4,f8",
    "S3,?",
    [("a", "<i2"), ("b", [("c", ">f4"), ("d", "U2")])],
    [("x", "<f8", (2, 3))],
    [(("title", "name"), "<i8")],
]
dtypes = st.sampled_from(DTYPES).map(np.dtype)
shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


def bits(draw, dtype, n):
    """Any bits that an array of this dtype can hold: NaNs with payloads, NaT, strange code points, odd booleans."""
    data = bytearray(draw(st.binary(min_size=n * dtype.itemsize, max_size=n * dtype.itemsize)))
    if draw(st.booleans()):  # numbers as people have them
        data[:] = bytes(len(data))
    return np.frombuffer(data, dtype=dtype) if n else np.empty(0, dtype)


@st.composite
def arrays(draw, dtypes=dtypes, shapes=shapes):
    dtype, shape = draw(dtypes), draw(shapes)
    if dtype.char in "gG":  # not all bits are numbers
        count = int(np.prod(shape))
        with np.errstate(all="ignore"):
            flat = np.array(draw(st.lists(floats, min_size=count, max_size=count)), dtype=dtype) / np.longdouble(3)
        return flat.reshape(shape, order=draw(st.sampled_from("CF")))
    return bits(draw, dtype, int(np.prod(shape))).reshape(shape, order=draw(st.sampled_from("CF")))


numpy_scalars = st.one_of(
    arrays(dtypes.filter(lambda dtype: "U" not in str(dtype)), st.just((1,))).map(
        lambda a: a[0]
    ),  # not all bits are text
    texts.map(np.str_),
    st.binary(max_size=5).map(np.bytes_),
)


@st.composite
def object_arrays(draw, items=plain | numpy_scalars):
    shape = draw(shapes)
    flat = np.empty(int(np.prod(shape)), dtype=object)
    for i in range(flat.size):
        flat[i] = draw(items)
    return flat.reshape(shape, order=draw(st.sampled_from("CF")))


# pandas

labels = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.sampled_from("ab"),
    st.text(max_size=3),
    st.floats(),
    st.tuples(st.integers(0, 1), st.sampled_from("xy")),
    st.booleans(),
    st.just(pd.Timestamp("2026-03-14")),
    st.just(date(2026, 3, 14)),
)
names = st.none() | st.sampled_from(["a", "b", ""]) | st.tuples(st.integers(0, 1), st.text(max_size=1)) | st.integers()
objects = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.dates(), moments,
    st.timedeltas(), st.just(pd.NA), st.just(pd.NaT), st.just(pd.Timestamp("2026-03-14")), st.just(time(1)),
    st.just(pd.Timedelta("1s")), st.tuples(st.integers()), st.lists(st.integers(), max_size=2), numpy_scalars,
)  # fmt: skip
COLUMN_DTYPES = "? b B h i i8 u8 e f d F D M8[ns] M8[us] M8[ms] M8[s] m8[ns] m8[s]".split()
NULLABLE = "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64 boolean".split()
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC+01:00", "-03:30"]
ALPHABET = st.text(string.ascii_letters + "é学\x00\U0001f680", max_size=4)


def sized(strategy, n):
    return st.lists(strategy, min_size=n, max_size=n)


@st.composite
def columns(draw, n):
    """A column of n rows, as pandas' own array."""
    kind = draw(st.sampled_from(["numpy", "object", "texts", "category", "str", "string", "zoned", "nullable"]))
    if kind == "numpy":
        dtype = np.dtype(draw(st.sampled_from(COLUMN_DTYPES)))
        values = draw(sized(st.booleans(), n)) if dtype.kind == "b" else bits(draw, dtype, n)
        return np.array(values, dtype=dtype)
    if kind in ("object", "texts"):  # texts and dates alone would tempt pandas to guess
        items = objects if kind == "object" else draw(st.sampled_from([st.text(max_size=2), moments, st.none()]))
        values = np.empty(n, dtype=object)
        for i, item in enumerate(draw(sized(items, n))):
            values[i] = item
        return values
    if kind == "category":
        items = draw(st.sampled_from([st.text(max_size=2), st.integers(), st.floats(allow_nan=False), st.booleans()]))
        categories = pd.Index(
            draw(st.lists(items, unique=True, max_size=4)), name=draw(st.sampled_from([None, "name"]))
        )
        codes = draw(sized(st.integers(-1, len(categories) - 1), n))
        return pd.Categorical.from_codes(codes, categories=categories, ordered=draw(st.booleans()))
    if kind in ("str", "string"):
        storage = draw(st.sampled_from(["python", "pyarrow"]))
        missing = {"na_value": np.nan} if kind == "str" else {}
        return pd.array(draw(sized(st.none() | ALPHABET, n)), dtype=pd.StringDtype(storage, **missing))
    if kind == "zoned":
        unit, zone = draw(st.sampled_from(["ns", "us", "ms", "s"])), draw(st.sampled_from(ZONES))
        numbers = st.just(-(2**63)) | st.integers(-(10**9), 10**9)  # NaT, and others
        stamps = np.array(draw(sized(numbers, n)), dtype="i8").view(f"M8[{unit}]")
        return pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(zone).array
    name = draw(st.sampled_from(NULLABLE))
    dtype = pd.array([], dtype=name).dtype
    mask = np.array(draw(sized(st.booleans(), n)), dtype=bool)
    if name == "boolean":
        return pd.arrays.BooleanArray(np.array(draw(sized(st.booleans(), n)), dtype=bool), mask)
    values = np.zeros(n, dtype.numpy_dtype) + bits(draw, dtype.numpy_dtype, n)
    if values.dtype.kind == "f":
        values[np.isnan(values)] = -0.0  # pandas has NA for NaN here
        return pd.arrays.FloatingArray(values, mask)
    return pd.arrays.IntegerArray(values, mask)


FREQS = ["D", "h", "15min", "MS", "ME", "W-TUE", "B", "QS-FEB", "YE", "2D", "3s"]


@st.composite
def indexes(draw, n):
    """An index of n rows."""
    kind = draw(st.sampled_from(["range", "column", "column", "labels", "freq", "timedelta", "multi"]))
    name = draw(names)
    if kind == "range":
        step = draw(st.sampled_from([1, 2, -1]))
        start = draw(st.integers(-3, 3))
        return pd.RangeIndex(start, start + n * step, step, name=name)
    if kind == "labels":
        return pd.Index(draw(sized(labels, n)), dtype=object, name=name, tupleize_cols=False)
    if kind == "freq":
        zone = draw(st.none() | st.sampled_from(ZONES[:3]))
        return pd.date_range("2026-03-01", periods=n, freq=draw(st.sampled_from(FREQS)), tz=zone, name=name)
    if kind == "timedelta":
        return pd.timedelta_range("1D", periods=n, freq=draw(st.sampled_from(["D", "h", "3s"])), name=name)
    if kind == "multi":
        first, second = draw(sized(st.sampled_from("ab"), n)), draw(sized(st.integers(0, 2) | st.just(np.nan), n))
        made = pd.MultiIndex.from_arrays([first, second], names=[name, draw(names)])
        return made if draw(st.booleans()) or n == 0 else made[::-1].sortlevel()[0]
    array = draw(columns(n).filter(lambda array: array.dtype not in (np.float16, object)))
    return pd.Index(array, name=name, dtype=array.dtype)


attrs = st.just({}) | st.dictionaries(
    st.text(max_size=2), st.integers() | st.lists(st.floats(), max_size=2), max_size=2
)


@st.composite
def series(draw):
    n = draw(st.integers(0, MAX_ROWS))
    array = draw(columns(n))
    found = pd.Series(array, index=draw(indexes(n)), name=draw(names), dtype=array.dtype)
    found.attrs = draw(attrs)
    return _flagged(draw, found)


@st.composite
def frames(draw):
    n, n_columns = draw(st.integers(0, MAX_ROWS)), draw(st.integers(0, 4))
    index = draw(indexes(n))
    parts = [pd.Series(array, index=index, dtype=array.dtype) for array in (draw(columns(n)) for _ in range(n_columns))]
    frame = pd.DataFrame(dict(enumerate(parts)), index=index, columns=range(n_columns))
    frame.columns = draw(indexes(n_columns))
    frame.attrs = draw(attrs)
    if draw(st.booleans()):
        frame = frame.copy()  # consolidated
    return _flagged(draw, frame)


def _flagged(draw, value):
    unique = value.index.is_unique and (value.ndim == 1 or value.columns.is_unique)
    return value.set_flags(allows_duplicate_labels=False) if unique and draw(st.booleans()) else value


any_index = st.integers(0, MAX_ROWS).flatmap(indexes)
pandas_scalars = st.one_of(
    st.just(pd.NA),
    st.just(pd.NaT),
    st.builds(
        lambda n, unit: pd.Timestamp(np.datetime64(n, unit)), st.integers(-(10**9), 10**9), st.sampled_from(["s", "ns"])
    ),
    st.builds(
        lambda n, unit: pd.Timedelta(np.timedelta64(n, unit)),
        st.integers(-(10**9), 10**9),
        st.sampled_from(["s", "ms"]),
    ),
)
everything = st.one_of(plain, arrays(), numpy_scalars, object_arrays(), frames(), series(), any_index, pandas_scalars)
