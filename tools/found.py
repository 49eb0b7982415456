"""Say what the rules find in real notebooks: `python tools/found.py FOLDER [--every] [--text]`.

Each notebook under FOLDER is run in a kernel of this interpreter, in its own folder, its cells in order; those with the
tag `target` are tracked (`--every`: all). What was found is printed as one line of JSON for each tracked cell, for a
person to judge: which params and metrics are missing, and which are noise. A cell that fails is passed over, as people
do.
"""

import argparse
import json
import os
import queue
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from mlexp.config import Settings
from mlexp.project import Project

_LIMIT_S = 240


def main() -> None:
    """Read the words of the command line, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", action="store_true", help="track all cells, and not only the targets")
    parser.add_argument("--text", action="store_true", help="print the cells, too")
    words = parser.parse_args()
    for notebook in sorted(words.folder.rglob("*.ipynb")):
        for found in _found_in(notebook, every=words.every):
            text = found.pop("text")
            if words.text:
                print("\n" + "\n".join(f"    {line}" for line in text.splitlines()))
            print(json.dumps({"notebook": str(notebook.relative_to(words.folder)), **found}), flush=True)


def _found_in(notebook: Path, *, every: bool) -> Iterator[dict[str, Any]]:
    cells = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / ".mlexp"
        manager = KernelManager(kernel_name="python3")
        variables = {"MLEXP_STORE": str(store), "MLEXP_CARD": "false", "MPLBACKEND": "agg"}
        manager.start_kernel(cwd=str(notebook.parent), env=os.environ | variables)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            _run(client, "%load_ext mlexp")
            tracked = []
            for number, cell in enumerate(cells):
                text = "".join(cell["source"])
                is_target = "target" in cell.get("metadata", {}).get("tags", ())
                if is_target or (every and text.strip() and not text.lstrip().startswith("%%")):
                    tracked.append((number, text))
                    text = f"%%track cell-{number}\n{text}"
                if not _run(client, text):
                    print(json.dumps({"notebook": notebook.name, "cell": number, "failed": True}), flush=True)
            _run(client, "%unload_ext mlexp")
            project = Project(store, Settings())
            runs = {run.name: run for run in project.runs()}
            for number, text in tracked:
                run = runs.get(f"cell-{number}")
                if run is None:
                    continue  # a text that is no Python makes no run
                yield {
                    "cell": number,
                    "text": text,
                    "params": {name: repr(value)[:60] for name, value in run.params.items()},
                    "metrics": {name: round(value, 4) for name, value in run.metrics.items()},
                    "timings": list(run.timings),
                }
            project.close()
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _run(client: Any, text: str) -> bool:
    try:
        answer = client.execute_interactive(text, timeout=_LIMIT_S, output_hook=lambda _: None, allow_stdin=False)
    except (TimeoutError, queue.Empty):
        return False
    return bool(answer["content"]["status"] == "ok")


main()
