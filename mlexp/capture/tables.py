"""The scores in tables: lists of rows, arrays, Series and frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from mlexp.capture.numbers import as_number, number_expression
from mlexp.capture.points import (
    MAX_ITEMS,
    MAX_POINTS,
    NO_SCORES,
    STEPS,
    Score,
    curve_of,
    dotted,
    floats_in,
    scores_of_folds,
    without_curve,
)
from mlexp.dataflow.rules import is_curve, is_plural_score, is_score, is_score_table, is_timing
from mlexp.fingerprint.asking import is_one_of

_DESCRIBED = frozenset({"count", "mean", "std"})


def scores_of_rows(name: str, rows: Sequence[object], loop: frozenset[str], given: Set[str]) -> Iterator[Score]:
    """Yield the scores in a list of dicts: a table with a row for each model, or a curve with one for each step."""
    if any(type(row) is not dict for row in rows):
        return
    table: Sequence[dict[object, object]] = rows  # type: ignore[assignment]  # just asked
    keys = [key for key in table[0] if type(key) is str]
    if any(key.lower() in STEPS for key in keys) or is_curve(name) or loop & STEPS:
        columns = {key: floats_in([row.get(key) for row in table]) for key in keys}
        steps = next((columns[key] for key in columns if key.lower() in STEPS), ())
        for key, values in columns.items():
            if values and key.lower() not in NO_SCORES:
                yield curve_of(key, values, f"@[-1][{key!r}]", steps)
        return
    chosen = [key for key in keys if is_score(key)]
    if is_score_table(name):
        others = [key for key in keys if all(type(as_number(row.get(key))) is float for row in table)]
        chosen = [key for key in keys if key in chosen or (key in others and _is_measured(key, given))]
    if len(table) * len(chosen) > MAX_ITEMS:
        return
    labels = _labels([{key: row.get(key) for key in keys if key not in chosen} for row in table])
    for index, (label, row) in enumerate(zip(labels, table, strict=True)):
        for key in chosen:
            number = as_number(row.get(key))
            if number is not None:
                yield Score(dotted(label, key), number, number_expression(row[key], f"@[{index}][{key!r}]"))


def scores_of_array(name: str, value: Any, *, folds: bool) -> Iterator[Score]:
    """Yield the scores in an array: a curve, or those of folds."""
    if value.ndim != 1 or value.dtype.kind not in "f" or value.dtype.itemsize > 8 or not 2 <= value.size <= MAX_POINTS:
        return
    if is_curve(name):
        yield curve_of(without_curve(name), value.tolist(), "@[-1]")
    elif folds and is_plural_score(name) and value.size <= MAX_ITEMS:
        yield from scores_of_folds(value)


def scores_of_series(name: str, value: Any, *, folds: bool) -> Iterator[Score]:
    """Yield the scores in a Series: one for each label, or those of folds."""
    labels = value.index.tolist() if len(value) <= MAX_ITEMS else []
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
        telling = 2 * sum(map(is_score, labels)) > len(labels)  # `radius error` may be one feature of many
        if telling or is_score(name) or is_score_table(name) or is_score(called):
            for label, number in zip(labels, value.tolist(), strict=True):
                yield Score(label, number, f"@[{label!r}]")
    elif folds and is_plural_score(name) and value.dtype.kind == "f" and len(value) >= 2:
        yield from scores_of_folds(value)


def scores_of_frame(name: str, value: Any, given: Set[str] | None) -> Iterator[Score]:
    """Yield the scores in a frame: one for each row and column of scores, or curves."""
    columns, n_rows = value.columns.tolist(), len(value)
    if any(type(column) is not str for column in columns) or len(set(columns)) < len(columns) or not n_rows:
        return
    numeric = [c for c, dtype in zip(columns, value.dtypes, strict=True) if getattr(dtype, "kind", "") in "fi"]
    if len(columns) > MAX_ITEMS or n_rows > MAX_POINTS:
        return
    if is_curve(name) or any(column.lower() in STEPS for column in numeric):
        if len(numeric) == len(columns) and (is_curve(name) or any(map(is_score, numeric))):
            table = {column: value[column].tolist() for column in numeric}
            steps = next((table[column] for column in table if column.lower() in STEPS), ())
            for column, values in table.items():
                if column.lower() not in NO_SCORES:
                    yield curve_of(column, values, f"@[{column!r}].iloc[-1]", steps)
        return
    chosen = [column for column in numeric if is_score(column)]
    if given is not None and is_score_table(name):
        others = [c for c in numeric if value[c].dtype.kind == "f" and _is_measured(c, given)]
        chosen = [column for column in numeric if column in chosen or column in others]
    if not {"f0", "f2"}.isdisjoint(columns):
        chosen = [column for column in chosen if column != "f1"]  # a feature
    index = value.index.tolist() if n_rows * len(chosen) <= MAX_ITEMS else []
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
                yield Score(dotted(label, column), number, f"@{place}")


def _is_measured(key: str, given: Set[str]) -> bool:
    return key not in given and not is_timing(key) and key.lower() not in NO_SCORES


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
