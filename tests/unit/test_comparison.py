"""What a comparison says, and that it never says more than is known."""

import math

import pytest

from mlexp.comparison import Goal, Side, compare, goal_of
from mlexp.errors import UsageError
from mlexp.records import DataRecord, Digest, InputFile, RunStatus
from mlexp.testing import samples

MINUS = "\N{MINUS SIGN}"
A, B = Digest("blake3:" + "a" * 64), Digest("blake3:" + "b" * 64)
NEAR_A = Digest("blake3:" + "aaaaaa" + "b" * 58)


def frame(digest, summary="3 × 2", name="df"):
    reason = None if digest else "larger than the limit"
    return DataRecord(
        name=name,
        kind="pandas.DataFrame",
        summary=summary,
        size_bytes=9,
        digest=digest,
        kept=bool(digest),
        reason=reason,
    )


def file(digest, path="train.csv", size_bytes=10):
    return InputFile(path=path, resolved=f"/project/{path}", size_bytes=size_bytes, digest=digest)


def side(number, *, params=(), metrics=(), data=(), inputs=(), code="fit()", name="", earlier=None, **fields):
    run = samples.finished(
        f"run {number}",
        number=number,
        params=samples.params(dict(params)),
        metrics=samples.metrics(dict(metrics)),
        data=tuple(data),
        source=f"%%track\n{code}",
        **fields,
    )
    return Side(run=run, labels=samples.labels(run.id, name=name), inputs=tuple(inputs), rests_on=earlier)


def sentence(*sides, **options):
    return compare(sides, **options).sentence


AUC = {"auc": 0.91}
SENTENCES = {
    "nothing differs": (
        [side(1, params={"lr": 1}, metrics=AUC), side(2, params={"lr": 1}, metrics=AUC)],
        "Same params, code and data. auc is equal.",
    ),
    "a helper was defined anew": (
        [side(1, earlier=("def f(): return 1",)), side(2, earlier=("def f(): return 2",))],
        "Same params, tracked cell and data. Earlier cells differ. "
        "No metrics were found: bind a number, or name one with -m.",
    ),
    "the same earlier cells": (
        [side(1, metrics=AUC, earlier=("x = 1",)), side(2, metrics=AUC, earlier=("x = 1",))],
        "Same params, code and data. auc is equal.",
    ),
    "one param": (
        [side(1, params={"lr": 1}, metrics=AUC), side(2, params={"lr": 2}, metrics={"auc": 0.93})],
        "Same code and data. lr differs. r2 reads +0.0200 higher on auc; one run each.",
    ),
    "two params": (
        [side(1, params={"a": 1, "b": 1}), side(2, params={"a": 2, "b": 2})],
        "Same code and data. a and b differ. No metrics were found: bind a number, or name one with -m.",
    ),
    "many params": (
        [side(1, params=dict.fromkeys("abcdef", 1), metrics=AUC), side(2, metrics=AUC)],
        "Same code and data. a, b, c and 3 more differ. auc is equal.",
    ),
    "four params": (
        [side(1, params=dict.fromkeys("abcd", 1), metrics=AUC), side(2, metrics=AUC)],
        "Same code and data. a, b, c and d differ. auc is equal.",
    ),
    "the code": (
        [side(1, metrics=AUC), side(2, metrics={"auc": 0.9}, code="other()")],
        f"Same params and data. Code differs. r2 reads {MINUS}0.0100 lower on auc; one run each.",
    ),
    "only blank lines and %%track": (
        [side(1, metrics=AUC), side(2, metrics=AUC, code="\n\nfit()\n\n")],
        "Same params, code and data. auc is equal.",
    ),
    "the data": (
        [side(1, metrics=AUC, data=[frame(A)]), side(2, metrics=AUC, data=[frame(B)])],
        "Same params and code. Data differs: df. auc is equal.",
    ),
    "a file": (
        [side(1, metrics=AUC, inputs=[file(A)]), side(2, metrics=AUC, inputs=[file(B)])],
        "Same params and code. Data differs: train.csv. auc is equal.",
    ),
    "everything": (
        [
            side(1, params={"lr": 1}, metrics=AUC, data=[frame(A)]),
            side(2, params={"lr": 2}, metrics={"auc": 0.5}, data=[frame(B)], code="other()"),
        ],
        f"lr differs. Data differs: df. r2 reads {MINUS}0.4100 lower on auc; one run each.",
    ),
    "one failed": (
        [side(1, metrics=AUC), side(2, metrics=AUC, status=RunStatus.FAILED)],
        "Same params, code and data. r2 failed. auc is equal.",
    ),
    "both failed": (
        [side(1, metrics=AUC, status=RunStatus.KILLED), side(2, metrics=AUC, status=RunStatus.INTERRUPTED)],
        "Same params, code and data. r1 killed; r2 interrupted. auc is equal.",
    ),
    "a metric that one lacks": (
        [side(1, metrics=AUC), side(2)],
        "Same params, code and data. r2 has no auc.",
    ),
    "a metric that the other lacks": (
        [side(1), side(2, metrics=AUC)],
        "Same params, code and data. r1 has no auc.",
    ),
    "nan here": (
        [side(1, metrics=AUC), side(2, metrics={"auc": math.nan})],
        "Same params, code and data. r2 reads nan on auc, r1 0.9100; one run each.",
    ),
    "nan there": (
        [side(1, metrics={"auc": math.nan}), side(2, metrics=AUC)],
        "Same params, code and data. r2 reads 0.9100 on auc, r1 nan; one run each.",
    ),
    "nan in both": (
        [side(1, metrics={"auc": math.nan}), side(2, metrics={"auc": float("nan")})],
        "Same params, code and data. auc is equal.",
    ),
    "infinity": (
        [side(1, metrics=AUC), side(2, metrics={"auc": math.inf})],
        "Same params, code and data. r2 reads +inf higher on auc; one run each.",
    ),
    "one and 1.0": (
        [side(1, metrics={"n": 1}), side(2, metrics={"n": 1.0})],
        "Same params, code and data. n is equal.",
    ),
    "the last bit": (
        [side(1, metrics={"x": 0.3}), side(2, metrics={"x": 0.1 + 0.2})],
        "Same params, code and data. r2 reads +0.00000000000000006 higher on x; one run each.",
    ),
    "what differs comes first": (
        [side(1, metrics={"a": 1.0, "b": 1.0}), side(2, metrics={"a": 1.0, "b": 2.0})],
        "Same params, code and data. r2 reads +1.0000 higher on b; one run each.",
    ),
    "three": (
        [side(1, metrics=AUC), side(2, metrics={"auc": 0.5}), side(3, metrics={"auc": 0.7})],
        "Same params, code and data. auc is highest in r1 and lowest in r2; one run each.",
    ),
    "three, one nan": (
        [side(1, metrics={"auc": math.nan}), side(2, metrics={"auc": 0.5}), side(3, metrics={"auc": 0.7})],
        "Same params, code and data. auc is highest in r3 and lowest in r2; one run each.",
    ),
    "three, nan and one number": (
        [side(1, metrics={"auc": math.nan}), side(2, metrics={"auc": 0.5}), side(3, metrics={"auc": 0.5})],
        "Same params, code and data. auc differs.",
    ),
    "three equal": ([side(n, metrics=AUC) for n in (1, 2, 3)], "Same params, code and data. auc is equal."),
    "three, other code in the middle": (
        [side(1, metrics=AUC), side(2, metrics=AUC, code="other()"), side(3, metrics=AUC)],
        "Same params and data. Code differs. auc is equal.",
    ),
    # what is not known is never said to be the same, nor to differ
    "not kept": (
        [side(1, metrics=AUC, data=[frame(None)]), side(2, metrics=AUC, data=[frame(None)])],
        "Same params and code. Whether df differs is not known: not kept. auc is equal.",
    ),
    "not kept in one": (
        [side(1, metrics=AUC, data=[frame(A)]), side(2, metrics=AUC, data=[frame(None)])],
        "Same params and code. Whether df differs is not known: not kept. auc is equal.",
    ),
    "a file not kept": (
        [side(1, metrics=AUC, inputs=[file(None)]), side(2, metrics=AUC, inputs=[file(None)])],
        "Same params and code. Whether train.csv differs is not known: not kept. auc is equal.",
    ),
    "not kept, but of another extent": (
        [side(1, metrics=AUC, data=[frame(None)]), side(2, metrics=AUC, data=[frame(None, "4 × 2")])],
        "Same params and code. Data differs: df. auc is equal.",
    ),
    "not kept in one of three that differ": (
        [side(n, metrics=AUC, data=[frame(digest)]) for n, digest in ((1, A), (2, None), (3, B))],
        "Same params and code. Data differs: df. auc is equal.",
    ),
    "read by one only": (
        [side(1, metrics=AUC, data=[frame(A)]), side(2, metrics=AUC)],
        "Same params and code. Data differs: df. auc is equal.",
    ),
}


@pytest.mark.parametrize(("sides", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentence(sides, expected):
    assert sentence(*sides) == expected


def test_the_baseline_is_what_differences_are_taken_against():
    sides = [side(1, metrics=AUC), side(2, metrics={"auc": 0.93})]
    assert sentence(*sides, baseline=1).endswith(f"r1 reads {MINUS}0.0200 lower on auc; one run each.")
    assert [row.difference(0) for row in compare(sides, baseline=1).metrics] == [pytest.approx(-0.02)]


def test_a_comparison_needs_two_runs():
    with pytest.raises(UsageError, match="two runs or more, and got 1"):
        compare([side(1)])


def test_digests_are_shown_to_the_digit_that_tells_them_apart():
    found = compare([side(1, data=[frame(A)]), side(2, data=[frame(NEAR_A)])])
    assert found.data.rows[0].values == ("3 × 2 aaaaaaa", "3 × 2 aaaaaab")
    assert found.data.n_differ == 1
    found = compare([side(1, data=[frame(A)]), side(2, data=[frame(A)])])
    assert found.data.rows[0].values == ("3 × 2 aaaa", "3 × 2 aaaa")
    assert found.data.n_differ == found.data.n_unknown == 0


def test_rows_that_differ_come_first_and_those_not_known_next():
    sides = [
        side(n, data=[frame(A, name="same"), frame(None, name="odd"), frame(d, name="x")]) for n, d in ((1, A), (2, B))
    ]
    assert [row.name for row in compare(sides).data.rows] == ["x", "odd", "same"]


def test_code_is_a_diff_of_the_bodies():
    found = compare([side(1, code="a = 1\nb = 2\nc = 3\nd = 4"), side(2, code="a = 1\nb = 2\nc = 5\nd = 4", name="x")])
    assert found.code == (" b = 2", "-c = 3", "+c = 5", " d = 4")


def test_metrics_know_their_goal():
    found = compare([side(1, metrics={"auc": 1.0, "odd": 2.0}), side(2)], goals={"odd": "min"})
    assert [row.goal for row in found.metrics] == [Goal.MAX, Goal.MIN]


GOALS = {
    "auc": "max", "val_auc": "max", "train/loss": "min", "valAccuracy": "max", "rmse": "min", "log_loss": "min",
    "neg_log_loss": "max", "neg_mean_squared_error": "max", "negative_log_likelihood": "min", "log_likelihood": "max",
    "brier_score": "min", "neg_brier_score": "max", "f1_score": "max", "score": "max", "error_rate": "min",
    "accuracy_loss": "min", "x": None, "": None, "n_rows": None, "METRIC": None, "top5": "max", "ROC AUC": "max",
}  # fmt: skip


@pytest.mark.parametrize(("metric", "goal"), GOALS.items(), ids=GOALS)
def test_the_goal_is_learned_from_the_name(metric, goal):
    assert goal_of(metric) == goal


def test_what_was_said_of_a_metric_wins():
    assert goal_of("loss", {"loss": "max"}) is Goal.MAX
    assert goal_of("loss", {"auc": "min"}) is Goal.MIN
