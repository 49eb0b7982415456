"""How long it takes to find what a run needs in a long session, beside parsing the session's texts."""

import json
import subprocess
import sys

from benchmarks.figure import Figure

N_EXECUTIONS, N_NEEDED = 200, 60
DRIVER = f"""
import ast, json, time
from mlexp.dataflow.names import names_of
from mlexp.dataflow.slice import slice_of
from mlexp.records import Execution, Outcome, SessionId

texts = ["import numpy as np", "def step(x, k):\\n    return [v * k for v in x]", "x0 = [1, 2, 3]"]
texts += [f"# %% part {{i}}\\nx{{i + 1}} = step(x{{i}}, {{i}})\\nprint(len(x{{i + 1}}))" for i in range({N_NEEDED} - 3)]
texts += [f"y{{i}} = sum(x{{i % 50}})\\nz{{i}} = np.array(x{{i % 50}}).mean()\\ny{{i}}, z{{i}}" for i in range(
    {N_EXECUTIONS - N_NEEDED})]
texts.append(f"score = sum(x{{{N_NEEDED} - 3}})")
executions = []
for i, text in enumerate(texts):
    names = names_of(text)
    executions.append(Execution(
        session_id=SessionId("s"), index=i, number=i + 1, source=text, python=text, outcome=Outcome.OK,
        bound=names.bound, read=names.read, loaded=names.loaded, rebound=names.bound))
started = time.perf_counter()
for text in texts:
    ast.parse(text)
parsed = time.perf_counter()
found = slice_of(executions, executions[-1])
ended = time.perf_counter()
assert len(found.needed) == {N_NEEDED}, found
print(json.dumps([(ended - parsed) * 1000, (parsed - started) * 1000]))
"""


def measure() -> list[Figure]:
    pairs = [json.loads(subprocess.check_output([sys.executable, "-c", DRIVER])) for _ in range(9)]
    sliced, parsed = ([pair[at] for pair in pairs] for at in (0, 1))
    what = f"the slice of a run: {N_NEEDED} of {N_EXECUTIONS} executions"
    return [Figure(what=what, times_ms=sliced, reference="`ast.parse` of them", reference_ms=parsed, goal="1,000 ms")]
