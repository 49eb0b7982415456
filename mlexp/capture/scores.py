"""The scores in a container that a cell leaves behind: a dict, list, array, Series, frame or object of results.

Each comes with Python that gives it, `@` standing for the container. Values filled step by step are a curve, whose last
value is the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from mlexp.capture.fields import fields_of
from mlexp.capture.numbers import as_number, number_expression
from mlexp.dataflow.rules import is_curve, is_plural_score, is_score, is_score_table, is_timing, words_of
from mlexp.fingerprint.asking import attributes_of, imported, is_one_of, module_of, name_of

_MAX_ITEMS = 50
_MAX_POINTS = 100_000
_MAX_DEPTH = 2
"""Of dicts in dicts; one may hold itself."""
_STEPS = frozenset({"epoch", "step", "iteration", "iter", "it", "round", "batch"})
_FOLDS = frozenset(
    {"fold", "split", "kfold", "kf", "skf", "cv", "seed", "idx", "repeat", "rep", "run", "trial", "_", "i", "j"}
)
_NO_SCORES = frozenset({"lr", "learning_rate", "time", *_STEPS})
_DESCRIBED = frozenset({"count", "mean", "std"})
DICTS = ("dict", "collections.OrderedDict", "collections.defaultdict")
"""Dicts whose items can be read without running code of the user's."""


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


def scores_in(
    name: str,
    value: object,
    *,
    loop: frozenset[str] = frozenset(),
    built: bool = False,
    given: Set[str] = frozenset(),
) -> Iterator[Score]:
    """Yield the scores in a container; none for what is no container of scores.

    Args:
        name: What it is called.
        value: The container.
        loop: Words of the loops that filled it.
        built: Whether the cell itself built it, and did not take it from other data.
        given: Names that stand for what was given, not for what was measured: settings and targets of loops.
    """
    kind = type(value)
    library = module_of(kind).partition(".")[0]
    if name_of(kind) in DICTS:
        yield from _of_dict(name, value, loop)  # type: ignore[arg-type]  # just asked
    elif is_one_of(kind, (list, tuple)):
        yield from _of_list(name, value, loop, given)  # type: ignore[arg-type]  # just asked
    elif library in ("numpy", "pandas"):
        modules: Any = imported(library)
        if library == "numpy":
            if kind is modules.ndarray:
                yield from _of_array(name, value)
        elif kind is modules.Series:
            yield from _of_series(name, value)
        elif kind is modules.DataFrame:
            yield from _of_frame(name, value, given if built else None)
    elif name_of(kind).endswith("History"):
        history = _history_of(value)
        yield from _of_curves(history, "@.history") if history else ()
    else:
        yield from _of_fields(name, value)


def _of_dict(
    name: str, value: Mapping[object, object], loop: frozenset[str], depth: int = _MAX_DEPTH
) -> Iterator[Score]:
    if not 0 < len(value) <= _MAX_ITEMS or any(not is_one_of(type(key), (str, int, float)) for key in value):
        return
    items = dict(value.items())
    named = is_score(name) or is_score_table(name)
    if all(is_one_of(type(item), (list, tuple)) or _is_array(item) for item in items.values()):
        yield from _of_columns(name, items, loop)
        return
    if all(type(item) is dict for item in items.values()):
        for key, inner in items.items() if depth else ():
            for score in _of_dict(name, inner, loop, depth - 1):  # type: ignore[arg-type]  # just asked
                yield _within(score, str(key), f"[{key!r}]")
        return
    numbers = {key: number for key, item in items.items() if (number := as_number(item)) is not None}
    telling: set[object] = {key for key in numbers if type(key) is str and is_score(key)}
    whole = all(type(number) is int for number in numbers.values())
    if len(numbers) == len(items) and (named or not whole) and (named or all(type(key) is str for key in items)):
        chosen = set(numbers) - (_NO_SCORES if telling else set())
    else:
        chosen = telling
    for key, number in numbers.items():
        if key in chosen:
            yield Score(str(key), number, number_expression(items[key], f"@[{key!r}]"))


def _of_columns(name: str, items: Mapping[object, object], loop: frozenset[str]) -> Iterator[Score]:
    """Yield the curves, or the scores of folds, in a dict of lists."""
    lists = {key: _floats(item) for key, item in items.items() if type(key) is str}
    plain = {key: values for key, values in lists.items() if values}
    if not plain or not (is_curve(name) or is_score_table(name) or any(map(is_score, plain))):
        return
    folds = [key for key, item in items.items() if _is_array(item)]
    if folds or (not is_curve(name) and not loop & _STEPS and loop & _FOLDS):
        for key, values in plain.items():
            if is_score(key) and 2 <= len(values) <= _MAX_ITEMS:
                for score in _of_folds(items[key]):
                    yield _within(score, key, f"[{key!r}]")
    else:
        yield from _of_curves(plain, "@")


def _of_curves(columns: Mapping[str, Sequence[float]], root: str) -> Iterator[Score]:
    steps = next((columns[key] for key in columns if key.lower() in _STEPS), ())
    for key, values in columns.items():
        if key.lower() not in _NO_SCORES and values:
            yield _curve(key, values, f"{root}[{key!r}][-1]", steps)


def _curve(key: str, values: Sequence[float], expression: str, steps: Sequence[float] = ()) -> Score:
    if len(values) > _MAX_POINTS:
        return Score(key, values[-1], expression)
    known = len(steps) == len(values) and all(type(step) is int for step in steps)
    at = tuple(int(step) for step in steps) if known else tuple(range(len(values)))
    return Score(key, values[-1], expression, at, tuple(map(float, values)))


def _of_list(name: str, value: Sequence[object], loop: frozenset[str], given: Set[str]) -> Iterator[Score]:
    if not value:
        return
    if type(value[0]) is dict:
        yield from _of_rows(name, value, loop, given)
    elif is_one_of(type(value[0]), (tuple, list)) and len(value) <= _MAX_ITEMS and is_score_table(name):
        yield from _of_pairs(value)
    elif type(value) is list and (values := _floats(value)):
        stepwise = bool(loop & _STEPS) or len(values) > _MAX_ITEMS
        folds = bool(loop & _FOLDS) or (not loop and not is_curve(name))
        if not stepwise and folds and (is_plural_score(name) or (loop and is_score(name))):
            yield from _of_folds(value) if len(values) > 1 else ()
        elif is_curve(name) or (stepwise and is_score(name)):
            yield _curve(_without_curve(name), values, "@[-1]")


def _of_folds(value: Any) -> Iterator[Score]:
    if _is_array(value):
        yield Score("mean", float(value.mean()), "@.mean()")
        yield Score("std", float(value.std()), "@.std()")
        return
    mean = sum(value) / len(value)
    std = (sum((x - sum(value) / len(value)) ** 2 for x in value) / len(value)) ** 0.5
    yield Score("mean", float(mean), "sum(@) / len(@)")
    yield Score("std", float(std), "(sum((x - sum(@) / len(@)) ** 2 for x in @) / len(@)) ** 0.5")


def _of_rows(name: str, rows: Sequence[object], loop: frozenset[str], given: Set[str]) -> Iterator[Score]:
    """Yield the scores in a list of dicts: a table with a row for each model, or a curve with one for each step."""
    if any(type(row) is not dict for row in rows):
        return
    table: Sequence[dict[object, object]] = rows  # type: ignore[assignment]  # just asked
    keys = [key for key in table[0] if type(key) is str]
    if any(key.lower() in _STEPS for key in keys) or is_curve(name) or loop & _STEPS:
        columns = {key: _floats([row.get(key) for row in table]) for key in keys}
        steps = next((columns[key] for key in columns if key.lower() in _STEPS), ())
        for key, values in columns.items():
            if values and key.lower() not in _NO_SCORES:
                yield _curve(key, values, f"@[-1][{key!r}]", steps)
        return
    chosen = [key for key in keys if is_score(key)]
    if is_score_table(name):
        others = [key for key in keys if all(type(as_number(row.get(key))) is float for row in table)]
        chosen = [key for key in keys if key in chosen or (key in others and _is_measured(key, given))]
    if len(table) * len(chosen) > _MAX_ITEMS:
        return
    labels = _labels([{key: row.get(key) for key in keys if key not in chosen} for row in table])
    for index, (label, row) in enumerate(zip(labels, table, strict=True)):
        for key in chosen:
            number = as_number(row.get(key))
            if number is not None:
                yield Score(_dotted(label, key), number, number_expression(row[key], f"@[{index}][{key!r}]"))


def _of_pairs(rows: Sequence[object]) -> Iterator[Score]:
    for index, row in enumerate(rows):
        if not is_one_of(type(row), (tuple, list)) or len(row) != 2 or type(row[0]) is not str:  # type: ignore[arg-type, index]
            return
        number = as_number(row[1])  # type: ignore[index]  # just asked
        if number is not None:
            yield Score(row[0], number, f"@[{index}][1]")  # type: ignore[index]  # just asked


def _of_array(name: str, value: Any) -> Iterator[Score]:
    if value.ndim != 1 or value.dtype.kind not in "f" or value.dtype.itemsize > 8 or not 2 <= value.size <= _MAX_POINTS:
        return
    if is_curve(name):
        yield _curve(_without_curve(name), value.tolist(), "@[-1]")
    elif is_plural_score(name) and value.size <= _MAX_ITEMS:
        yield from _of_folds(value)


def _of_series(name: str, value: Any) -> Iterator[Score]:
    labels = value.index.tolist() if len(value) <= _MAX_ITEMS else []
    if any(not is_one_of(type(label), (str, int, float)) for label in labels):
        return
    if (
        value.dtype.kind not in "fi"
        or not labels
        or set(labels) >= _DESCRIBED
        or len(set(map(repr, labels))) < len(labels)
    ):
        return
    if all(type(label) is str for label in labels):
        called = value.name if type(value.name) is str else ""
        if is_score(name) or is_score_table(name) or is_score(called) or any(map(is_score, labels)):
            for label, number in zip(labels, value.tolist(), strict=True):
                yield Score(label, number, f"@[{label!r}]")
    elif is_plural_score(name) and value.dtype.kind == "f" and len(value) >= 2:
        yield from _of_folds(value)


def _of_frame(name: str, value: Any, given: Set[str] | None) -> Iterator[Score]:
    columns, n_rows = value.columns.tolist(), len(value)
    if any(type(column) is not str for column in columns) or len(set(columns)) < len(columns) or not n_rows:
        return
    numeric = [c for c, dtype in zip(columns, value.dtypes, strict=True) if getattr(dtype, "kind", "") in "fi"]
    if len(columns) > _MAX_ITEMS or n_rows > _MAX_POINTS:
        return
    if is_curve(name) or any(column.lower() in _STEPS for column in numeric):
        if len(numeric) == len(columns) and (is_curve(name) or any(map(is_score, numeric))):
            table = {column: value[column].tolist() for column in numeric}
            steps = next((table[column] for column in table if column.lower() in _STEPS), ())
            for column, values in table.items():
                if column.lower() not in _NO_SCORES:
                    yield _curve(column, values, f"@[{column!r}].iloc[-1]", steps)
        return
    chosen = [column for column in numeric if is_score(column)]
    if given is not None and is_score_table(name):
        others = [c for c in numeric if value[c].dtype.kind == "f" and _is_measured(c, given)]
        chosen = [column for column in numeric if column in chosen or column in others]
    if not {"f0", "f2"}.isdisjoint(columns):
        chosen = [column for column in chosen if column != "f1"]  # a feature
    index = value.index.tolist() if n_rows * len(chosen) <= _MAX_ITEMS else []
    if any(not is_one_of(type(label), (str, int, float, tuple)) for label in index):
        index = [*range(n_rows)] if chosen else []  # dates and the like: rows are told apart by their columns
    if not chosen or not index or index == columns or set(map(str, index)) >= _DESCRIBED:
        return
    if all(type(label) is str for label in index) and len(set(index)) == len(index):
        labels = index
    else:
        rest = {column: value[column].tolist() for column in columns if column not in chosen}
        labels = _labels([{column: rest[column][i] for column in rest} for i in range(n_rows)])
        if labels == [*map(str, range(n_rows))] and not is_score_table(name):
            return  # rows without names are data
    for i, label in enumerate(labels):
        for column in chosen:
            place = f".loc[{index[i]!r}, {column!r}]" if labels is index else f"[{column!r}].iloc[{i}]"
            number = as_number(value[column].iloc[i])
            if number is not None:
                yield Score(_dotted(label, column), number, f"@{place}")


def _of_fields(name: str, value: object) -> Iterator[Score]:
    """Yield the scores in the fields of an object: `result.accuracy`."""
    fields = fields_of(value)
    for field, item in list((fields or {}).items())[:_MAX_ITEMS]:
        number = as_number(item)
        if number is not None and (is_score(field) or is_score_table(name)):
            yield Score(field, number, number_expression(item, f"@.{field}"))


def _is_measured(key: str, given: Set[str]) -> bool:
    return key not in given and not is_timing(key) and key.lower() not in _NO_SCORES


def _labels(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return what tells the rows of a table apart: a text of theirs, else their first value; of one row nothing."""
    if len(rows) == 1:
        return [""]
    for kinds in (str,), (int, float):
        for key in rows[0]:
            values = [row.get(key) for row in rows]
            if all(is_one_of(type(value), kinds) for value in values) and len(set(map(repr, values))) == len(values):
                return [str(value) if kinds == (str,) else f"{key}={value}" for value in values]
    return [str(index) for index in range(len(rows))]


def _floats(value: object) -> list[float]:
    """Return a list or an array of numbers as Python's own; empty if it is anything else, or too long."""
    if _is_array(value):
        plain = value.ndim == 1 and value.dtype.kind in "fi" and value.size <= _MAX_POINTS  # type: ignore[attr-defined]
        return value.tolist() if plain else []  # type: ignore[attr-defined]
    if not is_one_of(type(value), (list, tuple)) or len(value) > 10 * _MAX_POINTS:  # type: ignore[arg-type]
        return []
    found = []
    for item in value:  # type: ignore[attr-defined]  # just asked
        number = as_number(item)
        if number is None:
            return []
        found.append(number)
    return found


def _is_array(value: object) -> bool:
    numpy: Any = imported("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def _history_of(value: object) -> dict[str, list[float]]:
    """Return the curves that Keras keeps of a training."""
    history = attributes_of(value).get("history")
    if type(history) is not dict:
        return {}
    return {key: values for key, item in history.items() if type(key) is str and (values := _floats(item))}


def _within(score: Score, key: str, place: str) -> Score:
    return Score(
        _dotted(key, score.key), score.value, score.expression.replace("@", f"@{place}"), score.steps, score.values
    )


def _dotted(label: str, key: str) -> str:
    return f"{label}.{key}" if label else key


def _without_curve(name: str) -> str:
    """Return what a curve is of: `train_losses` is of `train_loss`, `cost_history` of `cost`."""
    words = name.split("_")
    kept = [word for word in words if word.lower() not in ("history", "hist", "curve", "log", "list", "values")]
    last = words_of(kept[-1])[-1:] if kept else []
    return "_".join([*kept[:-1], *last]) if kept and last and last != [kept[-1].lower()] else "_".join(kept) or name
