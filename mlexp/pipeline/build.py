"""From the records of a session to a script, before any pass."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from mlexp.dataflow.cell import parse
from mlexp.errors import ExportError
from mlexp.pipeline.script import Pass, Script, Section
from mlexp.records import Execution, Labels, Outcome, RunRecord, RunStatus, SessionRecord

OWN_NAMES = tuple(
    """PARAMS INPUTS RECORDED argparse args ast bundle could_not_tell digest find_modules finish history input_path json
    last log metrics_now number os read_flags restore_state script show_figures sys typed""".split()
)
"""Names that the script's own parts use at its top level."""
_MODULES = frozenset({"argparse", "ast", "json", "os", "sys"})


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
    script = Script(
        run=run,
        labels=labels,
        notebook=PurePath(session.notebook).name if session.notebook else run.experiment,
        folder=session.folder,
        sections=tuple(sections),
        n_executions=len(executions),
        modules=tuple(modules[file] for file in sorted(modules)),
        renamed=_renamed(sections),
    )
    for change in passes:
        script = change(script)
    return script


def _renamed(sections: Sequence[Section]) -> dict[str, str]:
    """Return other names for those of ours that the sections use for something else."""
    used: set[str] = set()
    for section in sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            used |= _identifiers(node)
    renamed = {}
    for name in OWN_NAMES:
        other = name
        while other in used:
            other += "_"
        if other != name:
            renamed[name] = other
    return renamed


def _identifiers(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name, ctx=ctx):
            return set() if name in _MODULES and isinstance(ctx, ast.Load) else {name}
        case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names):
            # `import json` means the same module as ours does
            return {a.asname or a.name.partition(".")[0] for a in names if a.asname or a.name not in _MODULES}
        case ast.ImportFrom(names=names):
            return {"log", "number", "digest"} if names[0].name == "*" else {a.asname or a.name for a in names}
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return {name}
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return set(names)
    return set()


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
            lines = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
            heading = lines[-1][:80] if lines else heading
        elif cell.get("cell_type") == "code" and heading:
            found[source.strip()] = heading
            if cell.get("id"):
                found[str(cell["id"])] = heading
    return found
