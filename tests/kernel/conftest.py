"""Fresh shells for most tests, real kernels for what only they show."""

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlexp import installed
from mlexp.capture.probes import modules
from mlexp.project import Project, Run
from tests.kernel.driver import Kernel

_installed = (*modules.installed_folders(), f"{Path(__file__).parents[1]}{os.sep}")  # the tests are no user's modules
_packages_of = lru_cache(installed.packages_of)  # unload waits for it, 0.1 s, and here for each shell anew


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, which is the working directory."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("")
    monkeypatch.chdir(project)
    for name in ("MLEXP_STORE", "MLEXP_CARD", "MLEXP_NOTEBOOK", "MLEXP_EXPERIMENT", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return project


class Shell:
    """An IPython shell without a kernel."""

    def __init__(self) -> None:
        self.ip = InteractiveShell.instance(config=Config(HistoryManager={"hist_file": ":memory:"}))

    @property
    def names(self) -> dict[str, Any]:
        """The user's variables."""
        return self.ip.user_ns

    @property
    def project(self) -> Project:
        """The loaded extension's project."""
        return self.ip._mlexp_extension.project

    def run(self, code: str, **options: Any) -> Any:
        """Execute a cell, as a front end does."""
        return self.ip.run_cell(code, **{"store_history": True, **options})

    def ok(self, code: str, **options: Any) -> Any:
        """Execute a cell that is expected to succeed; return the value of its last expression."""
        result = self.run(code, **options)
        result.raise_error()
        return result.result

    def load(self) -> "Shell":
        """Load mlexp."""
        self.ok("%load_ext mlexp")
        return self

    def latest(self) -> Run:
        """Return the newest run."""
        return self.project.runs()[0]

    def executions(self) -> tuple[Any, ...]:
        """Return the kept executions of this session."""
        return self.project.store.executions(self.ip._mlexp_extension.session.record.id)


@pytest.fixture
def shell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:  # noqa: ARG001  (it works there)
    """A fresh shell in a project's folder, without mlexp."""
    InteractiveShell.clear_instance()
    monkeypatch.setattr(installed, "packages_of", _packages_of)
    monkeypatch.setattr(modules, "installed_folders", lambda: _installed)
    for name in ("displayhook", "excepthook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    made = Shell()
    yield made
    made.ip.run_line_magic("unload_ext", "mlexp")
    made.ip.history_manager.end_session()
    atexit.unregister(made.ip.atexit_operations)  # with hundreds of shells they take long
    InteractiveShell.clear_instance()


@pytest.fixture
def loaded(shell: Shell) -> Shell:
    """A fresh shell with mlexp."""
    return shell.load()


@pytest.fixture
def kernels(folder: Path) -> Iterator[Callable[..., Kernel]]:
    """Starts real kernels in the project's folder."""
    with ExitStack() as stack:

        def start(**variables: str) -> Kernel:
            kernel = Kernel(folder, **variables)
            stack.callback(kernel.close)
            return kernel

        yield start


@pytest.fixture
def kernel(kernels: Callable[..., Kernel]) -> Kernel:
    """A real kernel with mlexp."""
    kernel = kernels()
    kernel.load()
    return kernel


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    """The store of the project's folder, seen from another process."""
    opened = Project.open(folder)
    yield opened
    opened.close()


def until(condition: Callable[[], Any], *, limit_s: float = 20) -> Any:
    """Wait until the condition holds; return what it gives."""
    end = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return found
