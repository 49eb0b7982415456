"""An execution that raised is replayed up to there: what stands above the failing statement has happened."""

from __future__ import annotations

import ast
import builtins

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import indented
from mlexp.pipeline.script import Script, Section
from mlexp.records import ErrorRecord, Outcome


def replay_errors(script: Script) -> Script:
    """End each section that raised where it ended in the notebook."""
    return script.with_sources(_replayed)


def _replayed(section: Section) -> str:
    execution, error = section.execution, section.execution.error
    if execution.outcome not in (Outcome.ERROR, Outcome.INTERRUPTED) or error is None:
        return section.source
    tree = parse(section.source)
    if tree is None:
        return _commented(section.source, "this did not run")
    lines = section.source.split("\n")
    failing = _uncompilable(tree) or _failing(tree, error.line)
    # Where nobody knows which statement it was, all are tried: those behind it are then not reached here either.
    start = _first_line(failing or tree.body[0]) - 1
    end = (failing.end_lineno or failing.lineno) if failing else len(lines)
    statement = "\n".join(lines[start:end]).rstrip()
    parts = ["\n".join(lines[:start])] if start else []
    if failing is not None and failing is _uncompilable(tree):
        parts.append(_commented(statement, f"raised in the notebook: {_said(error)}"))
    elif execution.outcome is Outcome.INTERRUPTED:
        where = "" if failing else ", nobody knows where"
        parts.append(_commented(statement, f"interrupted in the notebook{where}"))
    else:
        caught = f"except {_caught(error)}:  # as in the notebook: {_said(error)}\n    pass"
        parts.append(f"try:\n{indented(statement)}\n{caught}")
    below = "\n".join(lines[end:]).strip("\n")
    if below.strip():
        parts.append(_commented(below, "not reached in the notebook"))
    return "\n".join(parts)


def _uncompilable(tree: ast.Module) -> ast.stmt | None:
    """Return the first statement that has a syntax tree but cannot be compiled, such as a misplaced `return`."""
    for statement in tree.body:
        try:
            compile(ast.Module([statement], []), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError):
            return statement
    return None


def _failing(tree: ast.Module, line: int | None) -> ast.stmt | None:
    """Return the statement at a line."""
    if line is None:
        return None
    return next((s for s in tree.body if _first_line(s) <= line <= (s.end_lineno or s.lineno)), None)


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", None)
    return decorators[0].lineno if decorators else statement.lineno


def _caught(error: ErrorRecord) -> str:
    kind = getattr(builtins, error.type, None)
    return error.type if isinstance(kind, type) and issubclass(kind, BaseException) else "Exception"


def _said(error: ErrorRecord) -> str:
    return " ".join(f"{error.type}: {error.message}".split())[:80]


def _commented(text: str, why: str) -> str:
    return "\n".join([f"# {why}:", *(f"# {line}".rstrip() for line in text.split("\n"))])
