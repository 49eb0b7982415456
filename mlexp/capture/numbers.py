"""Metrics and timings: the numbers that a cell leaves behind, told apart by how it bound them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping

from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.records import Metric, MetricOrigin

_MAX_ITEMS = 50


def found_metrics(
    tree: ast.Module, namespace: Mapping[str, object], result: object, *, forced: tuple[str, ...] = ()
) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Return the metrics and the timings of a cell that has ended.

    Args:
        tree: The cell.
        namespace: The variables as it left them.
        result: The value of its last expression, or None.
        forced: Names that are metrics whatever binds them.
    """
    metrics: dict[str, Metric] = {}
    timings = []
    bindings = bindings_of(tree)
    for name, binding in bindings.items():
        value = namespace.get(name)
        chosen = name in forced or (binding.kind is Kind.COMPUTED and not name.startswith("_"))
        number = as_number(value)
        if binding.kind is Kind.CLOCK and number is not None and name not in forced:
            timings.append(Metric(name=name, value=number, origin=MetricOrigin.BOUND, expression=name))
        elif chosen and number is not None:
            metrics[name] = Metric(name=name, value=number, origin=MetricOrigin.BOUND, expression=name)
    for name, binding in bindings.items():
        if binding.kind is Kind.COMPUTED and not name.startswith("_"):
            for key, number in _numbers_in(namespace.get(name)):
                free = key if key not in metrics and key not in bindings else f"{name}.{key}"
                expression = f"{name}[{key!r}]"
                metrics[free] = Metric(name=free, value=number, origin=MetricOrigin.BOUND, expression=expression)
    for name in forced:
        if name not in metrics and (number := as_number(namespace.get(name))) is not None:
            metrics[name] = Metric(name=name, value=number, origin=MetricOrigin.BOUND, expression=name)
    for metric in _in_result(tree, result):
        metrics.setdefault(metric.name, metric)
    return tuple(metrics.values()), tuple(timings)


def as_number(value: object) -> float | None:
    """Return a number as an int or a float of the same value, or None for anything else; no code of the user's runs."""
    if type(value) is float:
        return value
    if type(value) is int:
        return value if abs(value) < 2**1000 else None
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value).__module__ == "numpy":
        if isinstance(value, numpy.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, numpy.floating) and value.dtype.itemsize <= 8:
            return float(value)
        if isinstance(value, numpy.integer) and not isinstance(value, numpy.timedelta64):
            return int(value)
    return None


def _numbers_in(value: object) -> Iterator[tuple[str, float]]:
    if type(value) is not dict or not 0 < len(value) <= _MAX_ITEMS:
        return
    numbers = {key: as_number(item) for key, item in value.items()}
    if all(type(key) is str and key and number is not None for key, number in numbers.items()):
        yield from ((key, number) for key, number in numbers.items() if number is not None)


def _in_result(tree: ast.Module, result: object) -> Iterator[Metric]:
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or isinstance(last.value, (ast.Name, ast.Constant)):
        return
    number = as_number(result)
    if number is not None:
        yield Metric(name=result_name(last.value), value=number, origin=MetricOrigin.RESULT)


def result_name(node: ast.expr) -> str:
    """Return what the number of an expression is called: after its function, `_score` left out; else "result"."""
    while isinstance(node, ast.Call):
        function = node.func
        called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if called not in ("float", "round", "int", "mean", "item", "abs"):
            return re.sub(r"(?<=.)_score$", "", called) or "result"
        inner = node.args[0] if node.args else function.value if isinstance(function, ast.Attribute) else None
        if not isinstance(inner, ast.Call):
            return called
        node = inner
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return node.attr if isinstance(node, ast.Attribute) else "result"
