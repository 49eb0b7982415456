"""Reads an expression again where its cell has ended, without running any code but Python's, numpy's and pandas' own.

A cell prints `costs[-1]` or `scores.mean()`: the value is not bound to a name, yet it can be had once more. Anything
that could run the user's code, or take long, cannot be read.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import MethodType
from typing import Any

from mlexp.capture.fields import fields_of
from mlexp.capture.numbers import as_number
from mlexp.capture.scores import DICTS
from mlexp.fingerprint.asking import attributes_of, bases_of, imported, is_one_of, members_of, module_of, name_of

_MAX_SIZE = 1_000_000
_REDUCTIONS = frozenset("mean std var median min max sum argmax argmin item".split())
_ELEMENTWISE = frozenset("sqrt square exp log log2 log10 abs".split())
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "round": round, "float": float, "int": int, "abs": abs, "min": min, "max": max, "sum": sum, "len": len,
}  # fmt: skip
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip


class CannotReadError(LookupError):
    """An expression that cannot be read without running code."""


def read(node: ast.expr, namespace: Mapping[str, object]) -> object:
    """Return the value of an expression.

    Raises:
        CannotReadError: It is not one that can be read.
    """
    try:
        return _read(node, namespace)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise CannotReadError(str(error)) from error


def _read(node: ast.expr, namespace: Mapping[str, object]) -> Any:
    match node:
        case ast.Constant(value=value) if is_one_of(type(value), (int, float, str)):
            return value
        case ast.Name(id=name):
            return namespace[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, namespace)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_number(left, namespace), _number(right, namespace))
        case ast.Tuple(elts=items):
            return tuple(_read(item, namespace) for item in items)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="loc" | "iloc" as how), slice=index):
            table = _table(_read(inner, namespace))
            return getattr(table, how)[_key(index, namespace)]
        case ast.Subscript(value=inner, slice=index):
            return _item(_read(inner, namespace), _key(index, namespace))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            return _COMPARED[type(op)](_comparable(_read(left, namespace)), _comparable(_read(right, namespace)))
        case ast.Attribute(value=inner, attr=name):
            return _attribute(_read(inner, namespace), name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=[inner], keywords=[]) if (
            _is_numpy(namespace.get(module)) and name in _REDUCTIONS | _ELEMENTWISE
        ):
            return getattr(namespace[module], name)(_plain(_read(inner, namespace)))
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[], keywords=keywords) if (
            name in _REDUCTIONS and all(k.arg == "axis" and isinstance(k.value, ast.Constant) for k in keywords)
        ):
            method = getattr(_array(_read(inner, namespace)), name)
            if type(method) is MethodType or callable(method):
                return method(**{str(k.arg): _read(k.value, namespace) for k in keywords})
        case ast.Call(func=ast.Attribute(value=inner, attr="round"), args=[] | [ast.Constant()] as args, keywords=[]):
            return _array(_read(inner, namespace)).round(*(_read(argument, namespace) for argument in args))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and name not in namespace:
            return _FUNCTIONS[name](*(_plain(_read(argument, namespace)) for argument in args))
    raise CannotReadError(type(node).__name__)


def _attribute(value: Any, name: str) -> Any:
    """Return what an object keeps under a name: a field of it, or a plain attribute that no class stands before.

    What statsmodels' results were asked for, they keep; so what was printed of them can be had.
    """
    fields = fields_of(value)
    if fields is not None:
        return fields[name]
    own, classes = attributes_of(value), bases_of(type(value))
    library = module_of(type(value)).partition(".")[0]
    if library == "statsmodels":
        own = attributes_of(own.get("_results", value))
        cache = own.get("_cache")
        own = {**own, **cache} if type(cache) is dict else own
    elif any(name in members_of(cls) for cls in classes) or any(
        "__getattribute__" in members_of(cls) for cls in classes if cls is not object
    ):
        raise CannotReadError(name)
    return own[name]


def _comparable(value: Any) -> Any:
    """Return what can be compared without running code of the user's: a plain value, or an array of such."""
    if is_one_of(type(value), (int, float, str, bool)) or as_number(value) is not None:
        return value
    found = _table(value)
    if found.ndim > 2 or getattr(getattr(found, "dtype", None), "kind", "") not in tuple("fiubUS"):
        raise CannotReadError("no plain values")
    return found


def _number(node: ast.expr, namespace: Mapping[str, object]) -> Any:
    value = _read(node, namespace)
    if as_number(value) is None or module_of(type(value)) not in ("builtins", "numpy"):
        raise CannotReadError("no number")
    return value


def _key(node: ast.expr, namespace: Mapping[str, object]) -> Any:
    key = _read(node, namespace)
    parts = key if type(key) is tuple else (key,)
    if any(not is_one_of(type(part), (int, str, float)) and as_number(part) is None for part in parts):
        raise CannotReadError("no plain key")
    return key


def _item(value: Any, key: Any) -> Any:
    kind = type(value)
    if is_one_of(kind, (list, tuple)) and type(key) is not tuple:
        return value[key]
    if name_of(kind) in DICTS:
        return dict.get(value, key)
    return _table(value)[key]


def _table(value: Any) -> Any:
    numpy, pandas = _module("numpy"), _module("pandas")
    kinds = [numpy.ndarray] if numpy else []
    kinds += [pandas.Series, pandas.DataFrame] if pandas else []
    if is_one_of(type(value), tuple(kinds)) and value.size <= _MAX_SIZE:
        return value
    raise CannotReadError(type(value).__name__)


def _array(value: Any) -> Any:
    """Return an array or a Series of numbers, or one number of numpy's."""
    numpy = _module("numpy")
    if numpy and isinstance(value, numpy.generic) and as_number(value) is not None:
        return value
    found = _table(value)
    if found.ndim > 2 or getattr(getattr(found, "dtype", None), "kind", "") not in tuple("fiub"):
        raise CannotReadError("no numbers")
    return found


def _plain(value: Any) -> Any:
    """Return what Python's own functions may be given: a number, or a list, array or Series of numbers."""
    if as_number(value) is not None and module_of(type(value)) in ("builtins", "numpy"):
        return value
    if (
        is_one_of(type(value), (list, tuple))
        and len(value) <= _MAX_SIZE
        and all(as_number(item) is not None for item in value)
    ):
        return value
    return _array(value)


def _is_numpy(module: object) -> bool:
    return module is not None and module is _module("numpy")


def _module(name: str) -> Any:
    return imported(name)
