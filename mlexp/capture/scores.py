"""The scores in a container that a cell leaves behind: a dict, list, array, Series, frame or object of results.

Each comes with Python that gives it, `@` standing for the container. Values filled step by step are a curve, whose last
value is the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from mlexp.capture.fields import fields_of
from mlexp.capture.numbers import as_number, number_expression
from mlexp.capture.points import (
    MAX_ITEMS,
    NO_SCORES,
    STEPS,
    Score,
    curve_of,
    floats_in,
    is_array,
    scores_of_curves,
    scores_of_folds,
    within,
    without_curve,
)
from mlexp.capture.tables import scores_of_array, scores_of_frame, scores_of_rows, scores_of_series
from mlexp.dataflow.rules import is_curve, is_one_score, is_plural_score, is_score, is_score_table
from mlexp.fingerprint.asking import attributes_of, imported, is_one_of, module_of, name_of, simple_name_of

_MAX_DEPTH = 2
"""Of dicts in dicts; one may hold itself."""
_FOLDS = frozenset(
    {"fold", "split", "kfold", "kf", "skf", "cv", "seed", "idx", "repeat", "rep", "run", "trial", "_", "i", "j"}
)
DICTS = ("dict", "collections.OrderedDict", "collections.defaultdict")
"""Dicts whose items can be read without running code of the user's."""


def scores_in(
    name: str,
    value: object,
    *,
    loop: frozenset[str] = frozenset(),
    built: bool = False,
    folds: bool = True,
    given: Set[str] = frozenset(),
) -> Iterator[Score]:
    """Yield the scores in a container; none for what is no container of scores.

    Args:
        name: What it is called.
        value: The container.
        loop: Words of the loops that filled it.
        built: Whether the cell itself built it, and did not take it from other data.
        folds: Whether an array may hold the scores of folds, by its text.
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
                yield from scores_of_array(name, value, folds=folds)
        elif kind is modules.Series:
            yield from scores_of_series(name, value, folds=folds)
        elif kind is modules.DataFrame:
            yield from scores_of_frame(name, value, given if built else None)
    elif name_of(kind).endswith("History"):
        history = _history_of(value)
        yield from scores_of_curves(history, "@.history") if history else ()
    else:
        yield from _of_fields(name, value)


def _of_dict(
    name: str, value: Mapping[object, object], loop: frozenset[str], depth: int = _MAX_DEPTH
) -> Iterator[Score]:
    if not 0 < len(value) <= MAX_ITEMS or any(not is_one_of(type(key), (str, int, float)) for key in value):
        return
    items = dict(value.items())
    named = is_score(name) or is_score_table(name)
    if all(is_one_of(type(item), (list, tuple)) or is_array(item) for item in items.values()):
        yield from _of_columns(name, items, loop)
        return
    if all(type(item) is dict for item in items.values()):
        for key, inner in items.items() if depth else ():
            for score in _of_dict(name, inner, loop, depth - 1):  # type: ignore[arg-type]  # just asked
                yield within(score, str(key), f"[{key!r}]")
        return
    numbers = {key: number for key, item in items.items() if (number := as_number(item)) is not None}
    telling: set[object] = {key for key in numbers if type(key) is str and is_score(key)}
    whole = all(type(number) is int for number in numbers.values())
    if len(numbers) == len(items) and (named or not whole) and (named or all(type(key) is str for key in items)):
        chosen = set(numbers) - (NO_SCORES if telling else set())
    else:
        chosen = telling
    for key, number in numbers.items():
        if key in chosen:
            label = str(key)
            if type(key) is not str or (is_one_score(name) and not is_score(label)):
                label = f"{name}.{label}"  # alone it would not say what it is
            yield Score(label, number, number_expression(items[key], f"@[{key!r}]"))


def _of_columns(name: str, items: Mapping[object, object], loop: frozenset[str]) -> Iterator[Score]:
    """Yield the curves, or the scores of folds, in a dict of lists."""
    lists = {key: floats_in(item) for key, item in items.items() if type(key) is str}
    plain = {key: values for key, values in lists.items() if values}
    if not plain or not (is_curve(name) or is_score_table(name) or any(map(is_score, plain))):
        return
    folds = [key for key, item in items.items() if is_array(item)]
    if folds or (not is_curve(name) and not loop & STEPS and loop & _FOLDS):
        for key, values in plain.items():
            if is_score(key) and 2 <= len(values) <= MAX_ITEMS:
                for score in scores_of_folds(items[key]):
                    yield within(score, key, f"[{key!r}]")
    else:
        yield from scores_of_curves(plain, "@")


def _of_list(name: str, value: Sequence[object], loop: frozenset[str], given: Set[str]) -> Iterator[Score]:
    if not value:
        return
    if type(value[0]) is dict:
        yield from scores_of_rows(name, value, loop, given)
    elif is_one_of(type(value[0]), (tuple, list)) and len(value) <= MAX_ITEMS and is_score_table(name):
        yield from _of_pairs(value)
    elif type(value) is list and (values := floats_in(value)):
        stepwise = bool(loop & STEPS) or (len(values) > MAX_ITEMS and is_plural_score(name))
        folds = len(values) <= MAX_ITEMS and (bool(loop & _FOLDS) or (not loop and not is_curve(name)))
        if not stepwise and folds and (is_plural_score(name) or (loop and is_score(name))):
            yield from scores_of_folds(value) if len(values) > 1 else ()
        elif is_curve(name) or (stepwise and is_score(name)):
            yield curve_of(without_curve(name), values, "@[-1]")


def _of_pairs(rows: Sequence[object]) -> Iterator[Score]:
    for index, row in enumerate(rows):
        if not is_one_of(type(row), (tuple, list)) or len(row) != 2 or type(row[0]) is not str:  # type: ignore[arg-type, index]
            return
        number = as_number(row[1])  # type: ignore[index]  # just asked
        if number is not None:
            yield Score(row[0], number, f"@[{index}][1]")  # type: ignore[index]  # just asked


def _of_fields(name: str, value: object) -> Iterator[Score]:
    """Yield the scores in the fields of an object: `result.accuracy`."""
    fields = fields_of(value)
    for field, item in list((fields or {}).items())[:MAX_ITEMS]:
        number = as_number(item)
        if number is not None and (is_score(field) or (is_score_table(name) and field not in NO_SCORES)):
            yield Score(field, number, number_expression(item, f"@.{field}"))


def _history_of(value: object) -> dict[str, list[float]]:
    """Return the curves that Keras keeps of a training."""
    history = attributes_of(value).get("history")
    if type(history) is not dict:
        return {}
    return {key: values for key, item in history.items() if type(key) is str and (values := floats_in(item))}


def collects_scores(root: str, name: str, value: object) -> bool:
    """Tell whether an item that is stored is a score: into a list or a dict, or into a table under a name that says so.

    Args:
        root: What the container is called.
        name: What the item is called.
        value: The container.
    """
    kind = type(value)
    if name_of(kind) in (*DICTS, "list"):
        return True
    table = module_of(kind).partition(".")[0] == "pandas" and simple_name_of(kind) in ("DataFrame", "Series")
    return table and (is_score(name) or is_score(root) or is_score_table(root))
