"""decode(encode(x)) is x to the last bit, and equal content is one digest however it lies in memory."""

import pickle
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta, timezone

import msgpack
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlexp.errors import NotWalkableError
from mlexp.fingerprint import content_digest, describe, digest_of, kind_of, restore, summary_of
from tests.property import values
from tests.same import same


def taken_apart(value):
    kept = {}

    def sink(content):
        digest = content_digest(content)
        kept[digest] = bytes(content)
        return digest

    return describe(value, sink), kept


def there_and_back(value):
    described, kept = taken_apart(value)
    return restore(described.packed, kept.__getitem__)


# There and back


def assert_comes_back(value):
    described, kept = taken_apart(value)
    back = restore(described.packed, kept.__getitem__)
    assert same(back, value), (value, back)
    assert digest_of(back) == digest_of(value) == described.digest
    assert kind_of(value) == described.kind
    assert isinstance(summary_of(value), str)


@given(values.plain)
def test_python_values_come_back(value):
    assert_comes_back(value)


@given(values.arrays())
def test_arrays_come_back(value):
    assert_comes_back(value)
    assert there_and_back(value).flags.writeable


@given(values.numpy_scalars | values.dtypes)
def test_numpy_scalars_and_dtypes_come_back(value):
    assert_comes_back(value)


@given(values.object_arrays())
def test_object_arrays_come_back(value):
    assert_comes_back(value)


@given(values.any_index | values.pandas_scalars)
def test_indexes_come_back(value):
    assert_comes_back(value)


@given(values.series())
def test_series_come_back(value):
    assert_comes_back(value)


@given(values.frames())
def test_frames_come_back(value):
    assert_comes_back(value)


@given(st.lists(values.everything, max_size=3), values.keys)
def test_containers_of_everything_come_back(items, key):
    assert_comes_back({key: items, "again": tuple(items)})


# One digest for equal content


@given(values.arrays())
def test_an_array_has_one_digest_however_it_lies(array):
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    around = np.zeros([2 * n + 1 for n in array.shape], dtype=array.dtype, order=order)
    window = around[(*(slice(1, 2 * n + 1, 2) for n in array.shape), ...)]
    window[...] = array
    shifted = np.frombuffer(b"\0" + array.tobytes(order), dtype=np.uint8)[1:]  # on an odd address
    read_only = array.copy(order="K")
    read_only.flags.writeable = False
    ways = [array.copy(order="K"), array.view(), read_only]
    if order == "C":
        ways += [window, np.ascontiguousarray(window).reshape(array.shape)] if array.dtype.names is None else []
    if array.size and array.dtype.itemsize and array.dtype.char not in "gG":
        ways.append(shifted.view(array.dtype).reshape(array.shape, order=order))
    for way in ways:
        assert digest_of(way) == digest_of(array)


@pytest.mark.parametrize("code", "gG")
def test_bytes_that_only_fill_up_an_extended_float_do_not_count(code):
    array = np.array([1.5, -0.0, np.nan, 2.0], dtype=code)
    littered = array.copy()
    if np.finfo(np.longdouble).nmant == 63:
        littered.view(np.uint8).reshape(-1, 16)[:, 10:] = 0xAA
    assert digest_of(littered) == digest_of(array)
    assert digest_of(littered[0]) == digest_of(array[0])


def rebuilt(frame):
    """The same frame, built in other ways."""
    yield frame.copy()
    yield frame.iloc[:, :].iloc[:]
    parts = {i: frame.iloc[:, i].copy() for i in range(frame.shape[1])}
    by_column = pd.DataFrame(index=frame.index, columns=range(0))
    for i, part in parts.items():
        by_column.insert(i, i, part)  # a block each
    by_column.columns = frame.columns
    yield with_extras(by_column, frame)
    twice = pd.concat([frame.reset_index(drop=True), frame.reset_index(drop=True)]).iloc[len(frame) :]
    twice.index = frame.index
    twice.columns = frame.columns
    for other in with_extras(twice, frame), pickle.loads(pickle.dumps(frame)):
        if same(other, frame):  # neither concat nor pickle is always true to what it is given
            yield other


def with_extras(frame, like):
    frame.attrs = like.attrs
    return frame.set_flags(allows_duplicate_labels=like.flags.allows_duplicate_labels)


@given(values.frames())
def test_a_frame_has_one_digest_however_it_was_built(frame):
    for other in rebuilt(frame.set_flags(allows_duplicate_labels=True)):
        assert digest_of(with_extras(other, frame)) == digest_of(frame)


def test_a_large_frame_has_one_digest_however_it_was_built():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.random(1000), "b": rng.integers(9, size=1000), "c": rng.random(1000)})
    longer = pd.concat([frame, frame], ignore_index=True)
    assert digest_of(longer.iloc[:1000]) == digest_of(frame)
    assert digest_of(longer.iloc[:1000][["a", "b", "c"]]) == digest_of(frame)
    frame["d"] = frame.pop("b")
    assert digest_of(frame) == digest_of(pd.DataFrame({"a": frame.a, "c": frame.c, "d": frame.d}))


IN_ANOTHER_PROCESS = """
from mlexp.fingerprint import digest_of
print(digest_of({"s": {"a", "b", "c", ("d", 1), None}, "f": frozenset({"x", "y", 2.5})}))
"""


def test_sets_have_one_digest_whatever_the_hash_seed():
    found = set()
    for seed in "0", "1", "2":
        child = [sys.executable, "-c", IN_ANOTHER_PROCESS]
        found.add(subprocess.run(child, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout.decode())
    value = {"s": {"a", "b", "c", ("d", 1), None}, "f": frozenset({"x", "y", 2.5})}
    assert found == {digest_of(value) + "\n"}


# Another digest for anything else


@given(values.everything, values.everything)
def test_two_values_have_one_digest_only_if_they_are_the_same(a, b):
    assert (digest_of(a) == digest_of(b)) == same(a, b)


@given(st.data())
def test_one_flipped_bit_is_another_array(data):
    array = data.draw(values.arrays())
    assume(array.size and array.dtype.itemsize and array.dtype.char not in "gG")
    content = bytearray(array.tobytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    mutant = np.frombuffer(content, dtype=array.dtype).reshape(array.shape).copy(order=order)
    assert digest_of(mutant) != digest_of(array)


def mutants(draw, frame):
    """Frames that differ from this one in one respect, or by chance in none."""
    row, column = (draw(st.integers(0, max(0, n - 1))) for n in frame.shape)
    if frame.shape[1]:
        yield frame.drop(columns=frame.columns[:0]).iloc[:, ::-1]
        yield frame.iloc[:, [column]]
        yield frame.set_axis(draw(values.indexes(frame.shape[1])), axis=1)
        yield with_column(frame, column, draw(values.columns(len(frame))))
    if len(frame):
        yield frame.iloc[::-1]
        yield frame.iloc[: row + 1]
        yield frame.set_axis(draw(values.indexes(len(frame))), axis=0)
    if frame.size:
        rows = [*range(len(frame))]
        rows[row] = draw(st.integers(0, len(frame) - 1))
        yield with_column(frame, column, frame.iloc[:, column].array.take(rows))
    yield frame.rename_axis("another", axis=0) if frame.index.nlevels == 1 else frame.iloc[:0]
    yield with_attrs(frame, {"another": 1})


def with_column(frame, column, array):
    parts = {i: frame.iloc[:, i] for i in range(frame.shape[1])}
    parts[column] = pd.Series(array, index=frame.index, dtype=array.dtype)
    found = pd.DataFrame(parts, index=frame.index, columns=range(len(parts)))
    found.columns = frame.columns
    return found


def with_attrs(frame, attrs):
    frame = frame.copy()
    frame.attrs = attrs
    return frame


@given(st.data())
def test_one_change_is_another_frame(data):
    frame = data.draw(values.frames()).set_flags(allows_duplicate_labels=True)
    for mutant in mutants(data.draw, frame):
        assert (digest_of(mutant) == digest_of(frame)) == same(mutant, frame)


ONE_CHANGE = {
    "a cell": lambda f: f.assign(x=[1.0, 2.0, 3.5]),
    "the sign of zero": lambda f: f.assign(zero=[-0.0, 0.0, 0.0]),
    "a missing text": lambda f: f.assign(s=pd.array(["a", None, "c"], dtype=f["s"].dtype)),
    "the order of rows": lambda f: f.iloc[[0, 2, 1]].set_axis(f.index),
    "the order of columns": lambda f: f[[*f.columns[1:], f.columns[0]]],
    "a dtype": lambda f: f.astype({"x": "float32"}),
    "a nullable dtype": lambda f: f.astype({"n": "Float64"}),
    "the storage of texts": lambda f: f.astype({"s": pd.StringDtype("python", na_value=np.nan)}),
    "what a missing text is": lambda f: f.astype({"s": pd.StringDtype("pyarrow")}),
    "a unit": lambda f: f.assign(t=f["t"].dt.as_unit("ms")),
    "a zone": lambda f: f.assign(t=f["t"].dt.tz_convert("Europe/Paris")),
    "categories": lambda f: f.assign(c=f["c"].cat.add_categories(["z"])),
    "the order of categories": lambda f: f.assign(c=f["c"].cat.reorder_categories(["b", "a"])),
    "ordered categories": lambda f: f.assign(c=f["c"].cat.as_ordered()),
    "a label": lambda f: f.set_axis([10, 20, 31], axis=0),
    "a label's type": lambda f: f.set_axis(pd.Index([10.0, 20.0, 30.0], name=f.index.name), axis=0),
    "the index's name": lambda f: f.rename_axis("other"),
    "a column's name": lambda f: f.rename(columns={"x": "y"}),
    "the columns' name": lambda f: f.rename_axis("other", axis=1),
    "attrs": lambda f: with_attrs(f, {"source": "elsewhere"}),
    "a flag": lambda f: f.set_flags(allows_duplicate_labels=False),
    "a range": lambda f: f.set_axis(pd.RangeIndex(10, 40, 10, name=f.index.name), axis=0),
}


@pytest.mark.parametrize("change", ONE_CHANGE.values(), ids=ONE_CHANGE)
def test_each_change_is_seen(change):
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0],
            "zero": [0.0, 0.0, 0.0],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "s": pd.array(["a", "", "c"], dtype=pd.StringDtype("pyarrow", na_value=np.nan)),
            "c": pd.Categorical(["a", "b", "a"], categories=["a", "b"]),
            "t": pd.date_range("2026-03-01", periods=3, tz="Europe/Berlin"),
        },
        index=pd.Index([10, 20, 30], name="id"),
    )
    changed = change(frame)
    assert digest_of(changed) != digest_of(frame)
    assert not same(changed, frame)
    assert same(there_and_back(changed), changed)


EXTENSIONS = {
    "intervals": lambda: pd.Series(pd.interval_range(0.0, 2.0, closed="left")),
    "other intervals": lambda: pd.Series(pd.interval_range(0.0, 2.0)),
    "intervals of dates": lambda: pd.IntervalIndex.from_breaks(pd.date_range("2026", periods=3, tz="UTC")),
    "a cut": lambda: pd.cut(np.arange(6.0), 3),
    "periods": lambda: pd.Series(pd.period_range("2026", periods=2, freq="Q")),
    "a period index": lambda: pd.period_range("2026", periods=2, freq="M", name="month"),
    "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 1, 0])),
    "sparse with another fill": lambda: pd.Series(pd.arrays.SparseArray([1.0, 2.0, 1.0], fill_value=1.0)),
}


@pytest.mark.parametrize("make", EXTENSIONS.values(), ids=EXTENSIONS)
def test_extension_arrays_come_back(make):
    value = make()
    back = there_and_back(value)
    assert type(back) is type(value)
    assert back.dtype == value.dtype
    assert list(back) == list(value)
    assert digest_of(back) == digest_of(value) == digest_of(make())


def test_extension_arrays_have_identities_of_their_own():
    assert len({digest_of(make()) for make in EXTENSIONS.values()}) == len(EXTENSIONS)


# What has no codec, and descriptions that are none


class Text(str):
    pass


class Frame(pd.DataFrame):
    pass


LOOP = []
LOOP.append(LOOP)
NO_CODEC = {
    "a subclass": Text("a"),
    "a frame's subclass": Frame({"a": [1]}),
    "an object": object(),
    "a function": len,
    "a class": int,
    "a loop": LOOP,
    "a loop of objects": np.array([LOOP, None], dtype=object),
    "a masked array": np.ma.array([1]),
    "a memory with Python objects": np.zeros(1, dtype=[("a", object)]),
    "padded fields": np.zeros(2, np.dtype([("a", "i1"), ("b", "i8")], align=True)),
    "overlapping fields": np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 2]})),
    "records": np.zeros(1, np.dtype((np.record, [("a", "i4")]))),
    "fields of extended floats": np.zeros(1, dtype=[("f8", "i4"), ("a", [("b", np.longdouble, 2)])]),
    "a dtype with metadata": np.zeros(1, np.dtype("i4", metadata={"unit": "m"})),
    "a period": pd.Period("2026"),
    "sparse zeros that are stored": pd.Series(
        pd.arrays.SparseArray(pd.arrays.SparseArray([0, 1], fill_value=1), dtype=pd.SparseDtype("int64", 0))
    ),
    "Arrow's numbers": pd.Series([1], dtype="int64[pyarrow]"),
    "an object inside": pd.DataFrame({"a": [object()]}),
    "holidays": pd.date_range("2026", periods=3, freq=pd.offsets.CustomBusinessDay(holidays=["2026-01-02"])).set_names(
        "x"
    ),
    "a normalizing freq": pd.date_range("2026", periods=3, freq=pd.offsets.MonthEnd(normalize=True)),
    "a freq without a text": pd.date_range("2026", periods=3, freq=pd.DateOffset(months=2)),
    "a zone of one's own": pd.date_range("2026", periods=3, tz=timezone(timedelta(hours=1), "X")),
    "a zone to the second": pd.date_range("2026", periods=3, tz=timezone(timedelta(hours=1, seconds=7))),
    "a moment in a zone": datetime(2026, 1, 1, tzinfo=UTC),
    "a folded moment": datetime.fromisoformat("2026-01-01").replace(fold=1),
    "a folded time": time(1).replace(fold=1),
    "a folded timestamp": pd.Timestamp("2026").replace(fold=1),
}


@pytest.mark.parametrize("value", NO_CODEC.values(), ids=NO_CODEC)
def test_what_would_not_come_back_whole_is_refused(value):
    with pytest.raises(NotWalkableError):
        describe(value)


def test_nesting_has_a_limit_that_restoring_keeps_too():
    def nested(depth):
        value = [1]
        for _ in range(depth):
            value = [value]
        return value

    assert_comes_back(nested(37))
    with pytest.raises(NotWalkableError, match="nested too deep"):
        describe(nested(200))


def test_whole_numbers_come_back_however_long():
    for value in (2**63 - 1, 2**63, -(2**63), 10**5000, -(10**5000), range(10**5000)):
        assert there_and_back(value) == value  # Python refuses to write the longest in decimals


def test_another_name_of_a_dtype_is_the_same_dtype():
    assert digest_of(np.array([1], dtype=np.longlong)) == digest_of(np.array([1], dtype=np.int64))


def test_one_object_in_two_places_is_no_loop():
    shared = [1, 2]
    assert_comes_back([shared, shared, (shared, {"k": shared})])


kinds = st.sampled_from(
    "int float str list dict set range slice date time numpy.ndarray numpy.scalar numpy.dtype "
    "pandas.DataFrame pandas.Series pandas.Index pandas.scalar nothing os.path".split()
)
words = st.sampled_from("O C F <f8 range multi plain numpy category string zoned nullable Int8Dtype".split())
atoms = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=5), words)
plain_data = st.recursive(
    atoms | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(kinds, inner).map(list),
    max_leaves=12,
)


@given(st.tuples(kinds, plain_data).map(list) | plain_data)
def test_a_description_is_audited(described):
    packed = msgpack.packb(described, use_bin_type=True, unicode_errors="surrogatepass")
    try:
        value = restore(packed, lambda digest: b"12345678")
    except NotWalkableError:
        return
    assert describe(value).packed is not None  # what is restored is one of the kinds that we know


@given(values.everything, st.data())
def test_a_damaged_description_gives_a_value_or_an_error_of_ours(value, data):
    described, kept = taken_apart(value)
    content = bytearray(described.packed)
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        restore(bytes(content), lambda digest: kept.get(digest, b""))
    except NotWalkableError:
        return


def test_an_array_has_the_bytes_that_its_shape_asks_for():
    for shape in ([10**12], [3], [-1], [0]):
        packed = msgpack.packb(["numpy.ndarray", ["<f8", shape, "C", "none"]])
        if shape == [0]:
            assert restore(packed, lambda digest: b"").shape == (0,)
        else:
            with pytest.raises(NotWalkableError):
                restore(packed, lambda digest: b"")
