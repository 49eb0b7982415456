"""Metrics, timings and curves: the numbers that a cell leaves behind, told apart by the rules."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlexp.capture.numbers import as_number, number_expression
from mlexp.capture.points import Score
from mlexp.capture.reading import CannotReadError, read
from mlexp.capture.scores import collects_scores, scores_in
from mlexp.capture.shown import (
    MAKERS,
    as_read,
    is_constant_data,
    name_of_number,
    names_read,
    printed,
    result_name,
    root_name,
)
from mlexp.dataflow.bindings import Binding, Kind, bindings_of
from mlexp.dataflow.changes import statements_of
from mlexp.dataflow.rules import (
    SETTINGS,
    Scope,
    called,
    is_moment,
    is_score,
    is_score_table,
    is_settings,
    is_timing,
    keeps_folds,
    kind_of,
    loads_data,
    makes_data,
)
from mlexp.dataflow.uses import Uses, loops_around, measures, uses_of
from mlexp.dataflow.walking import root_of
from mlexp.fingerprint.asking import is_one_of
from mlexp.records import Metric, MetricOrigin

_LOOKS_AT_DATA = frozenset({"head", "tail", "sample", "describe", "value_counts", "corr", "cov", "query", "info"})
_COMPUTED = (Kind.COMPUTED, Kind.SAID)


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one metric."""

    name: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a cell leaves behind."""

    metrics: tuple[Metric, ...]
    timings: tuple[Metric, ...]
    curves: tuple[Curve, ...]


def found_in(
    tree: ast.Module,
    namespace: Mapping[str, object],
    result: object,
    *,
    forced: tuple[str, ...] = (),
    known: Mapping[str, Kind] | None = None,
) -> Found:
    """Return the metrics, timings and curves of a cell that has ended.

    Args:
        tree: The cell.
        namespace: The variables as it left them.
        result: The value of its last expression, or None.
        forced: Names that are metrics whatever binds them.
        known: Kinds of the names that earlier cells bound.
    """
    return _Search(tree, namespace, dict(known or {}), forced).found(result)


class _Search:
    """The search in one cell."""

    def __init__(
        self, tree: ast.Module, namespace: Mapping[str, object], known: dict[str, Kind], forced: tuple[str, ...]
    ) -> None:
        self._tree, self._namespace, self._known, self._forced = tree, namespace, known, forced
        self._bindings = bindings_of(tree, known)
        self._metrics: dict[str, Metric] = {}
        self._curves: dict[str, Curve] = {}

    def found(self, result: object) -> Found:
        timings = self._bound()
        for name in self._forced:
            self._add(name, self._namespace.get(name), name)
        self._stored()
        self._shown()
        self._result(result)
        return Found(tuple(self._metrics.values()), timings, tuple(self._curves.values()))

    def _bound(self) -> tuple[Metric, ...]:
        """Take the numbers that names stand for, and the scores in containers."""
        uses, loops = uses_of(self._tree), loops_around(self._tree)
        numbers = {n: v for n in self._bindings if (v := as_number(self._namespace.get(n))) is not None}
        scores = {
            name: list(self._scores(name, binding, loops.get(name, frozenset())))
            for name, binding in self._bindings.items()
            if name not in numbers and binding.kind is Kind.COMPUTED and not name.startswith("_")
        }
        telling = {*numbers, *(name for name, found in scores.items() if found)}
        sums = {name for name, binding in self._bindings.items() if binding.sums}
        while dropped := {
            n for n in telling if not measures(self._bindings[n], uses, telling, sums=sums, is_number=n in numbers)
        }:
            telling -= dropped  # what only such names are made of goes with them
        timings = []
        for name, number in numbers.items():
            binding = self._bindings[name]
            value = self._namespace[name]
            if binding.kind is Kind.CLOCK or (binding.kind is Kind.COMPUTED and is_timing(name)):
                if name not in self._forced and not name.startswith("_") and not is_moment(binding.node):
                    expression = number_expression(value, name)
                    timings.append(Metric(name=name, value=number, origin=MetricOrigin.BOUND, expression=expression))
            elif name in telling and not is_constant_data(binding.node):
                self._add(name, value, name)
        scores = {name: found for name, found in scores.items() if name in telling}
        for name, found in scores.items():  # what is made of others tells theirs no second time
            made_of = [other for other in scores if name in uses.get(other, Uses()).feeds - {other}]
            told = {repr(score.value) for other in made_of for score in scores[other]}
            values = self._named_values(name)
            found[:] = [s for s in found if repr(s.value) not in told and values.get(s.key) not in self._metrics]
        times = Counter(score.key for found in scores.values() for score in found)
        for name, found in scores.items():
            for score in found:
                free = (
                    times[score.key] == 1 and score.key not in ("", "mean", "std") and not self._is_setting(score.key)
                )
                self._add_score(score.key if free else f"{name}.{score.key}".rstrip("."), name, score)
        return tuple(timings)

    def _scores(self, name: str, binding: Binding, loop: frozenset[str]) -> Iterator[Score]:
        value = self._namespace.get(name)
        node = binding.node
        if is_constant_data(binding.node) or (isinstance(node, ast.Call) and called(node) in _LOOKS_AT_DATA):
            return
        if loads_data(node) and not is_score_table(name):
            return
        begun = dict(binding.value) if type(binding.value) is dict else {}
        pairs = [(k, v) for k, v in _pairs(node) if isinstance(k, ast.Constant) and isinstance(v, ast.Constant)]
        begun |= {key.value: item.value for key, item in pairs}
        built = any(isinstance(n, ast.Call) and called(n) in MAKERS for n in ast.walk(binding.node or ast.Pass()))
        given = {n for n, b in self._bindings.items() if b.kind in SETTINGS or b.kind is Kind.COUNTER}
        folds = keeps_folds(node)
        for score in scores_in(name, value, loop=loop, built=built, folds=folds, given=given):
            if score.key in begun and repr(begun[score.key]) == repr(score.value) and not is_score(score.key):
                continue  # a constant that stood there from the start
            yield score

    def _is_setting(self, name: str) -> bool:
        binding = self._bindings.get(name)
        return (binding.kind if binding is not None else self._known.get(name)) in SETTINGS

    def _named_values(self, name: str) -> dict[str, str]:
        """Return, of a dict or frame whose text stands in the cell, the name that stands for each item."""
        node = self._bindings[name].node
        found: dict[str, str] = {}
        for inner in ast.walk(node) if node is not None else ():
            if isinstance(inner, ast.Dict):
                pairs = zip(inner.keys, inner.values, strict=True)
                items = [(k.value, v) for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)]
            elif isinstance(inner, ast.Call):
                items = [(k.arg, k.value) for k in inner.keywords if k.arg is not None]
            else:
                continue
            for key, item in items:
                if isinstance(item, ast.List) and len(item.elts) == 1:
                    item = item.elts[0]
                if isinstance(item, ast.Call) and item.args:
                    item = item.args[0]
                if isinstance(item, ast.Name):
                    found[key] = item.id
        return found

    def _stored(self) -> None:
        """Take what the cell stores in containers of earlier cells: `results["svm"] = auc`."""
        for statement in statements_of(self._tree.body):
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                root = root_of(target)
                if not root or isinstance(target, ast.Name) or root in self._bindings or root.startswith("_"):
                    continue
                if not names_read(statement.value) or root_name(statement.value) in self._metrics:
                    continue
                name, table = name_of_number(target), self._namespace.get(root)
                computed = _kind_of_value(statement.value, self._known) is Kind.COMPUTED
                if computed and collects_scores(root, name, table):
                    self._read(as_read(target), name=name)

    def _shown(self) -> None:
        """Take what the cell prints of what it or an earlier cell computed: `print(scores.mean(), costs[-1])`."""
        for expression, after in printed(self._tree):
            if not after & {*names_read(expression)}:
                self._read(expression, name=name_of_number(expression))

    def _result(self, result: object) -> None:
        """Take the numbers of the last expression."""
        last = self._tree.body[-1] if self._tree.body else None
        if not isinstance(last, ast.Expr) or result is None:
            return
        node = last.value
        if isinstance(node, ast.Name):
            if node.id not in self._bindings and self._known.get(node.id, Kind.COMPUTED) in _COMPUTED:
                self._add(node.id, result, node.id)
                if as_number(result) is None:
                    for score in scores_in(node.id, result):
                        self._add_score(score.key or node.id, node.id, score)
            return
        if isinstance(node, (ast.Tuple, ast.List)) and is_one_of(type(result), (tuple, list)):
            for index, inner in enumerate(node.elts):
                if isinstance(inner, ast.Name) and index < len(result):  # type: ignore[arg-type]  # just asked
                    known = self._known.get(inner.id, Kind.COMPUTED)
                    if inner.id not in self._bindings and known in _COMPUTED:
                        self._add(inner.id, result[index], inner.id)  # type: ignore[index]  # just asked
                elif index < len(result) and _kind_of_value(inner, self._kinds) is Kind.COMPUTED:  # type: ignore[arg-type]
                    self._add_result(result_name(inner), result[index], f"_[{index}]", inner)  # type: ignore[index]
            return
        if isinstance(node, ast.Constant) or _kind_of_value(node, self._kinds) is not Kind.COMPUTED:
            return
        name = name_of_number(node) if isinstance(node, ast.Subscript) else result_name(node)
        if as_number(result) is not None:
            self._add_result(name, result, "", node)
            return
        if is_settings(name) or name in _LOOKS_AT_DATA or makes_data(node):
            return  # `search.best_params_`
        values = {k.value: v.id for k, v in _pairs(node) if isinstance(k, ast.Constant) and isinstance(v, ast.Name)}
        for score in scores_in(name, result, folds=keeps_folds(node)):
            if values.get(score.key) not in self._metrics:
                free = score.key and score.key not in ("mean", "std")
                key = score.key if free else f"{name}.{score.key}".rstrip(".")
                self._put(key, score.value, MetricOrigin.RESULT, score.expression.replace("@", "_"))

    @property
    def _kinds(self) -> dict[str, Kind]:
        return self._known | {name: binding.known_as for name, binding in self._bindings.items()}

    def _read(self, node: ast.expr, *, name: str) -> None:
        """Take the number that an expression gives where the cell has ended, if it can be read without running code."""
        if not root_name(node) or root_name(node).startswith("_"):
            return
        if _kind_of_value(node, self._kinds) is not Kind.COMPUTED:
            return
        try:
            value = read(node, self._namespace)
        except CannotReadError:
            return
        expression = ast.unparse(node)
        if expression not in {metric.expression for metric in self._metrics.values()}:
            self._add(name, value, expression)

    def _add_result(self, name: str, value: object, expression: str, node: ast.expr) -> None:
        number = as_number(value) if not makes_data(node) else None
        text = ast.unparse(node)
        told = any(metric.expression == text for metric in self._metrics.values())
        if number is not None and not told:
            self._put(name, number, MetricOrigin.RESULT, expression)

    def _add_score(self, name: str, root: str, score: Score) -> None:
        if name in self._metrics:
            name = f"{root}.{score.key}".rstrip(".")
        expression = score.expression.replace("@", root)
        if expression in {metric.expression for metric in self._metrics.values()}:
            return
        self._put(name, score.value, MetricOrigin.BOUND, expression)
        if score.values:
            self._curves[name] = Curve(name, score.steps, score.values)

    def _add(self, name: str, value: object, expression: str) -> None:
        number = as_number(value)
        if number is not None:
            self._put(name, number, MetricOrigin.BOUND, number_expression(value, expression))

    def _put(self, name: str, value: float, origin: MetricOrigin, expression: str) -> None:
        self._metrics.setdefault(name, Metric(name=name, value=value, origin=origin, expression=expression))


def _kind_of_value(node: ast.expr, kinds: Mapping[str, Kind]) -> Kind:
    return kind_of(node, Scope(kinds=dict(kinds)))


def _pairs(node: ast.expr | None) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True)) if isinstance(node, ast.Dict) else []
