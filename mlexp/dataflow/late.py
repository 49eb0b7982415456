"""What a text reads at once, when it runs, and not only later, when a function that it merely defines is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.walking import children_of, walk

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MAY_CALL = (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Compare, ast.FormattedValue, ast.Await)
"""Expressions that may run code of the user's: operators, too, on objects of the user's classes."""


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def read_at_once(python: str) -> frozenset[str] | None:
    """Return the names that the text itself loads, and those in the functions of its own that it may call.

    A function that the text mentions again outside of its definition may be called. A lambda counts as called, unless
    it is only given a name. None: the text cannot be told apart.
    """
    tree = parse(python)
    if tree is None:
        return None
    behind: dict[str, set[str]] = {}
    found = set(_loads(tree.body, behind))
    pending = [name for name in found if name in behind]
    while pending:
        for name in behind.pop(pending.pop(), ()):
            if name not in found:
                found.add(name)
            if name in behind:
                pending.append(name)
    return frozenset(found)


@lru_cache(maxsize=4096)
def defined_in(python: str) -> frozenset[str]:
    """Return the names that a text binds to functions, lambdas and classes at top level."""
    tree = parse(python)
    found: set[str] = set()
    for statement in tree.body if tree is not None else ():
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
            found |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return frozenset(found)


@lru_cache(maxsize=4096)
def bound_before_calls(python: str) -> frozenset[str]:
    """Return the names that the first statements of a text bind, before any of them can call code of the user's."""
    tree = parse(python)
    found: set[str] = set()
    for statement in tree.body if tree is not None else ():
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, _FUNCTIONS) and not statement.decorator_list:
            found.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            if any(isinstance(node, _MAY_CALL) for node in walk(statement) if not _is_signed(node)):
                break
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return frozenset(found)


def _is_signed(node: ast.AST) -> bool:
    """Tell whether a node is a number with a sign."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def _loads(body: Sequence[ast.AST], behind: dict[str, set[str]]) -> Iterator[str]:
    """Yield the names that run at once; note in `behind` what functions load, by their names."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, _FUNCTIONS):
            behind.setdefault(node.name, set()).update(_all_loads(node.body))
            pending += [*node.decorator_list, *_defaults(node.args), *_hints(node)]
            if node.decorator_list:  # a decorator may call it
                yield node.name
        elif isinstance(node, ast.ClassDef):
            pending += [*node.bases, *(k.value for k in node.keywords), *node.decorator_list]
            inner: dict[str, set[str]] = {}
            yield from _loads(node.body, inner)
            behind.setdefault(node.name, set()).update(*inner.values())
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            pending += [*node.targets, *_defaults(node.value.args)]
            loads = _all_loads([node.value.body])
            if len(names) == len(node.targets):
                for name in names:
                    behind.setdefault(name, set()).update(loads)
            else:
                yield from loads
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                yield node.target.id
            pending += children_of(node)


def _all_loads(body: Sequence[ast.AST]) -> set[str]:
    names = (node for part in body for node in walk(part) if isinstance(node, (ast.Name, ast.Global)))
    return {name for node in names for name in ([node.id] if isinstance(node, ast.Name) else node.names)}


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _hints(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    hints = [argument.annotation for argument in arguments]
    return [hint for hint in (*hints, node.returns) if hint is not None]
