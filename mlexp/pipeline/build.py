"""From the records of a session to a script, before any pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from mlexp.dataflow.imports import with_imports_alone
from mlexp.dataflow.slice import Slice
from mlexp.dataflow.visible import drifts_seen
from mlexp.errors import ExportError
from mlexp.pipeline.naming import renamed_names
from mlexp.pipeline.script import Pass, Script, Section
from mlexp.records import Execution, Labels, ModuleRecord, Outcome, RunRecord, RunStatus, SessionRecord
from mlexp.render.text import clean


def build_script(
    run: RunRecord,
    labels: Labels,
    session: SessionRecord,
    executions: Sequence[Execution],
    passes: Sequence[Pass],
    *,
    kept: Slice | None = None,
) -> Script:
    """Return the script of a run, through the passes.

    Args:
        run: The run.
        labels: What people call it.
        session: Its session.
        executions: Those of the session up to the run.
        passes: What changes the script, in order.
        kept: The executions that it holds; None: all.

    Raises:
        ExportError: The run did not finish, or its executions are not in the store.
    """
    if run.status is not RunStatus.FINISHED:
        raise ExportError(f"{run.reference} is {run.status}: only a finished run can be exported")
    ran = [execution for execution in executions if execution.outcome is not Outcome.NOT_RUN]
    if not ran or ran[-1].index != run.execution:
        raise ExportError(f"{run.reference}: its execution is not in the store, so there is no code to export")
    headings = _headings(session.notebook)
    seen: set[str] = set()
    sections = []
    for execution in ran:
        if kept is not None:
            if execution.index not in kept.needed:
                continue
            if execution.index in kept.imports:
                execution = with_imports_alone(execution, kept.imports[execution.index])
        sections.append(
            Section(
                execution=execution,
                source=execution.python,
                heading=headings.get(execution.cell_id or "") or headings.get(execution.source.strip(), ""),
                again=execution.source in seen,
            )
        )
        seen.add(execution.source)
    modules = _modules(ran, [section.execution for section in sections])
    renamed = renamed_names(sections)
    script = Script(
        run=run,
        labels=labels,
        notebook=PurePath(session.notebook).name if session.notebook else run.experiment,
        folder=session.folder,
        sections=tuple(sections),
        n_executions=len(executions),
        results=tuple(execution.index for execution in ran if execution.has_result),
        modules=tuple(modules[file] for file in sorted(modules)),
        renamed=renamed,
        warnings=tuple(_drifted(ran, [section.execution for section in sections])),
        imports=frozenset({"builtins"} if any("." in other for other in renamed.values()) else ()),
    )
    for change in passes:
        script = change(script)
    return script


def _modules(ran: Sequence[Execution], kept: Sequence[Execution]) -> Mapping[str, ModuleRecord]:
    """Return the user's own modules that kept executions may import, by their files.

    A module is recorded where it was imported first, which may be an execution that is not kept.
    """
    found = {module.file: module for execution in ran for module in execution.modules}
    roots = {module.name.partition(".")[0] for module in found.values()}
    words = {word for execution in kept for word in re.findall(r"\w+", execution.python)}
    return found if roots & words else {}


def _drifted(executions: Sequence[Execution], kept: Sequence[Execution]) -> Iterator[str]:
    """Say what the sections see that changed between two cells: no section brings it about."""
    for kind, execution, reader in drifts_seen(executions, kept):
        what = kind.partition(":")[2] or kind
        yield f"Before In {execution.number}, {what} changed while no cell ran; In {reader.number} sees it."


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
