"""The rules that tell params, metrics and timings apart, by how a cell binds its names.

    constant   `lr = 0.1`, `sizes = (64, 32)`, `a, b = 1, 2`, `n = 2**10`         may be a param
    computed   `auc = score(y, p)`, `loss = total / n`                             may be a metric, if it is a number
    clock      `started = time.time()`, `took = time.time() - started`             a timing
    counter    `n += 1`, a loop's target, a name of an `except … as`, `with … as`  neither

Only what stands at a cell's top level can be a constant: a value that an `if` or a loop decides was not chosen. A name
bound in several ways is what the strongest of them makes it: counter, then clock, then computed, then constant.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mlexp.dataflow.names import changed_in_place

_CLOCKS = frozenset({"time", "perf_counter", "monotonic", "process_time", "thread_time", "time_ns", "perf_counter_ns",
                     "monotonic_ns", "process_time_ns", "now", "utcnow", "default_timer"})  # fmt: skip
_CLOCK_OWNERS = frozenset({"time", "datetime", "timeit"})
_BARE_CLOCKS = _CLOCKS - {"now", "utcnow"}
_BINARY: dict[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], object]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
_MAX_ITEMS = 100
_MAX_LITERAL = 2000


class Kind(IntEnum):
    """How a name is bound; the greater wins where a cell binds it in several ways."""

    CONSTANT = 1
    COMPUTED = 2
    CLOCK = 3
    COUNTER = 4


@dataclass(frozen=True, slots=True)
class Binding:
    """A name and how a cell binds it."""

    name: str
    kind: Kind
    value: object = None
    """Of a constant: its value."""
    node: ast.expr | None = None
    """Of a constant: the expression that gives it; of the last binding, where there are several."""


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


def bindings_of(tree: ast.Module) -> dict[str, Binding]:
    """Return how a cell binds each of its names, in the order of first binding; imports and definitions left out."""
    found: dict[str, Binding] = {}
    clocks: set[str] = set()
    for statement in tree.body:
        for binding in _of_statement(statement, clocks, top=True):
            if binding.kind is Kind.CLOCK:
                clocks.add(binding.name)
            before = found.get(binding.name)
            readings = {Kind.COMPUTED, Kind.CLOCK}  # of these two the last counts
            if before is None or binding.kind >= before.kind or {binding.kind, before.kind} <= readings:
                found[binding.name] = binding
    for name in changed_in_place(tree):
        if name in found and isinstance(found[name].value, (list, dict, set)):
            found[name] = Binding(name, Kind.COMPUTED)  # a place that the cell fills
    return found


def _of_statement(node: ast.stmt, clocks: set[str], *, top: bool) -> Iterator[Binding]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _of_target(target, value, clocks, top=top)
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield from _of_target(ast.Name(name, ast.Store()), value, clocks, top=top)
        case ast.AugAssign(target=ast.Name(id=name)):
            yield Binding(name, Kind.COUNTER)
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield from (Binding(name, Kind.COUNTER) for name in _target_names(target))
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield from (Binding(name, Kind.COUNTER) for name in _target_names(item.optional_vars))
    yield from (Binding(name, Kind.COMPUTED) for name in _walrus_names(node))
    for inner in _inner_statements(node):
        yield from _of_statement(inner, clocks, top=False)


def _of_target(target: ast.expr, value: ast.expr, clocks: set[str], *, top: bool) -> Iterator[Binding]:
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        plain = len(parts) == len(target.elts) and not any(isinstance(p, ast.Starred) for p in (*parts, *target.elts))
        for index, inner in enumerate(target.elts):
            if plain:
                yield from _of_target(inner, parts[index], clocks, top=top)
            else:
                yield from (Binding(name, Kind.COMPUTED) for name in _target_names(inner))
    elif isinstance(target, ast.Name):
        if _reads_clock(value, clocks):
            yield Binding(target.id, Kind.CLOCK)
            return
        try:
            constant = constant_value(value) if top else None
        except NotConstantError:
            constant = None
        is_constant = top and (constant is not None or (isinstance(value, ast.Constant) and value.value is None))
        yield Binding(target.id, Kind.CONSTANT, constant, value) if is_constant else Binding(target.id, Kind.COMPUTED)


def _reads_clock(node: ast.expr, clocks: set[str]) -> bool:
    """Tell whether a value is a clock reading: a clock's call, its distance to anything, or arithmetic of such only."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = function.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if function.attr == "total_seconds":
                return _reads_clock(owner, clocks)
            return function.attr in _CLOCKS and name in _CLOCK_OWNERS
        if isinstance(function, ast.Name):
            rounds = function.id in ("round", "float", "int") and bool(node.args)
            return function.id in _BARE_CLOCKS or (rounds and _reads_clock(node.args[0], clocks))
        return False
    if isinstance(node, ast.Name):
        return node.id in clocks
    if isinstance(node, ast.BinOp):
        sides = [side for side in (node.left, node.right) if not isinstance(side, ast.Constant)]
        read = [_reads_clock(side, clocks) for side in sides]
        return any(read) if isinstance(node.op, ast.Sub) else bool(read) and all(read)
    return False


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
    raise NotConstantError(type(node).__name__)


def _items(nodes: list[ast.expr]) -> list[object]:
    if len(nodes) > _MAX_ITEMS:
        raise NotConstantError(f"more than {_MAX_ITEMS} items")
    return [_evaluate(node) for node in nodes]


def _target_names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _walrus_names(statement: ast.stmt) -> Iterator[str]:
    """Names bound by `:=` in the statement's own expressions, functions and inner statements left out."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.NamedExpr):
            yield node.target.id
        if not isinstance(node, ast.Lambda):
            pending.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt))


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for _, value in ast.iter_fields(node):
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.stmt):
                    yield item
                elif isinstance(item, (ast.ExceptHandler, ast.match_case)):
                    yield from item.body
