"""Plays a session, exports its run, starts the script in an empty directory, and judges what came of it."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlexp.config import Settings
from mlexp.errors import MlexpError
from mlexp.pipeline.export import Options, Step, export
from mlexp.project import Project
from tests.pipeline.playing import environment
from tests.sessions.form import CELLS, Session

_HERE = Path(__file__).parent
WITH_MLEXP = ("IPython.core.interactiveshell", "traitlets.config", "mlexp.magics")


@dataclass(kw_only=True)
class Judged:
    """What came of a session."""

    session: Session
    problem: str = ""
    """What is wrong, in a line that begins with one of KINDS; empty: nothing."""
    lacking: str = ""
    """The first cell that the script should have and has not, though it gives the values: ours stands in for it."""
    verdict: str = ""
    text: str = ""
    n_needed: int = 0
    n_in: int = 0
    n_runs: int = 0
    slice_s: float = 0.0
    """What slicing took at most."""
    elapsed_s: float = 0.0
    cells: list[tuple[str, str, str]] = field(default_factory=list)
    """(what became of it, tag, text) of each cell."""

    @property
    def kind(self) -> str:
        return self.problem.partition(":")[0]


KINDS = (
    "not as told",  # the session itself went otherwise than it says
    "silent wrong",  # other values, called reproduced
    "not reproduced",  # other values or none, and it says so
    "false alarm",  # the right values, not called reproduced
    "needless",  # a cell is in the script that must not be
    "broken",  # mlexp itself failed
)


class Players:
    """Processes that play sessions, in forks of themselves."""

    def __init__(self, n: int, *, warm: Sequence[str] = WITH_MLEXP, python: str = sys.executable) -> None:
        self.home = tempfile.TemporaryDirectory(prefix="sessions-")
        self._idle: queue.Queue[subprocess.Popen[str]] = queue.Queue()
        self._all = []
        for _ in range(n):
            process = subprocess.Popen(
                [python, "-W", "ignore", str(_HERE / "player.py"), *warm],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment(Path(self.home.name)) | {"MPLBACKEND": "Agg", "PYTHONHASHSEED": "random"},
                cwd=self.home.name,
            )
            self._idle.put(process)
            self._all.append(process)

    def play(self, folder: Path, steps: Sequence[Sequence[str]], values: Sequence[str], *, kernel: bool) -> Any:
        """Play steps in `folder`; return the player's answer."""
        variables = environment(folder) | {"MPLBACKEND": "Agg"}
        request = {"folder": str(folder), "environment": variables, "kernel": kernel, "steps": steps}
        process = self._idle.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request | {"values": list(values)}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())
        finally:
            self._idle.put(process)

    def close(self) -> None:
        for process in self._all:
            process.communicate(timeout=10)
        self.home.cleanup()


@contextmanager
def place_of(session: Session) -> Iterator[Path]:
    """Give a folder of the session's own, with its files in it."""
    name = tempfile.mkdtemp(prefix="session-")
    try:
        folder = Path(name) / "project"
        folder.mkdir()
        for path, content in session.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        yield folder
    finally:
        shutil.rmtree(name, ignore_errors=True)


def judge(session: Session, players: Players) -> Judged:
    """Play, export, start, compare."""
    started = time.perf_counter()
    found = Judged(session=session, n_needed=sum(step.kind in ("need", "track") for step in session.steps))
    with place_of(session) as folder:
        try:
            _judge(found, folder, players)
        except Exception as error:
            found.problem = f"broken: {type(error).__name__}: {' '.join(str(error).split())[-300:]}"
    found.elapsed_s = time.perf_counter() - started
    return found


def _judge(found: Judged, folder: Path, players: Players) -> None:
    session = found.session
    steps = [["load", "%load_ext mlexp", ""]]
    steps += [[step.kind, _with_magic(step.kind, step.text), step.cell] for step in session.steps]
    answer = players.play(folder, steps, session.values, kernel=session.kernel)
    if "failed" in answer:
        raise AssertionError(answer["failed"])
    executed = answer["cells"][1:]
    cells = [step for step in session.steps if step.kind in CELLS]
    for step, (_, error) in zip(cells, executed, strict=True):
        if step.raises is not None and bool(error) != step.raises:
            found.problem = f"not as told: {error or 'no error'} in {step.text!r}"
            return
    script = folder.with_name("exported") / "out.py"
    script.parent.mkdir()
    found.verdict, reason, found.n_runs = (
        _by_command(session, folder, script) if session.cli else _by_function(found, folder, script)
    )
    found.text = script.read_text(encoding="utf-8")
    values, error = started_in_empty(script, session.values)
    differing = [name for name in session.values if values.get(name) != answer["values"][name]]
    numbers = {int(n) for n in re.findall(r"^# %% In (\d+)", found.text, re.M)}
    found.n_in = len(numbers)
    for step, (number, _) in zip(cells, executed, strict=True):
        found.cells.append(("in" if number in numbers else "out", step.kind, step.text))
    if differing:
        name = differing[0]
        what = f"{name} is {values.get(name, error)[:150]}, was {answer['values'][name][:100]}"
        if found.verdict == "reproduced":
            found.problem = f"silent wrong: {what}"
        elif not session.hopeless:
            found.problem = f"not reproduced: {reason[:200]}: {what}"
        return
    if found.verdict != "reproduced" and not session.hopeless:
        found.problem = f"false alarm: {found.verdict}: {reason[:250]}"
        return
    if session.hopeless:
        return
    needless = [text for state, tag, text in found.cells if state == "in" and tag == "junk"]
    lacking = [text for state, tag, text in found.cells if state == "out" and tag == "need"]
    if needless:
        found.problem = f"needless: {len(needless)} cells, the first is {needless[0]!r}"
    found.lacking = lacking[0] if lacking else ""


def _with_magic(kind: str, text: str) -> str:
    return f"%%track\n{text}" if kind == "track" else text


def _by_function(judged: Judged, folder: Path, script: Path) -> tuple[str, str, int]:
    told: list[Step] = []
    project = Project(folder / ".mlexp", Settings())
    try:
        run = project.find(judged.session.reference).record
        found = export(project.store, project.blobs, run, script, options=Options(), tell=told.append)
    finally:
        project.close()
    assert found.proof is not None
    judged.slice_s = max(step.elapsed_s for step in told if step.name == "slice")
    counts = [re.search(r"(\d+) times", step.text) for step in told if step.name == "run" and step.done]
    return str(found.proof.verdict), found.proof.reason, sum(int(m[1]) if m else 1 for m in counts)


def _by_command(session: Session, folder: Path, script: Path) -> tuple[str, str, int]:
    command = [sys.executable, "-m", "mlexp", "export", session.reference, "-o", str(script), "--json"]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=300)
    try:
        document = json.loads(done.stdout)
        proof = document.get("proof") or document["data"]["proof"]
    except (ValueError, KeyError) as error:
        raise MlexpError(f"{done.returncode}: {done.stdout[-300:]} {done.stderr[-300:]}") from error
    assert (done.returncode == 0) == (proof["verdict"] == "reproduced"), done.returncode
    return proof["verdict"], proof["reason"], proof["n_runs"]


def started_in_empty(script: Path, names: Sequence[str], python: str = sys.executable) -> tuple[dict[str, str], str]:
    """Start a script in an empty directory; return the texts of its values, and the last line of its complaint."""
    empty = script.parent.parent / "elsewhere"
    empty.mkdir(exist_ok=True)
    told = script.parent.parent / "values.json"
    done = subprocess.run(
        [python, "-P", "-W", "ignore", str(_HERE / "reader.py"), str(script), str(told), *names],
        cwd=empty,
        env=environment(empty) | {"MPLBACKEND": "Agg"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    values = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    return values, (done.stderr.strip().splitlines() or ["nothing"])[-1]
