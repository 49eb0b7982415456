"""An execution that raised is replayed up to there: what stands above the failing statement has happened."""

from __future__ import annotations

import ast
import builtins
import textwrap

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import has_multiline_string
from mlexp.pipeline.script import Script, Section
from mlexp.records import Outcome


def replay_errors(script: Script) -> Script:
    """End each section that raised where it ended in the notebook."""
    return script.with_sources(_replayed)


def _replayed(section: Section) -> str:
    execution = section.execution
    if execution.outcome not in (Outcome.ERROR, Outcome.INTERRUPTED) or execution.error is None:
        return section.source
    tree = parse(section.source)
    line = execution.error.line
    if tree is None:
        return _commented(section.source, "this did not run")
    failing = next(
        (s for s in tree.body if line is not None and _first_line(s) <= line <= (s.end_lineno or s.lineno)), None
    )
    if failing is None:
        return section.source
    lines = section.source.split("\n")
    start, end = _first_line(failing) - 1, failing.end_lineno or failing.lineno
    above, statement, below = lines[:start], "\n".join(lines[start:end]), lines[end:]
    said = f"{execution.error.type}: {execution.error.message}".split("\n")[0][:100]
    parts = ["\n".join(above)] if above else []
    if execution.outcome is Outcome.INTERRUPTED:
        parts.append(_commented(statement, "interrupted in the notebook"))
    elif has_multiline_string(statement):
        parts.append(_commented(statement, f"raised in the notebook: {said}"))
    else:
        kind = execution.error.type if isinstance(getattr(builtins, execution.error.type, None), type) else "Exception"
        indented = textwrap.indent(statement, "    ")
        parts.append(f"try:\n{indented}\nexcept {kind}:  # as in the notebook: {said}\n    pass")
    if any(line.strip() for line in below):
        parts.append(_commented("\n".join(below).strip("\n"), "not reached in the notebook"))
    return "\n".join(parts)


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", None)
    return decorators[0].lineno if decorators else statement.lineno


def _commented(text: str, why: str) -> str:
    return "\n".join([f"# {why}:", *(f"# {line}".rstrip() for line in text.split("\n"))])
