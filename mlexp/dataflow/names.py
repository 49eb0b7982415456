"""Which names a cell binds and which it reads, by its text alone.

The compiler's own symbol tables decide what is local to what, so comprehensions, lambdas, classes and `global` come out
as Python has them. Reads inside functions count: they happen when the function is called, and then at the latest.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "__file__"}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a cell, each list sorted."""

    bound: tuple[str, ...]
    read: tuple[str, ...]
    """Without the built-in ones."""


def names_of(python: str) -> Names:
    """Return the names that a cell binds at top level and those it reads; nothing for a text that does not compile."""
    try:
        table = symtable.symtable(python, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return Names((), ())
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    read = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    for inner in _inner_tables(table):
        for symbol in inner.get_symbols():
            if symbol.is_global():
                (bound if symbol.is_assigned() else read).add(symbol.get_name())
                if symbol.is_referenced():
                    read.add(symbol.get_name())
    return Names(tuple(sorted(bound)), tuple(sorted(read - _BUILTINS)))


def _inner_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inner_tables(child)


def changed_in_place(tree: ast.Module) -> frozenset[str]:
    """Return the names whose objects the text plainly changes: by item, attribute, operator or a bare method call.

    Plainly only: what a called function does to its arguments is not seen here.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            found.add(_root(node.target))
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(_root(node))
        elif isinstance(node, ast.Expr):
            call = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                found.add(_root(call.func))
    return frozenset(name for name in found if name)


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
