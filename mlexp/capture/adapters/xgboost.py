"""XGBoost: the curves of its evaluations, from `train` as from its estimators, and the boosters themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from types import FrameType, FunctionType
from typing import Any

from mlexp.capture.adapters import estimators
from mlexp.capture.adapters.base import Curve, Listening, Seen, Told
from mlexp.capture.numbers import as_number
from mlexp.fingerprint.asking import attributes_of, name_of

THROUGH = ("xgboost", "sklearn.pipeline", "sklearn.base", "sklearn.utils")


class XGBoostAdapter:
    """`train` keeps the history of its evaluations in a variable; its own callbacks and result are left alone."""

    library = "xgboost"

    def listenings(self) -> Iterable[Listening]:
        """Return `train`, beneath its decorators; the estimators call it, too."""
        module = sys.modules.get("xgboost.training")
        train = inspect.unwrap(vars(module)["train"]) if module is not None and "train" in vars(module) else None
        if type(train) is FunctionType:
            yield Listening(function=train, hear=_hear_train, through=THROUGH)

    def mark(self, value: object) -> object:
        """Return what an estimator holds; of a booster how many rounds it has."""
        if estimators.is_estimator(value):
            return estimators.mark(value)
        return ("rounds", _rounds(value)) if _is_booster(value) else None

    def see(self, value: object) -> Seen | None:
        """Tell of a booster, alone or in an estimator."""
        booster: Any = attributes_of(value).get("_Booster") if estimators.is_estimator(value) else value
        if not _is_booster(booster):
            return None
        words = [f"{_rounds(booster):,} rounds"]
        n_features = as_number(booster.num_features())
        if n_features is not None:
            words.append(f"{n_features:,} features")
        is_estimator = estimators.is_estimator(value)
        scores = {}
        if is_estimator or type(value) is type(booster):
            found = booster.attributes()
            scores = {name: _number(found[name]) for name in ("best_iteration", "best_score") if name in found}
        params = estimators.chosen(value) if is_estimator else {}
        return Seen(summary=", ".join(words), params=params, scores=scores)


def _hear_train(frame: FrameType, value: object) -> Iterable[Told]:  # noqa: ARG001  (the protocol's)
    names = frame.f_locals
    history = vars(names["cb_container"]).get("history") if "cb_container" in names else None
    for data, metrics in history.items() if isinstance(history, dict) else ():
        for metric, points in metrics.items():
            # Of a cross-validation inside, a point is a mean and a deviation.
            numbers = [as_number(point[0] if type(point) is tuple else point) for point in points]
            if numbers and None not in numbers:
                yield Curve(name=f"{data}/{metric}", values=tuple(n for n in numbers if n is not None))


def _is_booster(value: object) -> bool:
    return name_of(type(value)) == "xgboost.core.Booster"


def _rounds(booster: Any) -> int:
    return int(booster.num_boosted_rounds())


def _number(text: str) -> float:
    number = float(text)
    return int(number) if text.lstrip("-").isdigit() else number


adapter = XGBoostAdapter()
