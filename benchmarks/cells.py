"""What mlexp adds to a cell: in a plain shell, untracked beside mlexp, and tracked; each in its own process."""

import json
import os
import subprocess
import sys
import tempfile

from benchmarks.figure import Figure

N = 200
DRIVER = """
import contextlib, io, json, sys, time
from IPython.core.interactiveshell import InteractiveShell
setup, cell, load, n = json.loads(sys.argv[1])
shell = InteractiveShell.instance()
with contextlib.redirect_stdout(io.StringIO()):
    if load:
        shell.run_line_magic("load_ext", "mlexp")
    shell.run_cell(setup, store_history=True).raise_error()
    times = []
    for _ in range(n):
        started = time.perf_counter()
        shell.run_cell(cell, store_history=True).raise_error()
        times.append((time.perf_counter() - started) * 1000)
print(json.dumps(times[5:]))
"""
TRIVIAL = "x = 1"
SCORE = "lr = 0.1\nscore = lr * 2"
FRAME = "import pandas as pd, numpy as np\nframe = pd.DataFrame(np.random.default_rng(0).normal(size=(100_000, 10)))"
NAMES = "import numpy as np\nfor i in range(5000):\n    globals()[f'name_{i}'] = float(i)"


def measure() -> list[Figure]:
    plain, beside, tracked = (
        _times(cell, load=load) for cell, load in ((TRIVIAL, False), (TRIVIAL, True), (f"%%track\n{SCORE}", True))
    )
    group = "means = frame.groupby(frame[0] > 0).mean()"
    pandas_plain, pandas_beside = (_times(group, setup=FRAME, load=load, n=60) for load in (False, True))
    names_plain, names_beside = (_times(TRIVIAL, setup=NAMES, load=load) for load in (False, True))
    read = _times("%%track\nscore = float(frame[0].mean())", setup=FRAME, load=True, n=60)
    read_plain = _times("score = float(frame[0].mean())", setup=FRAME, load=False, n=60)
    around = "5 % or 3 ms more"
    rows = (
        ("a trivial cell, untracked", beside, plain, around),
        ("a trivial cell with 5,000 names, untracked", names_beside, names_plain, around),
        ("a groupby over 100,000 × 10, untracked", pandas_beside, pandas_plain, around),
        ("`%%track` on a trivial cell", tracked, plain, "12 ms more"),
        ("`%%track` on a cell that reads 8 MB", read, read_plain, ""),
    )
    return [
        Figure(what=what, times_ms=own, reference="the same in plain IPython", reference_ms=other, goal=goal)
        for what, own, other, goal in rows
    ]


def _times(cell: str, *, load: bool, setup: str = "pass", n: int = N) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-c", DRIVER, json.dumps([setup, cell, load, n])]
        environment = {**os.environ, "IPYTHONDIR": folder, "MLEXP_CARD": "true"}
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.strip().split("\n")[-1]))
