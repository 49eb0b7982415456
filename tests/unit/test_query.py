"""Queries: what they find, in which order, and where the caret stands."""

import warnings

import pytest

from mlexp.errors import QueryError, UsageError
from mlexp.query import FIELDS, parse_query


def row(number, name="", *, status="finished", tags=(), params=(), metrics=(), elapsed_s=1.0):
    return {
        "name": name, "number": number, "status": status, "clean": number % 2 == 1 or None, "experiment": "nb.ipynb",
        "tags": tags,
        "elapsed_s": elapsed_s, "params": dict(params), "metrics": dict(metrics),
    }  # fmt: skip


NAN = float("nan")
ROWS = [
    row(5, "e", params={"lr": 0.5, "sizes": (64, 32)}, metrics={"auc": 0.9, "train/loss": 1.0}, tags=("base", "x")),
    row(4, "d", status="failed", params={"lr": 0.1, "opt": "adam"}, elapsed_s=None),
    row(3, "limit 5", params={"lr": 0.1, "opt": "sgd"}, metrics={"auc": NAN, "a=b": 1}),
    row(2, "b = c", params={"lr": "auto"}, metrics={"auc": 0.7}),
    row(1, "order by a", params={"lr": 1, "on": True, "none": None}, metrics={"auc": 0.8, "class": 2}),
]

FOUND = {
    "": "5 4 3 2 1",
    "   ": "5 4 3 2 1",
    "params.lr < 0.5": "4 3",
    "clean == True and number > 1": "5 3",
    "params.lr<=0.5 and metrics.auc>0": "5",
    "params.lr = 0.1": "4 3",
    "params.lr == 0.1": "4 3",
    "params.lr != 0.1": "5 2 1",
    "params.lr = 'auto'": "2",
    "params.lr >= 0.1 and params.lr < 1": "5 4 3",
    "0.1 < params.lr <= 1": "5 1",
    "metrics.auc > 0": "5 2 1",  # NaN is in no order, and a name that a run lacks makes it false
    "metrics.auc < 100": "5 2 1",
    "not metrics.auc > 0": "4 3",
    'metrics["train/loss"] < 2': "5",
    "metrics['train/loss'] < 2": "5",
    "metrics['a=b'] = 1": "3",
    "metrics['class'] = 2": "1",
    "name = 'b = c'": "2",
    "name == 'limit 5'": "3",
    "name == 'order by a'": "1",
    "name == 'limit 5' limit 5": "3",
    "name != 'limit 5' order by number limit 2": "1 2",
    'status == "failed"': "4",
    "status = 'failed' or number = 1": "4 1",
    "'base' in tags": "5",
    "'base' not in tags": "4 3 2 1",
    "'lr' in params and 'opt' in params": "4 3",
    "params.opt in ['adam', 'other']": "4",
    "params.opt in ('sgd',)": "3",
    "params.on = True": "1",
    "params.none == None": "1",
    "number >= 4 or (number == 1 and not status == 'failed')": "5 4 1",
    "number > -1 and number < +3": "2 1",
    "elapsed_s > 0": "5 3 2 1",
    "params.lr < 'b'": "2",
    "order by number": "1 2 3 4 5",
    "ORDER BY number DESC LIMIT 2": "5 4",
    "order by metrics.auc": "2 1 5 4 3",
    "order by metrics.auc desc": "5 1 2 4 3",
    "order by -number": "5 4 3 2 1",
    "order by name": "2 4 5 3 1",
    "order by name desc limit 1": "1",
    "order by params.lr": "4 3 5 1 2",
    "limit 0": "",
    "limit 2": "5 4",
    "limit 99999": "5 4 3 2 1",
    "limit 2 order by number": "1 2",
    "metrics.auc > 0 order by metrics.auc desc limit 1": "5",
    "metrics.auc > 0   order   by   metrics.auc": "2 1 5",
    "number > 3\n order by\tnumber": "4 5",
    "5": "",
    "True": "5 4 3 2 1",
    "metrics.auc": "",
    "name": "",
    "number = 1 # why": "1",
}


@pytest.mark.parametrize(("text", "expected"), FOUND.items(), ids=map(repr, FOUND))
def test_a_query_finds(text, expected):
    assert " ".join(str(row["number"]) for row in parse_query(text).select(ROWS)) == expected


MISTAKES = {  # query: (what the caret stands under, a part of what is said)
    "params.lrr < 1": ("lrr", "There is no lrr. Did you mean lr?"),
    "  params.lrr < 1": ("lrr", "params here: lr, none, on, opt, sizes"),
    "metrics.auc > 0 and params.lrr < 1": ("lrr", "no lrr"),
    "order by metrics.acu desc": ("acu", "Did you mean auc?"),
    "number = 1 order by metrics['train/los']": ("train/los", "Did you mean train/loss?"),
    "number = 1 and metricz.auc > 0": ("metricz", "Did you mean metrics?"),
    "number = 1 and stauts = 'x'": ("stauts", "Did you mean status?"),
    "é = 1": ("é", "a query knows name, number"),
    "name = 'é学' and nmae = 1": ("nmae", "Did you mean name?"),
    "number = 1 and number = 2 and nmae = 1": ("nmae", "no nmae"),
    "number = 1 and f(x)": ("f", "A query has comparisons"),
    "name = 'é' and number + 1 > 2": ("n", "A query has comparisons"),
    "number is None": ("n", "A query has comparisons"),
    "number = (1 if True else 2)": ("1", "A query has comparisons"),
    "params[0] = 1": ("p", "A query has comparisons"),
    "params.lr.real = 1": ("lr.real", "There is no lr.real"),
    "name = b'x'": ("b", "A query has comparisons"),
    "name = 1j": ("1", "A query has comparisons"),
    "name = ...": (".", "A query has comparisons"),
    "name = f'{name}'": ("f", "A query has comparisons"),
    "number = 1 and": ("", "cannot be read"),
    "number >": ("", "cannot be read"),
    "(number = 1": ("(", "never closed"),
    "name = 'x": ("'", "unterminated"),
    "number := 1": (":", "cannot be read"),
    "number = 1; number = 2": (";", "cannot be read"),
    "limit": ("l", "There is no limit."),
    "limit x": ("x", "limit takes one whole number"),
    "limit -1": ("-", "limit takes one whole number"),
    "limit 1.5": ("1", "limit takes one whole number"),
    "number = 1 limit 2 limit 3": ("2", "limit takes one whole number"),
    "order by name limit 2 order by number": ("n", "order by takes one name"),
    "order by": ("b", "cannot be read"),
    "number = 1\nand nmae = 2": ("nmae", "no nmae"),
    "number = 1 and \0": ("", "null bytes"),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=map(repr, MISTAKES))
def test_a_caret_stands_under_the_mistake(text, expected):
    with pytest.raises(QueryError) as caught:
        parse_query(text).select(ROWS)
    shown, carets, *said = str(caught.value).split("\n")
    assert shown == text.replace("\n", " ")
    start = carets.index("^")
    assert shown[start:].startswith(expected[0])
    if expected[0] == "":
        assert start == len(shown) or "\0" in text
    if len(expected[0]) > 1:
        assert carets == " " * start + "^" * len(expected[0])
    assert expected[1] in "\n".join(said)


DEEP = {
    "brackets": "(" * 500 + "1" + ")" * 500,
    "open brackets": "(" * 500,
    "not": "not " * 300 + "True",
    "minus": "-" * 300 + "1",
    "lists": "[" * 80 + "]" * 80,
    "very deep": "not " * 20_000 + "True",
    "a long number": "number = " + "9" * 5000,
    "a long limit": "limit " + "9" * 5000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_too_long_or_too_deep_is_a_mistake_like_any_other(text):
    with pytest.raises(QueryError, match=r"\^"):
        parse_query(text)


def test_long_conditions_are_not_deep():
    text = " and ".join(["number > 0"] * 500)
    assert len(parse_query(text).select(ROWS)) == 5


def test_without_runs_no_name_is_a_mistake():
    assert parse_query("params.lrr < 1 order by metrics.x").select([]) == []


def test_an_odd_escape_warns_of_nothing(recwarn):
    assert parse_query("name = '\\d'").select(ROWS) == []
    assert list(recwarn) == []


def test_a_query_error_is_a_usage_error():
    assert issubclass(QueryError, UsageError)
    assert issubclass(QueryError, ValueError)


def test_the_fields_are_those_of_a_row():
    assert set(ROWS[0]) == set(FIELDS)


def test_reading_one_does_not_make_libraries_warn_again():
    def old():
        warnings.warn("old", UserWarning, stacklevel=1)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        old()
        parse_query(r'name == "\d"')
        old()
    assert [str(warning.message) for warning in said] == ["old"]
