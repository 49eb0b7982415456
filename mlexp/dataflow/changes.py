"""What a cell does to the containers behind its names: fills them, edits them, or counts in them.

`cfg["lr"] = 0.05` edits a setting; `results["auc"] = score(y, p)` fills a place; `counts[word] += 1` counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum

from mlexp.dataflow.cell import magic_call
from mlexp.dataflow.constants import NotConstantError, constant_value
from mlexp.dataflow.names import timed_statement
from mlexp.dataflow.walking import root_of, walk


class Change(IntEnum):
    """What is done to a container; the greater wins."""

    NONE = 0
    EDITED = 1
    """By constants only."""
    COUNTED = 2
    COMPUTED = 3
    """By values that were computed."""


def changes_in(tree: ast.Module) -> Mapping[str, Change]:
    """Return what the text plainly does to the objects of names, in functions too."""
    found: dict[str, Change] = {}
    for node in walk(tree):
        for name, change in _changes(node):
            if name:
                found[name] = max(change, found.get(name, Change.NONE))
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in (part for each in targets for part in _parts(each)):
                if isinstance(target, (ast.Subscript, ast.Attribute)):
                    yield root_of(target), _by(value)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield name, _by(value)
        case ast.AugAssign(target=target, value=value):
            fixed = isinstance(target, ast.Attribute) or (
                isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)
            )
            change = _by(value)
            yield root_of(target), Change.COUNTED if change is Change.EDITED and not fixed else change
        case ast.Delete(targets=targets):
            for target in targets:
                if isinstance(target, (ast.Subscript, ast.Attribute)):
                    yield root_of(target), Change.EDITED
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function) as call):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            yield root_of(function), max((_by(value) for value in given), default=Change.EDITED)
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute() as function))):
            yield root_of(function), Change.COMPUTED
        case ast.For(target=target) | ast.AsyncFor(target=target) if isinstance(target, (ast.Subscript, ast.Attribute)):
            yield root_of(target), Change.COMPUTED


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for inner in target.elts:
            yield from _parts(inner)
    else:
        yield target


def _by(value: ast.expr) -> Change:
    try:
        constant_value(value)
    except NotConstantError:
        return Change.COMPUTED
    return Change.EDITED


def statements_of(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements; in place of `%time statement` the statement, which runs in the user's namespace."""
    for statement in body:
        inner = _timed(statement)
        if inner is None:
            yield statement
        else:
            yield from inner.body


def _timed(statement: ast.stmt) -> ast.Module | None:
    call = magic_call(statement.value) if isinstance(statement, ast.Expr) else None
    if call is None or call[0] != "run_line_magic" or len(call[1]) != 2 or call[1][0] != "time":
        return None
    found = timed_statement(call[1][1])
    for node in walk(found) if found is not None else ():
        if isinstance(node, (ast.stmt, ast.expr)):  # a text of its own: it has no place in the cell's
            node.lineno, node.end_lineno = statement.lineno, statement.end_lineno
    return found
