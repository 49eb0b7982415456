"""What a cell shows, by its text: the expressions that it prints, and what their numbers are called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mlexp.dataflow.changes import changes_in, statements_of
from mlexp.dataflow.rules import called
from mlexp.dataflow.walking import root_of

_READERS = frozenset("np numpy pd plt sns math ax fig print display len round float int sum min max abs str".split())
MAKERS = frozenset("DataFrame Series array asarray tensor linspace logspace geomspace arange zeros ones full".split())
"""Functions that make a container."""


def printed(tree: ast.Module) -> Iterator[tuple[ast.expr, set[str]]]:
    """Yield each expression that a `print` shows, and the names of which it may show an older value than the last.

    A print in a loop shows what its last turn left: of names that the loop binds before it, in the same block.
    """
    yield from _printed(list(statements_of(tree.body)), set(), in_loop=False)


def _printed(body: list[ast.stmt], stale: set[str], *, in_loop: bool) -> Iterator[tuple[ast.expr, set[str]]]:
    for index, statement in enumerate(body):
        after = stale | {name for s in body[index + 1 :] for name in _may_change(s)}
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print" | "display"), args=arguments)):
                for shown in (part for argument in arguments for part in _shown_parts(argument)):
                    if not in_loop or not isinstance(shown, ast.Name):  # of names in loops the uses tell
                        yield shown, after
            case ast.For(body=inner) | ast.While(body=inner):
                targets = (
                    {n.id for n in ast.walk(statement.target) if isinstance(n, ast.Name)}
                    if isinstance(statement, ast.For)
                    else set()
                )
                yield from _printed(inner, after | targets, in_loop=True)
            case ast.With(body=inner):
                yield from _printed(inner, after, in_loop=in_loop)
            case ast.If(body=inner) if in_loop:  # what is bound outside the block goes on without it
                others = {name for s in body if s is not statement for name in _may_change(s)}
                yield from _printed(inner, after | others, in_loop=True)


def _may_change(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, plainly changes, or hands to a function that is no known reader."""
    yield from changes_in(ast.Module([statement], []))
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Call) and root_of(node.func) not in _READERS:
            yield from (n.id for n in (*node.args, *(k.value for k in node.keywords)) if isinstance(n, ast.Name))


def _shown_parts(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.JoinedStr(values=values):
            for value in values:
                if isinstance(value, ast.FormattedValue):
                    yield value.value
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=right):
            yield from right.elts if isinstance(right, ast.Tuple) else [right]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=args, keywords=keywords):
            yield from [*args, *(keyword.value for keyword in keywords)]
        case ast.Constant():
            return
        case _:
            yield node


def is_constant_data(node: ast.expr | None) -> bool:
    """Tell whether a container is made of constants only: `pd.DataFrame({"x": [1, 2]})`, `np.zeros((1, 1))`."""
    if not isinstance(node, ast.Call) or called(node) not in MAKERS:
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    variable = (ast.Name, ast.Call, ast.Attribute, ast.Subscript)
    return bool(given) and not any(isinstance(inner, variable) for value in given for inner in ast.walk(value))


def as_read(target: ast.expr) -> ast.expr:
    """Return the expression that reads what a target binds."""
    return ast.parse(ast.unparse(target), mode="eval").body


def names_read(node: ast.AST) -> set[str]:
    """Return the names in an expression."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def root_name(node: ast.expr) -> str:
    """Return the first name in an expression, or nothing."""
    return next((inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)), "")


def name_of_number(node: ast.expr) -> str:
    """Return what a number is called that an expression gives: `costs[-1]`, `scores.mean`, the key of an item."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    text = ast.unparse(node)
    plain = re.fullmatch(r"(?:\w+\.)?([\w.]+?)\(\)", text)
    if plain and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return text.removesuffix("()")
    if isinstance(node, ast.Call):
        given = [ast.unparse(argument) for argument in node.args[:1]]
        name = called(node)
        if name in ("round", "float", "int") and node.args:
            return name_of_number(node.args[0])
        return f"{given[0]}.{name}" if given and re.fullmatch(r"[\w.]+", given[0]) else text
    return text


def result_name(node: ast.expr) -> str:
    """Return what the number of an expression is called: after its function, `_score` left out; else "result"."""
    while isinstance(node, ast.Call):
        function = node.func
        name = called(node)
        if name not in ("float", "round", "int", "mean", "std", "item", "abs"):
            return re.sub(r"(?<=.)_score$", "", name) or "result"
        inner = node.args[0] if node.args else function.value if isinstance(function, ast.Attribute) else None
        if isinstance(inner, ast.Name) and name in ("mean", "std"):
            return inner.id if inner.id in ("np", "numpy") else f"{inner.id}.{name}"
        if not isinstance(inner, ast.Call):
            return _result_of(inner) or name
        node = inner
    return _result_of(node) or "result"


def _result_of(node: ast.expr | None) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return node.attr if isinstance(node, ast.Attribute) else ""
