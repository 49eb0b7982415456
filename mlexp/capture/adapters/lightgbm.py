"""LightGBM: the curves of its evaluations, from `train` as from its estimators, and the boosters themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType, FunctionType
from typing import Any

from mlexp.capture.adapters import estimators
from mlexp.capture.adapters.base import Curve, Listening, Seen, Told
from mlexp.capture.numbers import as_number
from mlexp.fingerprint.asking import attributes_of, name_of

_THROUGH = ("lightgbm", "sklearn.pipeline", "sklearn.base", "sklearn.utils")


class LightGBMAdapter:
    """A booster evaluates after each round, and `train` keeps only the last: the evaluations are heard one by one."""

    library = "lightgbm"

    def __init__(self) -> None:
        self._curves: dict[int, dict[str, list[float]]] = {}
        """By the booster that is in training, until `train` returns it."""

    def listenings(self) -> Iterable[Listening]:
        """Return `train`, which the estimators call, too, and the two functions with which a booster evaluates."""
        self._curves.clear()
        engine, basic = sys.modules.get("lightgbm.engine"), sys.modules.get("lightgbm.basic")
        booster = vars(getattr(basic, "Booster", object))
        train = getattr(engine, "train", None)
        for function, hear in (
            (train, self._hear_train),
            (booster.get("eval_train"), self._hear_evaluation),
            (booster.get("eval_valid"), self._hear_evaluation),
        ):
            if type(function) is FunctionType:
                yield Listening(function=function, hear=hear, through=_THROUGH)

    def mark(self, value: object) -> object:
        """Return what an estimator holds; of a booster how many trees it has."""
        if estimators.is_estimator(value):
            return estimators.mark(value)
        return ("trees", value.num_trees()) if _is_booster(value) else None  # type: ignore[attr-defined]  # a booster

    def see(self, value: object) -> Seen | None:
        """Tell of a booster, alone or in an estimator."""
        is_estimator = estimators.is_estimator(value)
        booster: Any = attributes_of(value).get("_Booster") if is_estimator else value
        if not _is_booster(booster):
            return None
        n_trees = booster.num_trees()
        n_features = booster.num_feature()
        best = as_number(vars(booster).get("best_iteration"))
        name = "best_iteration_" if is_estimator else "best_iteration"
        return Seen(
            summary=f"{n_trees:,} trees, {n_features:,} features",
            params=estimators.chosen(value) if is_estimator else {},
            scores={name: best} if best is not None and best > 0 else {},
        )

    def _hear_evaluation(self, frame: FrameType, value: object) -> Iterable[Told]:
        booster = frame.f_locals["self"]
        curves = self._curves.setdefault(id(booster), {})
        for data, metric, number, *_ in value if type(value) is list else ():
            if (point := as_number(number)) is not None:
                curves.setdefault(f"{data}/{metric}", []).append(point)
        return ()

    def _hear_train(self, frame: FrameType, value: object) -> Iterable[Told]:  # noqa: ARG002  (the protocol's)
        curves = self._curves.pop(id(value), {})
        return [Curve(name=name, values=tuple(values)) for name, values in curves.items()]


def _is_booster(value: object) -> bool:
    return name_of(type(value)) == "lightgbm.basic.Booster"


adapter = LightGBMAdapter()
