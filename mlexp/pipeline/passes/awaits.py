"""A notebook may await at top level, a script only in a function: statements that need the loop move into a coroutine.

The coroutines of several sections share one event loop, as in the notebook: clients and queues live on.
"""

from __future__ import annotations

import ast
from collections.abc import Set
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import names_of
from mlexp.pipeline.edits import Edits, blocks, indented
from mlexp.pipeline.script import Script, Section

_RUNNERS = frozenset({"run", "run_until_complete"})
_LOOP_CALLS = frozenset({"create_task", "ensure_future", "get_running_loop", "get_event_loop", "run_in_executor"})


def wrap_awaits(script: Script) -> Script:
    """Wrap the awaiting statements of each section."""
    awaiting = [section for section in script.sections if _statements(section)]
    if not awaiting:
        return script
    own = script.own
    run = f"{own('asyncio')}.run" if len(awaiting) == 1 else f"{own('runner')}.run"

    def wrapped(section: Section) -> str:
        source = _wrapped(section, run)
        if len(awaiting) > 1 and section is awaiting[0]:
            loop = f"{own('runner')} = {own('asyncio')}.Runner()  # one event loop for all cells, as in the notebook"
            source = f"{loop}\n\n{source}"
        if len(awaiting) > 1 and section is awaiting[-1]:
            source = f"{source.rstrip()}\n\n{own('runner')}.close()"
        return source

    return replace(script.with_sources(wrapped), imports=script.imports | {"asyncio"})


def _statements(section: Section) -> list[ast.stmt]:
    """Return the statements of a section that need a running loop."""
    tree = parse(section.source)
    error = section.execution.error
    calls = _LOOP_CALLS
    if error is not None and "event loop" in error.message:  # it fails only where a loop runs, as in a notebook
        calls |= _RUNNERS
    return [statement for statement in tree.body if _needs_loop(statement, calls)] if tree is not None else []


def _wrapped(section: Section, run: str) -> str:
    awaiting = _statements(section)
    if not awaiting:
        return section.source
    lines = section.source.split("\n")
    start, end = awaiting[0].lineno - 1, awaiting[-1].end_lineno or 0
    while start and lines[start - 1].startswith("#"):  # a comment goes with what it stands above
        start -= 1
    inner, stars = _as_body("\n".join(lines[start:end]))
    name = f"in_{section.execution.number}"
    bound = names_of(inner).bound
    head = f"async def {name}():  # a notebook may await here, a script only in a function\n"
    head += f"    global {', '.join(bound)}\n" if bound else ""
    above = "\n".join([*lines[:start], *stars]).rstrip()
    parts = [*([above, "", ""] if above else []), f"{head}{indented(inner)}", "", "", f"{run}({name}())"]
    return "\n".join([*parts, *lines[end:]])


def _as_body(source: str) -> tuple[str, list[str]]:
    """Return statements as a function can hold them, and those that it cannot: `import *`.

    Names that are declared global can have no annotation.
    """
    tree = parse(source)
    edits, stars = Edits(source), []
    pending: list[ast.stmt] = list(tree.body) if tree is not None else []
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            stars.append(edits.text_of(statement))
            edits.remove_line(statement, alone=statement.col_offset > 0)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = edits.text_of(statement.value) if statement.value is not None else ""
            edits.replace(statement, f"{statement.target.id} = {value}" if value else "pass")
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            pending += [inner for block in blocks(statement) for inner in block]
    return edits.done(), stars[::-1]


def _needs_loop(statement: ast.stmt, calls: Set[str]) -> bool:
    """Tell whether a statement awaits, or asks for the running loop, outside of functions."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return False
