"""`demo`: the main job once, on the quickstart notebook, in a real kernel."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from mlexp.commands.base import Answer, Command, Context, Status
from mlexp.commands.compare import COMPARE
from mlexp.commands.export import EXPORT
from mlexp.commands.runs import RUNS
from mlexp.comparison.numbers import seconds
from mlexp.errors import UsageError
from mlexp.project import Project, Run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "notebook", nargs="?", type=Path, default=Path("notebooks/quickstart.ipynb"), metavar="NOTEBOOK"
    )
    parser.add_argument("--metric", default="auc", help="the metric that decides which run is exported")


def _demo(context: Context, words: argparse.Namespace) -> Answer:
    notebook = words.notebook.absolute()
    if not notebook.is_file():
        raise UsageError(f"{words.notebook} is not here. The demo runs in a clone of the repository: make demo")
    say = context.say
    say(f" 1 {notebook.name} runs in a kernel …")
    before = {run.id for run in context.project.runs()}
    elapsed_s = _execute(notebook, context.project)
    runs = [run for run in context.project.runs() if run.id not in before]
    if len(runs) < 2:
        raise UsageError(f"{words.notebook} has {len(runs)} tracked runs; the demo compares two")
    say(f"   {len(runs)} tracked runs, {seconds(elapsed_s)}\n")
    say(" 2 mlexp runs\n")
    say(_run(context, RUNS, [f"experiment == {runs[0].experiment!r} limit {len(runs)}"]).text + "\n")
    first, best = runs[-1], _best(runs, words.metric)
    other = first if first.id != best.id else runs[0]
    say(f" 3 mlexp compare {other.ref} {best.ref}\n")
    say(_run(context, COMPARE, [other.ref, best.ref]).text + "\n")
    target = Path("demo") / "train.py"
    target.parent.mkdir(exist_ok=True)
    say(f" 4 mlexp export {best.ref} -o {target}\n")
    answer = _run(context, EXPORT, [best.ref, "-o", str(target), "--force"])
    say(answer.text)
    return Answer(
        text=f"\n Try it:   {_python()} {target}{_other_value(best)} --check\n"
        " See it:   make lab                     the notebook in JupyterLab",
        status=answer.status,
    )


def _execute(notebook: Path, project: Project) -> float:
    """Run the notebook in a kernel of this interpreter, in its own folder; the file stays as it is."""
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError as error:
        raise UsageError(f"the demo needs {error.name}: pip install 'mlexp[demo]'") from error
    book = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    # the demo exports by itself, so that its steps can be seen
    book.cells = [cell for cell in book.cells if not cell.source.lstrip().startswith(("%export", "%verify"))]
    client = NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(notebook.parent)}}
    )
    started = time.perf_counter()
    environment = {**os.environ, "MLEXP_NOTEBOOK": str(notebook), "MLEXP_STORE": str(project.folder)}
    client.execute(env=environment, stderr=subprocess.DEVNULL)  # what a kernel says of its transport helps nobody
    return time.perf_counter() - started


def _best(runs: list[Run], metric: str) -> Run:
    having = [run for run in runs if metric in run.metrics]
    if not having:
        raise UsageError(f"no tracked run has a metric {metric!r}; --metric names another")
    return max(having, key=lambda run: run.metrics[metric])


def _python() -> str:
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if python.is_relative_to(Path.cwd()) else str(python)


def _other_value(run: Run) -> str:
    """Return a flag with another value: of a param that the tracked cell binds itself, if one is a number."""
    own = [(p.name, p.value) for p in run.record.params if p.execution == run.record.execution]
    return next((f" --{name} {value / 2:g}" for name, value in own if isinstance(value, float)), "")


def _run(context: Context, command: Command, words: list[str]) -> Answer:
    from mlexp.commands.base import parser_of

    answer = command.run(context, parser_of(command, prog=f"mlexp {command.name}").parse_args(words))
    if answer.status not in (Status.YES, Status.NO, Status.COULD_NOT_TELL):
        raise UsageError(answer.text)
    return answer


DEMO = Command(
    name="demo",
    summary="Run the quickstart notebook, compare its runs, export the best and prove it.",
    arguments=_arguments,
    run=_demo,
    magic=False,
    makes_store=True,
)
