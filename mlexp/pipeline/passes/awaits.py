"""A notebook may await at top level, a script only in a function: statements that need the loop move into a coroutine.

The coroutines of several sections share one event loop, as in the notebook: clients and queues live on.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import names_of
from mlexp.pipeline.edits import indented
from mlexp.pipeline.script import Script, Section

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
    return [statement for statement in tree.body if _needs_loop(statement)] if tree is not None else []


def _wrapped(section: Section, run: str) -> str:
    awaiting = _statements(section)
    if not awaiting:
        return section.source
    lines = section.source.split("\n")
    start, end = awaiting[0].lineno - 1, awaiting[-1].end_lineno or 0
    while start and lines[start - 1].startswith("#"):  # a comment goes with what it stands above
        start -= 1
    inner = "\n".join(lines[start:end])
    name = f"in_{section.execution.number}"
    bound = names_of(inner).bound
    head = f"async def {name}():  # a notebook may await here, a script only in a function\n"
    head += f"    global {', '.join(bound)}\n" if bound else ""
    above = "\n".join(lines[:start]).rstrip()
    parts = [*([above, "", ""] if above else []), f"{head}{indented(inner)}", "", "", f"{run}({name}())"]
    return "\n".join([*parts, *lines[end:]])


def _needs_loop(statement: ast.stmt) -> bool:
    """Tell whether a statement awaits, or asks for the running loop, outside of functions."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOOP_CALLS:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return False
