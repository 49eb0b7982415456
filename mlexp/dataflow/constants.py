"""Constants: expressions whose value stands in the text, and the one text that a value has in every process."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

_BINARY: dict[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], object]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
_MAX_ITEMS = 100
_MAX_LITERAL = 2000


class NotConstantError(ValueError):
    """An expression that is no constant."""


def constant_value(node: ast.expr) -> object:
    """Return the value of a constant expression: literals, arithmetic of numbers, small containers of these.

    Raises:
        NotConstantError: It is anything else, or too large to be a setting.
    """
    try:
        value = _evaluate(node)
        literal = repr(value)
        if len(literal) > _MAX_LITERAL or ast.literal_eval(literal) != value:
            raise NotConstantError("too large, or no literal can give it")
    except (ArithmeticError, TypeError, ValueError, SyntaxError, RecursionError) as error:
        raise NotConstantError(str(error)) from error
    return value


def literal_of(value: object) -> str:
    """Return a constant as the same Python text in every process: sets are sorted."""
    match value:
        case set() if value:
            return f"{{{', '.join(sorted(map(literal_of, value)))}}}"
        case list():
            return f"[{', '.join(map(literal_of, value))}]"
        case tuple():
            return f"({', '.join(map(literal_of, value))}{',' if len(value) == 1 else ''})"
        case dict():
            return f"{{{', '.join(f'{literal_of(key)}: {literal_of(item)}' for key, item in value.items())}}}"
    return repr(value)


def _evaluate(node: ast.expr) -> object:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
            return value
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            inner = _evaluate(operand)
            if isinstance(op, ast.Invert) and isinstance(inner, bool):
                raise NotConstantError("a bool upside down: Python warns of it")
            return _UNARY[type(op)](inner)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _evaluate(left), _evaluate(right)
            if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
                raise NotConstantError("arithmetic of numbers only")
            if isinstance(op, (ast.Pow, ast.LShift)) and (abs(a) > 10**6 or abs(b) > 64):
                raise NotConstantError("too large")
            found = _BINARY[type(op)](a, b)
            if isinstance(found, complex):
                raise NotConstantError("a root of a negative number")
            return found
        case ast.Tuple(elts=items):
            return tuple(_items(items))
        case ast.List(elts=items):
            return _items(items)
        case ast.Set(elts=items):
            return set(_items(items))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return dict(zip(_items([key for key in keys if key is not None]), _items(values), strict=True))
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords) if all(k.arg for k in keywords):
            names = [str(keyword.arg) for keyword in keywords]
            return dict(zip(names, _items([keyword.value for keyword in keywords]), strict=True))
        case ast.Call(func=ast.Name(id="int" | "float" as name), args=[argument], keywords=[]):
            number = _evaluate(argument)
            if type(number) in (int, float):
                return int(number) if name == "int" else float(number)  # type: ignore[call-overload, arg-type]
    raise NotConstantError(type(node).__name__)


def _items(nodes: list[ast.expr]) -> list[object]:
    if len(nodes) > _MAX_ITEMS:
        raise NotConstantError(f"more than {_MAX_ITEMS} items")
    return [_evaluate(node) for node in nodes]
