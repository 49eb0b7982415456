"""Where the kernel runs: interpreter, machine, process, notebook."""

from __future__ import annotations

import os
import platform
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mlexp.config import Settings, numeric_variables, session_notebook
from mlexp.records import Interpreter, SessionId, SessionRecord


def interpreter() -> Interpreter:
    """Return the running interpreter."""
    affinity = getattr(os, "sched_getaffinity", None)
    return Interpreter(
        executable=sys.executable,
        version=platform.python_version(),
        implementation=platform.python_implementation(),
        platform=f"{platform.system()} {platform.machine()}",
        cpu=_cpu(),
        n_cpus=len(affinity(0)) if affinity else os.cpu_count() or 1,
        variables=numeric_variables(),
    )


def notebook_path(settings: Settings, namespace: Mapping[str, object]) -> str | None:
    """Return the notebook's path as far as somebody tells it: the setting, the Jupyter server, or VS Code."""
    told = settings.notebook or session_notebook() or namespace.get("__vsc_ipynb_file__")
    return str(Path(str(told)).absolute()) if told else None


def experiment_of(settings: Settings, notebook: str | None, root: Path, folder: Path) -> str:
    """Return the experiment of runs that name none: the setting, the notebook's path, or the folder's name."""
    if settings.experiment:
        return settings.experiment
    if notebook is None:
        return folder.name or "notebook"
    path = Path(notebook)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def new_session(notebook: str | None) -> SessionRecord:
    """Return the record of a session that begins here."""
    return SessionRecord(
        id=SessionId(uuid.uuid4().hex),
        started=datetime.now(UTC),
        notebook=notebook,
        folder=str(Path.cwd()),
        process=process_identity(),
    )


def process_identity(pid: int | None = None) -> str:
    """Return machine, process id and the process's start, as one text; of another process if `pid` is given."""
    pid = os.getpid() if pid is None else pid
    return f"{platform.node()}:{pid}:{_start_of(pid)}"


def is_alive(identity: str) -> bool:
    """Tell whether the process may still live: True for one on another machine, which cannot be asked."""
    node, _, rest = identity.rpartition(":")[0].rpartition(":")
    pid = int(rest) if rest.isdecimal() else 0
    if node != platform.node() or not pid:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process_identity(pid) == identity


def _start_of(pid: int) -> str:
    """Return the start of a process where the system tells it: process ids are used again. A zombie has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return "" if stat[0] == "Z" else stat[19]
    except (OSError, IndexError):
        return ""


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
