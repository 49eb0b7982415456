"""A notebook may await at top level, a script only in a function: the statements that await move into a coroutine."""

from __future__ import annotations

import ast
import textwrap

from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import names_of
from mlexp.pipeline.edits import has_multiline_string
from mlexp.pipeline.script import Script, Section


def wrap_awaits(script: Script) -> Script:
    """Wrap the awaiting statements of each section."""
    return script.with_sources(_wrapped)


def _wrapped(section: Section) -> str:
    tree = parse(section.source)
    if tree is None or not any(map(_awaits, tree.body)):
        return section.source
    lines = section.source.split("\n")
    first = next(i for i, s in enumerate(tree.body) if _awaits(s))
    last = max(i for i, s in enumerate(tree.body) if _awaits(s))
    start, end = tree.body[first].lineno - 1, tree.body[last].end_lineno or 0
    inner = "\n".join(lines[start:end])
    if has_multiline_string(inner):
        return section.source
    name = f"in_{section.execution.number}"
    bound = names_of(inner).bound
    head = f"async def {name}():  # a notebook may await here, a script only in a function\n"
    head += f"    global {', '.join(bound)}\n" if bound else ""
    call = f"__import__('asyncio').run({name}())"
    body = f"{head}{textwrap.indent(inner, '    ')}\n\n\n{call}"
    return "\n".join([*lines[:start], *(["", ""] if start else []), body, *lines[end:]])


def _awaits(statement: ast.stmt) -> bool:
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return False
