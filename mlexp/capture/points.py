"""One score, and the parts that scores are made of: curves, folds, lists of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlexp.capture.numbers import as_number
from mlexp.dataflow.rules import words_of
from mlexp.fingerprint.asking import imported, is_one_of

MAX_ITEMS = 50
MAX_POINTS = 100_000
STEPS = frozenset({"epoch", "step", "iteration", "iter", "it", "round", "batch"})
"""Words of what counts the steps of a curve."""
NO_SCORES = frozenset({"lr", "learning_rate", "time", "status", "nfev", "njev", "nhev", *STEPS})


@dataclass(frozen=True, slots=True)
class Score:
    """One score in a container."""

    key: str
    """What it is called within its container; empty: as the container is."""
    value: float
    expression: str
    """Python that gives it; `@` stands for the container."""
    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    """Of a curve: its points."""


def curve_of(key: str, values: Sequence[float], expression: str, steps: Sequence[float] = ()) -> Score:
    """Return the score of a curve: its last value, with the points."""
    if len(values) > MAX_POINTS:
        return Score(key, values[-1], expression)
    known = len(steps) == len(values) and all(type(step) is int for step in steps)
    at = tuple(int(step) for step in steps) if known else tuple(range(len(values)))
    return Score(key, values[-1], expression, at, tuple(map(float, values)))


def scores_of_folds(value: Any) -> Iterator[Score]:
    """Yield mean and deviation of the scores of folds."""
    if is_array(value):
        yield Score("mean", float(value.mean()), "@.mean()")
        yield Score("std", float(value.std()), "@.std()")
        return
    mean = sum(value) / len(value)
    std = (sum((x - sum(value) / len(value)) ** 2 for x in value) / len(value)) ** 0.5
    yield Score("mean", float(mean), "sum(@) / len(@)")
    yield Score("std", float(std), "(sum((x - sum(@) / len(@)) ** 2 for x in @) / len(@)) ** 0.5")


def scores_of_curves(columns: Mapping[str, Sequence[float]], root: str) -> Iterator[Score]:
    """Yield the score of each column of values step by step."""
    steps = next((columns[key] for key in columns if key.lower() in STEPS), ())
    for key, values in columns.items():
        if key.lower() not in NO_SCORES and values:
            yield curve_of(key, values, f"{root}[{key!r}][-1]", steps)


def floats_in(value: object) -> list[float]:
    """Return a list or an array of numbers as Python's own; empty if it is anything else, or too long."""
    if is_array(value):
        plain = value.ndim == 1 and value.dtype.kind in "fi" and value.size <= MAX_POINTS  # type: ignore[attr-defined]
        return value.tolist() if plain else []  # type: ignore[attr-defined]
    if not is_one_of(type(value), (list, tuple)) or len(value) > 10 * MAX_POINTS:  # type: ignore[arg-type]
        return []
    found = []
    for item in value:  # type: ignore[attr-defined]  # just asked
        number = as_number(item)
        if number is None:
            return []
        found.append(number)
    return found


def is_array(value: object) -> bool:
    """Tell whether a value is an array of numpy."""
    numpy: Any = imported("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def within(score: Score, key: str, place: str) -> Score:
    """Return a score of something that is an item of a container."""
    return Score(
        dotted(key, score.key), score.value, score.expression.replace("@", f"@{place}"), score.steps, score.values
    )


def dotted(label: str, key: str) -> str:
    """Return the name of something within something."""
    return f"{label}.{key}" if label else key


def without_curve(name: str) -> str:
    """Return what a curve is of: `train_losses` is of `train_loss`, `cost_history` of `cost`."""
    words = name.split("_")
    kept = [word for word in words if word.lower() not in ("history", "hist", "curve", "log", "list", "values")]
    last = words_of(kept[-1])[-1:] if kept else []
    return "_".join([*kept[:-1], *last]) if kept and last and last != [kept[-1].lower()] else "_".join(kept) or name
