"""What mlexp adds to a cell: in a plain shell, untracked beside mlexp, and tracked; each in its own process."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from benchmarks.figure import Figure

DRIVER = """
import contextlib, io, json, sys, time
from IPython.core.interactiveshell import InteractiveShell
setup, cell, load, n, history = json.loads(sys.argv[1])
shell = InteractiveShell.instance()
with contextlib.redirect_stdout(io.StringIO()):
    if load:
        shell.run_line_magic("load_ext", "mlexp")
    shell.run_cell(setup, store_history=True).raise_error()
    for i in range(history):
        shell.run_cell(f"step_{i % 50} = {i}", store_history=True).raise_error()
    times = []
    for _ in range(n):
        started = time.perf_counter()
        shell.run_cell(cell, store_history=True).raise_error()
        times.append((time.perf_counter() - started) * 1000)
print(json.dumps(times[3:]))
"""
AROUND, RUN = "5 % or 3 ms more", "12 ms more"
FRAME = "import pandas as pd, numpy as np\nframe = pd.DataFrame(np.random.default_rng(0).normal(size=({rows}, 10)))"
LIBRARIES = "import matplotlib.pyplot as plt, numpy as np, pandas as pd, sklearn.linear_model\nplt.close('all')"
CONTAINERS = "for i in range(1000):\n    globals()[f'container_{i}'] = [i, {'a': i}]"
NAMES = "import numpy as np\nfor i in range(5000):\n    globals()[f'name_{i}'] = float(i)"
FIT = (
    "from sklearn.datasets import make_classification\nfrom sklearn.linear_model import LogisticRegression\n"
    "X, y = make_classification(2000, 20, random_state=0)"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A cell after a setup, `n` times; with `history` executions before it."""

    what: str
    cell: str
    setup: str = "pass"
    n: int = 200
    history: int = 0


UNTRACKED = (
    Case("a trivial cell", "x = 1"),
    Case("a loop of 100,000", "total = 0\nfor i in range(100_000):\n    total += i", n=60),
    Case("a million calls of a function", "for i in range(1_000_000):\n    f(i)", "def f(x):\n    return x + 1", n=20),
    Case("a groupby over 100,000 × 10", "means = frame.groupby(frame[0] > 0).mean()", FRAME.format(rows=100_000), n=60),
    Case("a fit of 2,000 × 20", "model = LogisticRegression().fit(X, y)", FIT, n=40),
    Case("a trivial cell beside 5,000 names", "x = 1", NAMES),
    Case("a trivial cell beside a frame of 2 GB", "x = 1", FRAME.format(rows=25_000_000), n=100),
    Case("a cell that reads a frame of 2 GB", "n = len(frame)", FRAME.format(rows=25_000_000), n=100),
    Case("a trivial cell after 1,000 executions", "x = 1", history=1000),
    Case("a trivial cell beside four libraries", "x = np.pi; plt; pd", LIBRARIES),
    Case("a cell that changes a frame of 100 MB", "frame.iloc[5, 5] = 0.5", FRAME.format(rows=1_250_000), n=100),
    Case("a cell that changes one of 1,000 lists", "lists[500].append(1)", "lists = [[i] for i in range(1000)]"),
    Case("a cell that calls `exec` beside 5,000 names", "exec('x = 1'.strip())", NAMES),
    Case("a cell that calls `exec` beside 1,000 containers", "exec('x = 1'.strip())", CONTAINERS),
    Case("a cell of 50 lines", "\n".join(f"a{i} = [{i}] if {i} else {i} * 2" for i in range(50)), n=60),
)
TRACKED = (
    Case("a trivial cell", "lr = 0.1\nscore = lr * 2"),
    Case("a trivial cell beside 5,000 names", "lr = 0.1\nscore = lr * 2", NAMES),
    Case("a trivial cell after 1,000 executions", "lr = 0.1\nscore = lr * 2", history=1000),
    Case("a million calls of a function", "for i in range(1_000_000):\n    f(i)", "def f(x):\n    return x + 1", n=20),
    Case("a fit of 2,000 × 20", "model = LogisticRegression().fit(X, y)\nscore = model.score(X, y)", FIT, n=40),
)
READING = Case("a cell that reads 8 MB", "score = float(frame[0].mean())", FRAME.format(rows=100_000), n=60)


def measure() -> list[Figure]:
    untracked = [_figure(case, f"{case.what}, untracked", case.cell, AROUND) for case in UNTRACKED]
    tracked = [_figure(case, f"`%%track` on {case.what}", f"%%track\n{case.cell}", RUN) for case in TRACKED]
    return [*untracked, *tracked, _figure(READING, f"`%%track` on {READING.what}", f"%%track\n{READING.cell}", "")]


def _figure(case: Case, what: str, cell: str, goal: str) -> Figure:
    own, plain = _times(case, cell, load=True), _times(case, case.cell, load=False)
    return Figure(what=what, times_ms=own, reference="the same in plain IPython", reference_ms=plain, goal=goal)


def _times(case: Case, cell: str, *, load: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-c", DRIVER, json.dumps([case.setup, cell, load, case.n, case.history])]
        environment = {**os.environ, "IPYTHONDIR": folder, "MLEXP_CARD": "true"}
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.strip().split("\n")[-1]))
