"""`runs` and `show`."""

from __future__ import annotations

import argparse
from typing import Any

from mlexp.commands.base import Answer, Command, Context
from mlexp.comparison.numbers import formatted, seconds
from mlexp.project import Run
from mlexp.records import Proof
from mlexp.records.documents import to_document
from mlexp.render.runs import runs_table, state_of
from mlexp.render.text import clean, cut

_N_LINES = 40
_WIDTH = 200


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "query", nargs="*", metavar="QUERY", help="such as: metrics.auc > 0.9 order by metrics.auc desc"
    )
    parser.add_argument("--all-experiments", action="store_true", help="not only those of this notebook")
    parser.add_argument("-e", "--experiment", metavar="NAME", help="those of this experiment")
    parser.add_argument("--wide", action="store_true", help="all columns, nothing cut")


def _runs(context: Context, words: argparse.Namespace) -> Answer:
    experiment = words.experiment or (None if words.all_experiments else context.experiment)
    query = " ".join(words.query)
    found = context.project.runs(query, experiment=experiment)
    if not found:
        n = len(context.project.runs(experiment=experiment))
        elsewhere = len(context.project.runs()) - n
        text = f"No run matches. {_counted(n)} without this query." if query and n else (
            "No runs yet. Put %%track on the first line of a cell and run it."
        )  # fmt: skip
        if elsewhere and not n:
            text += f" {_counted(elsewhere)} in other experiments: --all-experiments."
        return Answer(text=text, json=[])
    text = runs_table(found.sides(), states=found.states(), goals=context.project.store.goals(), wide=words.wide)
    return Answer(text=text, json=[run_json(run) for run in found])


def _counted(n: int, what: str = "run") -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


RUNS = Command(
    name="runs",
    summary="List the runs, newest first.",
    arguments=_runs_arguments,
    run=_runs,
    examples=("", "metrics.auc > 0.9 and params.max_depth < 6", 'status == "failed" order by elapsed_s desc limit 5'),
)


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="RUN", help="r3, a name, @last, @best:METRIC")
    parser.add_argument("--output", action="store_true", help="also what the cell printed")


def _show(context: Context, words: argparse.Namespace) -> Answer:
    run = context.project.find(words.reference)
    text, json = show_text(run), run_json(run)
    if words.output:
        json |= {"stdout": run.stdout, "stderr": run.stderr}
        printed = [_printed(name, json[name]) for name in ("stdout", "stderr") if json[name]]
        text = "\n\n".join([text, *(printed or ["It printed nothing."])])
    return Answer(text=text, json=json)


def _printed(name: str, text: str) -> str:
    """Return the first lines of a stream."""
    lines = text.splitlines()
    more = [f"    … {len(lines) - _N_LINES:,} more lines"] if len(lines) > _N_LINES else []
    return "\n".join([f"{name}:", *(f"    {clean(cut(line, _WIDTH))}" for line in lines[:_N_LINES]), *more])


SHOW = Command(
    name="show",
    summary="Show all that a run recorded.",
    arguments=_show_arguments,
    run=_show,
    magic=False,
    examples=("r3",),
)


def show_text(run: Run) -> str:
    """Return a run as text."""
    record = run.record
    rows = [
        ("run", f"{run.ref} {run.name}".strip()),
        ("state", state_of(record, str(run.proof.verdict) if run.proof else None)),
        ("experiment", run.experiment),
        ("started", f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("took", seconds(run.elapsed_s) if run.elapsed_s is not None else ""),
        ("tags", ", ".join(run.labels.tags)),
        ("note", run.labels.note),
        *(("metric", f"{m.name} = {formatted(m.value)}") for m in record.metrics),
        *(("timing", f"{t.name} = {formatted(t.value)}") for t in record.timings),
        *(("param", f"{p.name} = {p.literal}") for p in record.params),
        ("output", _output_text(run)),
        *(("data", f"{d.name} {d.summary} {'' if d.kept else f'not kept: {d.reason}'}") for d in record.data),
        *(
            ("file", f"{f.path} {f.size_bytes:,} bytes {'' if f.digest else f'not kept: {f.reason}'}")
            for f in run.inputs
        ),
        *(
            ("artifact", f"{a.name} {a.size_bytes:,} bytes {'' if a.kept else f'not kept: {a.reason}'}")
            for a in record.artifacts
        ),
        ("python", f"{record.interpreter.version}, {record.interpreter.platform}, {record.interpreter.cpu}"),
        *(("not captured", note) for note in record.notes),
        ("error", f"{record.error.type}: {record.error.message}" if record.error else ""),
        *(("clean", text) for text in _clean_texts(run)),
        ("proof", proof_text(run.proof) if run.proof else "none yet: mlexp verify " + run.ref),
    ]
    lines = [f"{head:<12} {clean(text).strip()}" for head, text in rows if text.strip()]
    code = "\n".join(f"    {line}" for line in record.source.splitlines())
    return "\n".join([*lines, "", code])


def _clean_texts(run: Run) -> tuple[str, ...]:
    """Return whether a run from the top of the notebook would give the same, a line a reason."""
    if run.is_clean:
        return ("yes: running the notebook from the top gives the same",)
    word = "no" if run.is_clean is False else "not known"
    return tuple(f"{word}: {note}" for note in run.record.clean_notes) or (f"{word}: no notebook is known",)


def _output_text(run: Run) -> str:
    """Return in a few words what the cell put out."""
    n_figures, n_late = len(run.figures), len(run.late_outputs)
    parts = [name for name in ("stdout", "stderr") if getattr(run.record, name)]
    parts += [_counted(n_figures, "figure")] if n_figures else []
    others = len(run.outputs) - n_figures
    parts += [_counted(others, "rich output")] if others else []
    parts += ["text that came after its end"] if n_late else []
    return ", ".join(parts)


def proof_text(proof: Proof) -> str:
    """Return a proof in one line."""
    if proof.reason:
        return f"{proof.verdict}: {proof.reason}"
    n = {
        what: sum(c.what == what and c.outcome == "equal" for c in proof.compared)
        for what in ("metric", "value", "text")
    }
    parts = [f"{n['metric']} metric{'' if n['metric'] == 1 else 's'}" if n["metric"] else ""]
    parts += [
        f"{n['value']} value{'' if n['value'] == 1 else 's'}" if n["value"] else "",
        "printed text" if n["text"] else "",
    ]
    volatile = [c.name for c in proof.compared if c.outcome == "volatile"]
    also = f"; not compared, since they differ from run to run: {', '.join(volatile)}" if volatile else ""
    unseen = [c.name for c in proof.compared if c.outcome == "not comparable"]
    also += f"; not compared, since nothing tells their content: {', '.join(unseen)}" if unseen else ""
    return f"Reproduced bit for bit: {', '.join(part for part in parts if part)}, {seconds(proof.elapsed_s)}{also}"


def run_json(run: Run) -> dict[str, Any]:
    """Return a run as plain data."""
    document = to_document(run.record)
    document |= {"ref": run.ref, "name": run.name, "tags": list(run.labels.tags), "note": run.labels.note}
    document["params"] = {p.name: p.value for p in run.record.params}
    document["metrics"] = run.metrics
    document["inputs"] = [to_document(file) for file in run.inputs]
    document |= {"clean": run.is_clean, "clean_notes": list(run.record.clean_notes)}
    document["proof"] = to_document(run.proof) if run.proof else None
    return document
