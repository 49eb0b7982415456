"""Queries mean what Python means by them, and no text raises anything but a QueryError."""

from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from mlexp.errors import QueryError
from mlexp.query import FIELDS, parse_query

ROW = {
    "name": "base", "number": 3, "status": "finished", "experiment": "nb", "tags": ("a", "b"), "elapsed_s": 1.5,
    "params": {"lr": 0.1, "opt": "adam", "on": True}, "metrics": {"auc": 0.9, "nan": float("nan"), "n": 7},
}  # fmt: skip

# Any text

PYTHON = """and or not in is if else lambda for await yield None True ( ) [ ] { } = == != < <= > := => , . : ...
    + - * ** ~ @ ' " \'\'\' \\ # ; 1 1_0 0x 1e999 1j 'a' "é" f' b'x' 学 ﬁ""".split()
OURS = ["params.lr", "metrics.auc", 'metrics["auc"]', "params['lr", "order", "by", "limit", "limit 5", "asc", "desc"]
ODD = ["\n", "\t", "\r", "\x0c", "\0", "\ud800", "\N{NO-BREAK SPACE}", "\u2028", "\N{ROCKET}", "9" * 30]
words = st.sampled_from([*FIELDS, *PYTHON, *OURS, *ODD])
queries = st.lists(words | st.text(max_size=3), max_size=12).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda space: space.join(parts))
)


@given(st.text() | queries)
def test_a_text_is_a_query_or_a_query_error(text):
    try:
        found = parse_query(text).select([ROW])
    except QueryError as error:
        shown, carets, said = str(error).split("\n", 2)
        assert len(shown) == len(text)
        assert carets.strip("^").strip(" ") == ""
        assert carets.index("^") <= len(shown)
        assert said
    else:
        assert found in ([], [ROW])


# Valid ones, told by Python itself

numbers = st.sampled_from(
    ["params.lr", "metrics.auc", "metrics.n", "metrics.nan", "number", "elapsed_s"]
) | st.sampled_from(["0", "1", "0.1", "-3", "7.0", "0.9"])
texts = st.sampled_from(["name", "status", "params.opt", "'base'", '"adam"', "'order by'", "'a = b'", "'limit 3'"])
collections = st.sampled_from(["tags", "['a', 'base', 'adam']", "('b',)", "params", "metrics"])
comparisons = st.one_of(
    st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers),
    st.tuples(numbers, st.sampled_from(["<", "<="]), numbers, st.sampled_from(["<", "!="]), numbers),
    st.tuples(texts, st.sampled_from(["<", "==", "!=", ">="]), texts),
    st.tuples(texts, st.sampled_from(["in", "not in"]), collections),
).map(" ".join)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | inner.map(lambda text: f"not ({text})")
        | inner.map(lambda text: f"({text})")
    ),
    max_leaves=6,
)


class Group(SimpleNamespace):
    def __contains__(self, name):
        return name in vars(self)


NAMES = {**ROW, "params": Group(**ROW["params"]), "metrics": Group(**ROW["metrics"])}


@given(conditions)
def test_a_condition_holds_where_python_says_so(text):
    expected = [ROW] if eval(text, {"__builtins__": {}}, NAMES) else []
    assert parse_query(text).select([ROW]) == expected
    assert parse_query(text.replace("==", "=")).select([ROW]) == expected
    assert parse_query(f"{text} order by number limit 1").select([ROW]) == expected


@given(st.lists(st.floats() | st.integers() | st.text(max_size=2) | st.none(), max_size=8), st.booleans())
def test_ordering_is_total_and_keeps_what_is_equal_in_place(values, descending):
    rows = [{**ROW, "number": n, "params": {"x": value}} for n, value in enumerate(values)]
    found = parse_query(f"order by params.x {'desc' if descending else ''}").select(rows)
    assert sorted(row["number"] for row in found) == list(range(len(rows)))
    kept = [row["params"]["x"] for row in found]
    ordered = [x for x in kept if isinstance(x, (int, float)) and x == x]
    assert ordered == sorted(ordered, reverse=descending)
    for first, second in pairwise(found):
        if first["params"]["x"] == second["params"]["x"]:
            assert first["number"] < second["number"]
