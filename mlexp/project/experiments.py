"""Experiments by name: aliases within one, and the history of a notebook that was moved or renamed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path, PurePosixPath

from mlexp.dataflow.cell import peel, without_peeled
from mlexp.errors import UsageError
from mlexp.storage import RunStore

_SPECIAL = ("last", "best", "min", "max")
_ENOUGH = 0.5
"""Share of a run's cells that have to stand in a notebook for it to be taken for the one that made the run."""


def checked_alias(name: str) -> str:
    """Return an alias without its `@`.

    Raises:
        UsageError: It is no word, or stands for something else.
    """
    word = name.removeprefix("@")
    if not re.fullmatch(r"[^\W\d][\w.-]*", word) or word in _SPECIAL:
        raise UsageError(
            f"{name!r} cannot be an alias: it is one word that begins with a letter, and not @last or @best"
        )
    return word


def lost_history(store: RunStore, root: Path, experiment: str, notebook: str | None) -> str:
    """Return a word on the runs that a notebook without runs may have made under another path; nothing if none.

    Args:
        store: The store.
        root: The project's folder: experiments are called by paths from there.
        experiment: The notebook's experiment.
        notebook: Its path; None where nobody tells it.
    """
    if notebook is None or not experiment.endswith(".ipynb"):
        return ""
    counts = store.experiments()
    if not counts or experiment in counts:
        return ""
    gone = [name for name in counts if name.endswith(".ipynb") and not (root / name).exists()]
    name = PurePosixPath(experiment).name
    same_name = [other for other in gone if PurePosixPath(other).name == name]
    cells = _cells(notebook) if gone else frozenset[str]()
    found = next((other for other in gone if _made_by(cells, other, store)), None)
    if found is None:  # cells may have been written anew, or not be saved yet
        found = same_name[0] if len(same_name) == 1 else None
    if found is None:
        return ""
    n = counts[found]
    command = f"mlexp experiment mv {shlex.quote(found)} {shlex.quote(experiment)}"
    return f"{found} is gone and has {n} run{'' if n == 1 else 's'}; if it has become this notebook: {command}"


def _made_by(cells: frozenset[str], experiment: str, store: RunStore) -> bool:
    """Tell whether the newest run of an experiment was made by a notebook of these cells."""
    run = next(store.find_runs(experiment=experiment), None)
    if run is None or not cells:
        return False
    texts = {_text(e.source) for e in store.executions(run.session_id, stop=run.execution + 1)} - {""}
    return _text(run.source) in cells and sum(text in cells for text in texts) >= _ENOUGH * len(texts)


def _cells(notebook: str) -> frozenset[str]:
    """Return the texts of a notebook's code cells; none where it cannot be read."""
    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
    return frozenset(_text("".join(source)) for source in sources)


def _text(source: str) -> str:
    """Return a cell's text without `%%track` and the like above it, which are edited more often than the cell."""
    return without_peeled(peel(source).body).strip()
