"""An execution that raised is replayed up to there: what stands above the failing statement has happened.

The failing statement itself is tried again, since it may have got half way; what stands below it is left out.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import indented
from mlexp.pipeline.script import Script, Section
from mlexp.records import ErrorRecord, Outcome


def replay_errors(script: Script) -> Script:
    """End each section that raised where it ended in the notebook."""
    classes: set[str] = set()
    sections, lost = [], []
    for section in script.sections:
        classes |= set(_classes_in(section))
        sections.append(replace(section, source=_replayed(section, classes, script.own("sys"))))
        if section.execution.outcome is Outcome.INTERRUPTED:
            lost.append(
                f"In {section.execution.number} was interrupted in the notebook: "
                "what its last statement had done by then is not done here."
            )
    return replace(script, sections=tuple(sections), warnings=(*script.warnings, *lost))


def _replayed(section: Section, classes: set[str], sys: str) -> str:
    execution, error = section.execution, section.execution.error
    if execution.outcome not in (Outcome.ERROR, Outcome.INTERRUPTED) or error is None:
        return section.source
    tree = parse(section.source)
    if tree is None:
        return ""
    lines = section.source.split("\n")
    uncompilable = _uncompilable(tree)
    failing = uncompilable or _failing(tree, error.line)
    # Where nobody knows which statement it was, all are tried: those behind it are then not reached here either.
    start = _first_line(failing or tree.body[0]) - 1
    end = (failing.end_lineno or failing.lineno) if failing else len(lines)
    statement = "\n".join(lines[start:end]).rstrip()
    parts = ["\n".join(lines[:start])] if start else []
    if execution.outcome is Outcome.INTERRUPTED:
        where = "" if failing else ", nobody knows where"
        parts.append(_commented(statement, f"interrupted in the notebook{where}"))
    elif uncompilable is None:
        parts.append(f"try:\n{indented(statement)}\n{_caught(error, classes, sys)}")
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


def _classes_in(section: Section) -> Iterator[str]:
    """Yield the names that a section binds to classes, or may."""
    tree = parse(section.source)
    for statement in tree.body if tree is not None else ():
        if isinstance(statement, ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in statement.names)


def _caught(error: ErrorRecord, classes: set[str], sys: str) -> str:
    """Return the clause that catches an error of the notebook's, and no other."""
    comment = f"# as in the notebook: {_said(error)}"
    kind = getattr(builtins, error.type, None)
    if error.type in classes or (isinstance(kind, type) and issubclass(kind, BaseException)):
        return f"except {error.type}:  {comment}\n    pass"
    check = f'if {sys}.exc_info()[0].__name__ != "{error.type}":'
    return f"except Exception:  {comment}\n    {check}\n        raise"


def _said(error: ErrorRecord) -> str:
    return " ".join(f"{error.type}: {error.message}".split())[:80]


def _commented(text: str, why: str) -> str:
    return "\n".join([f"# {why}:", *(f"# {line}".rstrip() for line in text.split("\n"))])
