"""From the records of a session to a script, before any pass."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from mlexp.errors import ExportError
from mlexp.pipeline.naming import renamed_names
from mlexp.pipeline.script import Pass, Script, Section
from mlexp.records import Execution, Labels, Outcome, RunRecord, RunStatus, SessionRecord
from mlexp.render.text import clean


def build_script(
    run: RunRecord, labels: Labels, session: SessionRecord, executions: Sequence[Execution], passes: Sequence[Pass]
) -> Script:
    """Return the script of a run: all executions of its session up to it, through the passes.

    Raises:
        ExportError: The run did not finish, or its executions are not in the store.
    """
    if run.status is not RunStatus.FINISHED:
        raise ExportError(f"{run.reference} is {run.status}: only a finished run can be exported")
    kept = [execution for execution in executions if execution.outcome is not Outcome.NOT_RUN]
    if not kept or kept[-1].index != run.execution:
        raise ExportError(f"{run.reference}: its execution is not in the store, so there is no code to export")
    headings = _headings(session.notebook)
    seen: set[str] = set()
    sections = []
    for execution in kept:
        sections.append(
            Section(
                execution=execution,
                source=execution.python,
                heading=headings.get(execution.cell_id or "") or headings.get(execution.source.strip(), ""),
                again=execution.source in seen,
            )
        )
        seen.add(execution.source)
    modules = {module.file: module for execution in kept for module in execution.modules}
    renamed = renamed_names(sections)
    script = Script(
        run=run,
        labels=labels,
        notebook=PurePath(session.notebook).name if session.notebook else run.experiment,
        folder=session.folder,
        sections=tuple(sections),
        n_executions=len(executions),
        modules=tuple(modules[file] for file in sorted(modules)),
        renamed=renamed,
        imports=frozenset({"builtins"} if any("." in other for other in renamed.values()) else ()),
    )
    for change in passes:
        script = change(script)
    return script


def _headings(notebook: str | None) -> Mapping[str, str]:
    """Return the nearest heading above each code cell of a notebook file, by cell id and by text."""
    if notebook is None:
        return {}
    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    found: dict[str, str] = {}
    heading = ""
    for cell in cells:
        text = cell.get("source", "")
        source = "".join(text) if isinstance(text, list) else str(text)
        if cell.get("cell_type") == "markdown":
            heading = _last_heading(source) or heading
        elif cell.get("cell_type") == "code" and heading:
            found[source.strip()] = heading
            if cell.get("id"):
                found[str(cell["id"])] = heading
    return found


def _last_heading(markdown: str) -> str:
    """Return the last heading of a text cell, or nothing; what stands in a code block is none."""
    headings = []
    in_code = False
    for line in markdown.splitlines():
        in_code ^= line.lstrip().startswith(("```", "~~~"))
        if not in_code and re.match(r"#{1,6}\s", line):
            headings.append(clean(line.strip("# \t"))[:80])
    return headings[-1] if headings else ""
