"""Sessions for the tests of the pipeline: cells played in a real shell or kernel, exported, and the script started."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from mlexp.config import Settings
from mlexp.pipeline.export import Exported, Options, Step, export, verify
from mlexp.project import Project, Run
from mlexp.records import Proof

PLAYER = Path(__file__).with_name("player.py")
LOAD = "%load_ext mlexp"
Cell = str | tuple[str, str] | tuple[str, str, str]


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a session and of what is started for it: none of this process's settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MLEXP_", "PYTHON", "OMP_"))}
    return ours | {"MLEXP_STORE": str(folder / ".mlexp"), "MLEXP_CARD": "false", "IPYTHONDIR": str(folder / ".ipython")}


class Player:
    """The process that plays sessions, one after another."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, str(PLAYER)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(home), cwd=home
        )

    def play(self, folder: Path, cells: Sequence[Cell], *, kernel: bool = False, **variables: str) -> "Session":
        """Play cells in `folder`; mlexp is loaded first, unless a cell does it."""
        steps = [(("cell", dedent(cell)) if isinstance(cell, str) else cell) for cell in cells]
        if not any(LOAD in step[1] for step in steps):
            steps.insert(0, ("cell", LOAD))
        request = {
            "folder": str(folder),
            "environment": environment(folder) | variables,
            "kernel": kernel,
            "steps": [[*step, "", ""][:3] for step in steps],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return Session(folder, answer["printed"])

    def close(self) -> None:
        self._process.communicate(timeout=10)


@dataclass
class Session:
    """A session that was played."""

    folder: Path
    printed: list[str] = field(default_factory=list)
    """The stdout of each cell."""
    steps: list[Step] = field(default_factory=list)

    def run(self, reference: str = "r1") -> Run:
        project = Project(self.folder / ".mlexp", Settings())
        try:
            return project.find(reference)
        finally:
            project.close()

    def export(
        self,
        reference: str = "r1",
        name: str = "out.py",
        *,
        place: Path | None = None,
        force: bool = False,
        **options: Any,
    ) -> "Script":
        """Export a run into a folder beside the session's."""
        place = place or self.folder.with_name("exported")
        place.mkdir(exist_ok=True)
        project = Project(self.folder / ".mlexp", Settings())
        try:
            found = export(
                project.store,
                project.blobs,
                project.find(reference).record,
                place / name,
                options=Options(**options),
                tell=self.steps.append,
                force=force,
            )
        finally:
            project.close()
        return Script(found, place / name)

    def verify(self, reference: str = "r1", **options: Any) -> Proof:
        project = Project(self.folder / ".mlexp", Settings())
        try:
            run = project.find(reference).record
            found = verify(project.store, project.blobs, run, options=Options(**options), tell=self.steps.append)
        finally:
            project.close()
        assert found.proof is not None
        return found.proof


@dataclass
class Script:
    """An exported script."""

    exported: Exported
    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def cells(self) -> str:
        """The sections, without what is ours above and below them."""
        body = self.text.split("\n# %% Params, inputs and flags\n", 1)[1]
        body = body.partition("\n# %% What run ")[0]
        return "# %% " + body.partition("\n# %% ")[2]

    @property
    def proof(self) -> Proof:
        assert self.exported.proof is not None
        return self.exported.proof

    @property
    def verdict(self) -> str:
        return str(self.proof.verdict)

    @property
    def bundle(self) -> Path:
        return self.path.with_name(f"{self.path.stem}_data")

    @property
    def bundled(self) -> list[str]:
        return sorted(p.relative_to(self.bundle).as_posix() for p in self.bundle.rglob("*") if p.is_file())

    def start(
        self, *words: str, options: Sequence[str] = ("-I",), cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Start it in an empty directory, as somebody would who was given it."""
        place = cwd or self.path.parent.parent / "elsewhere"
        place.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, *options, str(self.path), *words],
            cwd=place,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(place) | {"MPLBACKEND": "Agg"} | variables,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
