"""A score that was only shown is a metric of the script, too: compared, written and checked."""

import json
from collections.abc import Callable

import pytest

from mlexp.records import ComparisonOutcome, MetricOrigin, Verdict
from tests.pipeline.playing import Session

Play = Callable[..., Session]

DATA = """
from sklearn.metrics import accuracy_score, classification_report, f1_score, precision_score
y = [0, 1, 1, 0, 1, 1, 0, 1, 0, 0]
p = [0, 1, 0, 0, 1, 1, 1, 1, 0, 1]
"""
EVALUATE = "def evaluate(n):\n    return accuracy_score(y[:n], p[:n])"
SHOWN = {
    "print": ("print(accuracy_score(y, p))", {"accuracy": 0.7}),
    "f-string": ('print(f"{accuracy_score(y, p):.3f}", "done")', {"accuracy": 0.7}),
    "f-string with both quotes": ("print(f'{f1_score(y, p, average=\"macro\"):.3f}')", {"f1": 0.696969696969697}),
    "f-string that shows its text": ('print(f"{accuracy_score(y, p)=}")', {}),
    "two calls": ("print(accuracy_score(y, p), accuracy_score(y[:4], p[:4]))", {"accuracy": 0.7, "accuracy.2": 0.75}),
    "a loop": (
        "for n in (4, 6, 8):\n    print(n, accuracy_score(y[:n], p[:n]))",
        {"accuracy": 0.75, "accuracy.2": 0.8333333333333334},
    ),
    "a comprehension": ("print([accuracy_score(y[:n], p[:n]) for n in (2, 4)])", {"accuracy": 1.0, "accuracy.2": 0.75}),
    "a function of the cell": (
        "def show(n):\n    print(accuracy_score(y[:n], p[:n]))\nshow(4)\nshow(10)",
        {"accuracy": 0.75, "accuracy.2": 0.7},
    ),
    "a function of an earlier cell": ("print(evaluate(4), evaluate(10))", {"accuracy": 0.75, "accuracy.2": 0.7}),
    "beside a bound one": ("acc = accuracy_score(y, p)\nprint(f1_score(y, p))", {"acc": 0.7, "f1": 0.7272727272727273}),
    "beside a param": (
        "avg = 'macro'\nprint(f1_score(y, p, average=avg), precision_score(y, p, average=avg))",
        {"f1": 0.696969696969697, "precision": 0.7083333333333333},
    ),
    "a dict": (
        "print(classification_report(y, p, output_dict=True)['accuracy'])",
        {"accuracy": 0.7, "f1_macro": 0.696969696969697, "f1_weighted": 0.696969696969697},
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_proven(play: Play, name: str) -> None:
    cell, expected = SHOWN[name]
    session = play(DATA, EVALUATE, "evaluate(6), evaluate(7)", f"%%track\n{cell}")
    assert expected.items() <= session.run().metrics.items()
    proof = session.verify()
    assert proof.verdict is Verdict.REPRODUCED, proof.reason
    compared = {row.name for row in proof.compared if row.outcome is ComparisonOutcome.EQUAL and row.what == "metric"}
    assert compared == set(expected)


def test_the_script_writes_it_and_checks_it(play: Play) -> None:
    session = play(DATA, "%%track\nend = 10\nprint(accuracy_score(y[:end], p[:end]))")
    script = session.export()
    assert 'print(metric("accuracy", accuracy_score(y[:end], p[:end])))' in script.text
    assert script.start("--check").returncode == 0
    changed = script.start("--check", "--end", "4", "--metrics", "m.json")
    assert changed.returncode == 1
    assert "accuracy: 0.7 in the run, 0.75 now" in changed.stderr
    assert json.loads((script.path.parent.parent / "elsewhere" / "m.json").read_text()) == {
        "metrics": {"accuracy": 0.75}
    }


def test_a_script_without_such_a_score_has_nothing_for_it(play: Play) -> None:
    script = play(DATA, "%%track\nacc = accuracy_score(y, p)").export()
    assert "measured" not in script.text


def test_names_of_the_session_that_are_ours_otherwise(play: Play) -> None:
    session = play(DATA, "metric = measured = 1", "%%track\nprint(accuracy_score(y, p), metric)")
    script = session.export()
    assert 'metric_("accuracy", ' in script.text
    assert script.start("--check").returncode == 0


def test_what_no_call_in_the_script_gives_is_named(play: Play) -> None:
    session = play(DATA, "%%track\nx = 2.0 * len(y)\nprint(classification_report(y, p))")
    assert session.run().metrics["accuracy"] == 0.7
    (accuracy,) = (row for row in session.verify().compared if row.name == "accuracy")
    assert accuracy.outcome is ComparisonOutcome.NOT_COMPARABLE
    assert "accuracy" in session.export().text.partition("Not compared: ")[2]


def test_the_folds_of_a_cross_validation(play: Play) -> None:
    session = play(
        """
        import numpy as np
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score, cross_validate
        X = np.arange(60.0).reshape(-1, 1) % 17
        y = (X[:, 0] > 8).astype(int)
        """,
        "%%track\nprint(cross_val_score(LogisticRegression(), X, y, cv=3).mean())",
    )
    called = [metric for metric in session.run().record.metrics if metric.origin is MetricOrigin.CALLED]
    assert [metric.name for metric in called] == ["cross_val.mean", "cross_val.std"]
    assert session.verify().verdict is Verdict.REPRODUCED
