"""A clean process: the run's own interpreter, an empty directory, the surroundings that the kernel had."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlexp.config import NUMERIC_VARIABLES, child_environment
from mlexp.records import Interpreter, Package
from mlexp.records.documents import from_document
from mlexp.records.run import RESULT

_HERE = Path(__file__).resolve().parent
_KERNEL_TEXT = {  # what a kernel sets, so that programs which look for a terminal print the same
    "FORCE_COLOR": "1",
    "CLICOLOR": "1",
    "CLICOLOR_FORCE": "1",
    "TERM": "xterm-color",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
}
_NOT_OURS = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "JPY_SESSION_NAME", "JPY_PARENT_PID", "PYDEVD_USE_FRAME_EVAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanRun:
    """What a script gave in a clean process."""

    status: int | None
    """Exit status; None: it did not end by itself."""
    error: str
    line: int | None
    """The script's line at which it failed."""
    metrics: dict[str, float]
    history: tuple[dict[str, Any], ...]
    """The points that it logged, in order."""
    values: dict[str, str]
    """Digests by name."""
    stdout: str
    stderr: str
    elapsed_s: float
    confinement: str
    is_late: bool = False
    """Whether its time was up before it ended."""
    section: str = ""
    """The execution in whose section that line stands, such as "In 4"."""
    refused: tuple[str, ...] = ()
    """What it was refused, in words."""
    started: tuple[str, ...] = ()
    """Commands that its own lines started."""
    packages: tuple[Package, ...] = ()
    written: tuple[str, ...] = field(default=())
    """Files that it left in its directory."""


def run_clean(
    script: str,
    *,
    file: str,
    write_bundle: Callable[[Path], None],
    interpreter: Interpreter,
    values: tuple[str, ...],
    logs: bool,
    hash_seed: int,
    limit_s: float,
    environ: Mapping[str, str] | None = None,
    network: bool = False,
    writable: tuple[Path, ...] = (),
    tick: Callable[[float], None] | None = None,
) -> CleanRun:
    """Run a script and return what it gave.

    Args:
        script: Its text.
        file: Its file name.
        write_bundle: Writes its bundle into a folder.
        interpreter: The run's interpreter.
        logs: Whether it logs points.
        values: Names whose values are digested at the end.
        hash_seed: PYTHONHASHSEED, counted from 1; with later ones memory is filled in otherwise, too.
        limit_s: Seconds after which it is ended.
        environ: The environment that it starts from; None: this process's.
        network: Whether it may use the network.
        writable: Folders outside its own that it may write.
        tick: Called a few times a second with the seconds so far.

    Raises:
        OSError: The work folder could not be made.
    """
    with tempfile.TemporaryDirectory(prefix="mlexp-") as name:
        work = Path(name).resolve()
        place, empty, temporary = work / "script", work / "empty", work / "tmp"
        for folder in (place, empty, temporary):
            folder.mkdir()
        (place / file).write_text(script, encoding="utf-8")
        write_bundle(place)
        request = {
            "script": str(place / file),
            "arguments": [
                *("--metrics", str(work / "metrics.json")),
                *(("--history", str(work / "history.jsonl")) if logs else ()),
            ],
            "answer": str(work / "answer.json"),
            "values": list(values),
            "result": _lines_of_last_section(script) if RESULT in values else None,
            "writable": [str(work), *map(str, writable)],
            "network": network,
            "mlexp": str(_HERE.parent.parent),
        }
        (work / "request.json").write_text(json.dumps(request), encoding="utf-8")
        started = time.monotonic()
        ended = _run(
            [interpreter.executable, "-P", str(_HERE / "runner.py"), str(work / "request.json")],
            work=work,
            environment=_environment(interpreter, temporary, hash_seed, environ),
            limit_s=limit_s,
            tick=tick,
        )
        elapsed_s = time.monotonic() - started
        answer = _read(work / "answer.json")
        metrics = _read(work / "metrics.json").get("metrics", {})
        return CleanRun(
            status=answer.get("status"),
            error=answer.get("error") or ("" if answer else _how_it_ended(ended, interpreter, limit_s)),
            line=answer.get("line"),
            is_late=ended.get("error") == "late",
            section=_section_at(script, answer.get("line")),
            metrics=metrics,
            history=_read_lines(work / "history.jsonl"),
            values=answer.get("values", {}),
            stdout=(work / "stdout").read_text(encoding="utf-8", errors="replace"),
            stderr=(work / "stderr").read_text(encoding="utf-8", errors="replace"),
            elapsed_s=elapsed_s,
            confinement=answer.get("confinement", ""),
            refused=tuple(dict.fromkeys(answer.get("refused", ()))),
            started=tuple(dict.fromkeys(answer.get("started", ()))),
            packages=tuple(from_document(Package, package) for package in answer.get("packages", ())),
            written=tuple(sorted(str(path.relative_to(empty)) for path in empty.rglob("*") if path.is_file())),
        )


def _run(
    command: list[str], *, work: Path, environment: dict[str, str], limit_s: float, tick: Callable[[float], None] | None
) -> dict[str, Any]:
    """Return what the supervisor told. No process of the command's is left, also when we are interrupted here."""
    ended = work / "ended.json"
    with open(work / "stdout", "wb") as stdout, open(work / "stderr", "wb") as stderr:
        supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_HERE / "supervise.py"), str(limit_s), str(ended), *command],
            cwd=work / "empty",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,  # an interrupt in the terminal is for us
        )
        assert supervisor.stdin is not None
        started = time.monotonic()
        try:
            while True:
                try:
                    supervisor.wait(timeout=0.2)
                    return _read(ended)
                except subprocess.TimeoutExpired:
                    if tick is not None:
                        tick(time.monotonic() - started)
        finally:
            supervisor.stdin.close()  # it ends the command when there is nobody any more
            supervisor.wait()


def _environment(
    interpreter: Interpreter, temporary: Path, hash_seed: int, environ: Mapping[str, str] | None
) -> dict[str, str]:
    changes: dict[str, str | None] = dict.fromkeys((*NUMERIC_VARIABLES, *_NOT_OURS))
    changes |= dict(interpreter.variables)
    changes |= _KERNEL_TEXT
    changes |= {
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": dict(interpreter.variables).get("PYTHONHASHSEED", str(hash_seed)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        "NUMBA_CACHE_DIR": str(temporary),
    }
    if hash_seed > 1:
        changes["MALLOC_PERTURB_"] = str(84 + hash_seed)  # shows reads of memory that nobody has written
    return child_environment(changes) if environ is None else child_environment(changes, environ)


def _lines_of_last_section(script: str) -> list[int] | None:
    """Return the first and the last line of the section of the run's own cell."""
    titles = [i for i, line in enumerate(script.split("\n"), 1) if line.startswith("# %% ")]
    texts = script.split("\n")
    sections = [i for i in titles if re.match(r"# %% In \d+", texts[i - 1])]
    behind = next((i for i in titles if sections and i > sections[-1]), None)
    return [sections[-1], behind] if behind is not None else None


def _section_at(script: str, line: int | None) -> str:
    titles = re.findall(r"^# %% (In \d+)?", "\n".join(script.split("\n")[: line or 0]), re.M)
    return titles[-1] if titles else ""


def _how_it_ended(ended: dict[str, Any], interpreter: Interpreter, limit_s: float) -> str:
    status = ended.get("status")
    if not Path(interpreter.executable).exists():
        return f"the run was made by {interpreter.executable}, which is gone"
    if ended.get("error") == "late":
        return f"it ran longer than {limit_s:.0f} s (proof_limit_s)"
    if status is None:
        return f"{interpreter.executable} could not be started: {ended.get('error', 'its supervisor died')}"
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}" + (", perhaps out of memory" if status == -9 else "")
    return f"it ended with status {status} and left no answer"


def _read_lines(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return ()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
