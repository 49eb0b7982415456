"""Where a `with mlexp.track()` stands: the text of its block, and the user's variables around it."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType

from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import names_of

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A `with` statement as its file has it."""

    above: str = ""
    """What stands above it at the file's top level, as Python."""
    body: str = ""
    """Its statements as Python; empty where the file's text is not known."""
    rebound: frozenset[str] = frozenset()
    """Names that the file binds anew below it."""
    alone: bool = False
    """Whether it stands at the top level of its file, and so runs once there: its names are the file's own."""


def block_at(frame: FrameType) -> Block:
    """Return the innermost `with` statement that a frame is in the head of."""
    tree = parse("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))
    if tree is None:
        return Block()
    line = frame.f_lineno
    found = None
    for node, outer in _walk(tree, ()):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            first, last = node.lineno, max(item.context_expr.end_lineno or 0 for item in node.items)
            if first <= line <= last:
                found = node, outer
    if found is None:
        return Block()
    node, outer = found
    top = outer[0] if outer else node
    above = [statement for statement in tree.body if (statement.end_lineno or 0) < top.lineno]
    below = [statement for statement in tree.body if statement.lineno > (top.end_lineno or 0)]
    return Block(
        above=_text(above),
        body=_text(node.body),
        rebound=frozenset(names_of(_text(below)).bound),
        alone=not any(isinstance(parent, (*_SCOPES, *_LOOPS)) for parent in outer),
    )


def names_around(frame: FrameType, wanted: tuple[str, ...]) -> Mapping[str, object]:
    """Return the variables that a frame sees: at the top level of a file all, live; in a function those wanted.

    Of a function's variables nothing is kept alive: Python 3.11 and 3.12 would leave a copy of them at the frame.
    """
    if frame.f_locals is frame.f_globals:
        return frame.f_globals
    variables = frame.f_locals
    found = {name: variables[name] for name in wanted if name in variables}
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        variables.clear()
    return ChainMap(found, frame.f_globals)


def _walk(node: ast.AST, outer: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
    """Yield each statement with the statements around it, the outermost first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, outer
            yield from _walk(child, (*outer, child))
        else:
            yield from _walk(child, outer)


def _text(statements: list[ast.stmt]) -> str:
    return ast.unparse(ast.Module(body=statements, type_ignores=[]))
