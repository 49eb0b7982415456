"""CPU of `import mlexp` and `%load_ext mlexp`, each in fresh processes."""

import os
import subprocess
import sys
import tempfile

from benchmarks.figure import Figure

N = 15
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("1 + 1")
started = time.process_time()
{code}
print(f"\\n{{time.process_time() - started}}")
"""


def measure() -> list[Figure]:
    nothing, other, mlexp = (_cpu_ms(code) for code in ("pass", "import sqlite3, json", "import mlexp"))
    loaded = _inside_ms("shell.run_line_magic('load_ext', 'mlexp')")
    return [
        Figure(
            what="`import mlexp`, CPU beyond a bare start",
            times_ms=_beyond(mlexp, nothing),
            reference="`import sqlite3, json`",
            reference_ms=_beyond(other, nothing),
            goal="30 ms",
        ),
        Figure(
            what="`%load_ext mlexp`, CPU in a live shell",
            times_ms=loaded,
            reference="`import sqlite3, json`",
            reference_ms=_beyond(other, nothing),
            goal="100 ms",
        ),
    ]


def _beyond(times_ms: list[float], base_ms: list[float]) -> list[float]:
    least = min(base_ms)
    return [max(0.01, time_ms - least) for time_ms in times_ms]


def _cpu_ms(code: str) -> list[float]:
    found = []
    for _ in range(N):
        process = subprocess.Popen([sys.executable, "-c", code])
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        found.append((usage.ru_utime + usage.ru_stime) * 1000)
    return found


def _inside_ms(code: str) -> list[float]:
    found = []
    for _ in range(N):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "IPYTHONDIR": folder}
            words = [sys.executable, "-c", LOAD.format(code=code)]
            done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
            found.append(float(done.stdout.strip().split("\n")[-1]) * 1000)
    return found
