"""scikit-learn: metrics functions, scorers, `score`, cross-validation, searches, and estimators."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

from mlexp.capture.adapters import estimators
from mlexp.capture.adapters.base import Listening, Score, Seen, Told
from mlexp.capture.numbers import as_number
from mlexp.fingerprint.asking import attributes_of, is_one_of, members_of, module_of

_FOLDS = frozenset({"cross_val_score", "cross_validate"})
_AVERAGES = {"macro": "f1_macro", "weighted": "f1_weighted", "micro": "f1_micro"}


def named(function: str) -> str:
    """Return what a score is called after its function: `_score` left out."""
    return re.sub(r"(?<=.)_score$", "", function)


class SklearnAdapter:
    """scikit-learn's functions are validated by one wrapper, so they are heard in that: `func` is the one that ran."""

    library = "sklearn"

    def __init__(self) -> None:
        self._known: tuple[int, tuple[Listening, ...]] = (0, ())
        """How many modules there were, and what there was to listen to: looking takes longer than a short cell."""

    def listenings(self) -> Iterable[Listening]:
        """Return the public functions that measure, and each `score` that an estimator of the library has."""
        if self._known[0] != len(sys.modules):
            self._known = len(sys.modules), tuple(self._found())
        return self._known[1]

    def _found(self) -> Iterator[Listening]:
        for package in ("sklearn.metrics", "sklearn.model_selection"):
            module = sys.modules.get(package)
            for name in getattr(module, "__all__", ()):
                function = vars(module).get(name)
                if type(function) is FunctionType and _inner(function) is not None:
                    yield Listening(function=function, hear=_hear_validated)
        base, scorers = sys.modules.get("sklearn.base"), sys.modules.get("sklearn.metrics._scorer")
        for name in ("_BaseScorer", "_PassthroughScorer"):
            call = inspect.unwrap(getattr(scorers, name, object).__call__)
            if type(call) is FunctionType:
                yield Listening(function=call, hear=_hear_scorer, through=("sklearn.utils.validation",))
        mixins = [getattr(base, name, None) for name in ("ClassifierMixin", "RegressorMixin", "BaseEstimator")]
        yield from _scores_of([cls for cls in mixins if isinstance(cls, type)])

    def mark(self, value: object) -> object:
        """Return the identities of what an estimator holds."""
        return estimators.mark(value) if estimators.is_estimator(value) else None

    def see(self, value: object) -> Seen | None:
        """Tell of a fitted estimator; of a search also the best score and params and the table of all that it tried."""
        if not estimators.is_estimator(value) or not estimators.fitted(value):
            return None
        own = attributes_of(value)
        params = estimators.chosen(value)
        scores, tables = {}, {}
        if estimators.is_a(value, "sklearn.model_selection._search.BaseSearchCV"):
            best = own.get("best_params_")
            for key, item in best.items() if type(best) is dict else ():
                plain, is_plain = estimators.plain_value(item)
                if is_plain and type(key) is str:
                    params[f"best.{key.replace('__', '.')}"] = plain
            if (number := as_number(own.get("best_score_"))) is not None:
                scores["best_score_"] = number
            if type(own.get("cv_results_")) is dict:
                tables["cv_results_"] = _columns(own["cv_results_"])
        return Seen(summary=estimators.extent(value), params=params, scores=scores, tables=tables)


def _inner(function: FunctionType) -> FunctionType | None:
    """Return the function inside scikit-learn's validating wrapper, or None if it has another or none."""
    code = function.__code__
    if code.co_name != "wrapper" or "func" not in code.co_freevars or not code.co_filename.endswith("validation.py"):
        return None
    inner = (function.__closure__ or ())[code.co_freevars.index("func")].cell_contents
    return inner if type(inner) is FunctionType else None


def _scores_of(roots: list[type]) -> Iterator[Listening]:
    seen: set[int] = set()  # a metaclass may have a `__hash__` of its own
    codes: set[CodeType] = set()
    while roots:
        cls = roots.pop()
        if id(cls) in seen or module_of(cls).partition(".")[0] != "sklearn":
            continue
        seen.add(id(cls))
        roots += type.__subclasses__(cls)
        method = members_of(cls).get("score")
        function = getattr(method, "fn", method) if method is not None else None  # beneath `available_if`
        if type(function) is FunctionType and function.__code__ not in codes:
            codes.add(function.__code__)
            yield Listening(function=function, hear=_hear_score)


def _hear_validated(frame: FrameType, value: object) -> Iterable[Told]:
    function = frame.f_locals.get("func")
    name = function.__name__ if type(function) is FunctionType else ""
    if name in _FOLDS:
        return tuple(_of_folds(name, value))
    if name == "classification_report":
        return tuple(_of_report(value))
    if name == "precision_recall_fscore_support" and type(value) is tuple:
        numbers = zip(("precision", "recall", "fscore"), value, strict=False)
        return tuple(
            Score(name=part, value=number, reading=f"{{}}[{i}]")
            for i, (part, item) in enumerate(numbers)
            if (number := as_number(item)) is not None
        )
    return _number(named(name), value)


def _hear_score(frame: FrameType, value: object) -> Iterable[Told]:  # noqa: ARG001  (the protocol's)
    return _number("score", value)


def _hear_scorer(frame: FrameType, value: object) -> Iterable[Told]:
    own = attributes_of(frame.f_locals["self"])
    function, sign = own.get("_score_func"), own.get("_sign")
    name = named(getattr(function, "__name__", "score"))
    return _number(f"neg_{name}" if sign == -1 else name, value)


def _number(name: str, value: object) -> Iterable[Told]:
    number = as_number(value)
    return () if number is None or not name else (Score(name=name, value=number),)


def _of_folds(name: str, value: object) -> Iterator[Told]:
    """Yield mean and deviation of the folds; of several scores for each."""
    if name == "cross_val_score":
        yield from _mean_and_std("cross_val", value, "{}")
    elif type(value) is dict:
        for key, folds in value.items():
            if type(key) is str and key.startswith(("test_", "train_")):
                yield from _mean_and_std(key, folds, f"{{}}[{key!r}]")


def _mean_and_std(name: str, folds: object, reading: str) -> Iterator[Told]:
    numpy: Any = sys.modules["numpy"]
    if not isinstance(folds, numpy.ndarray):
        return
    if folds.ndim == 1 and folds.dtype.kind == "f" and 0 < len(folds) <= 1000:
        for statistic in ("mean", "std"):
            number = as_number(getattr(folds, statistic)())
            if number is not None:
                yield Score(name=f"{name}.{statistic}", value=number, reading=f"{reading}.{statistic}()")


def _of_report(value: object) -> Iterator[Told]:
    """Yield what one looks for in a report. One that is text has its numbers rounded, and is left to be read."""
    if type(value) is dict:
        for average, name in _AVERAGES.items():
            row = value.get(f"{average} avg")
            if type(row) is dict and (number := as_number(row.get("f1-score"))) is not None:
                yield Score(name=name, value=number, reading=f"{{}}['{average} avg']['f1-score']")
        if (number := as_number(value.get("accuracy"))) is not None:
            yield Score(name="accuracy", value=number, reading="{}['accuracy']")
    elif type(value) is str:
        for line in value.splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "accuracy" and _is_decimal(words[1]):
                yield Score(name="accuracy", value=float(words[1]), is_readable=False)
            elif len(words) == 6 and words[0] in _AVERAGES and words[1] == "avg" and _is_decimal(words[4]):
                yield Score(name=_AVERAGES[words[0]], value=float(words[4]), is_readable=False)


def _is_decimal(word: str) -> bool:
    return re.fullmatch(r"\d\.\d+", word) is not None


def _columns(results: dict[object, object]) -> dict[str, list[object]]:
    """Return a search's results as plain columns; the params of each row stand in columns of their own."""
    numpy = sys.modules["numpy"]
    columns = {}
    for name, values in results.items():
        if type(name) is str and name != "params" and isinstance(values, numpy.ndarray) and values.ndim == 1:
            items = values.tolist()
            columns[name] = [estimators.plain_value(item)[0] if _is_plain(item) else _word(item) for item in items]
    return columns


def _is_plain(item: object) -> bool:
    return item is None or as_number(item) is not None or is_one_of(type(item), (bool, str))


def _word(item: object) -> str:
    """Return what stands for a value that is no plain one; its `repr` may be anything."""
    plain, is_plain = estimators.plain_value(item)
    return repr(plain) if is_plain else type(item).__name__


adapter = SklearnAdapter()
