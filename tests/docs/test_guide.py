"""The guide is run: its cells in a shell, its commands on the command line; and it names all there is."""

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import mlexp
from mlexp.capture.track import track_parser
from mlexp.cli import main
from mlexp.commands import COMMANDS
from mlexp.commands.base import parser_of
from mlexp.config import Settings

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)
CONSOLES = re.findall(r"^```console\n(.*?)^```$", GUIDE, re.M | re.S)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every cell of the guide in one fresh shell; return its folder."""
    folder = tmp_path_factory.mktemp("guide")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLEXP_STORE", str(folder / ".mlexp"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        shell = InteractiveShell.instance()
        try:
            for cell in CELLS:
                shell.run_cell(cell.rstrip("\n"), store_history=True).raise_error()
            shell.run_line_magic("unload_ext", "mlexp")
        finally:
            InteractiveShell.clear_instance()
    return folder


def test_its_cells_leave_what_they_say(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(played)
    runs = mlexp.runs()
    assert [run.name for run in runs] == ["parabola", "descent", "line"]
    assert mlexp.run("line").params == {"degree": 1}
    assert len(mlexp.run("descent").history("loss")) == 20
    assert (played / "parabola.py").is_file()


@pytest.mark.parametrize("line", [line[2:] for text in CONSOLES for line in text.splitlines() if line.startswith("$ ")])
def test_its_commands_work(played: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(played)
    program, *words = shlex.split(line)
    if program == "mlexp":
        assert main(words) == 0
    else:
        done = subprocess.run([sys.executable, "-I", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_setting_is_in_its_table() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `(MLEXP_\w+)` \|", GUIDE, re.M))
    assert rows == {field.name: f"MLEXP_{field.name.upper()}" for field in fields(Settings)}


def test_every_default_is_in_its_table() -> None:
    for field in fields(Settings):
        row = re.search(rf"^\| `{field.name}` \|.*$", GUIDE, re.M)
        assert row
        if field.default != "":
            assert f"`{str(field.default).lower()}`" in row[0]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_option_is_in_the_reference(command) -> None:
    assert f"`mlexp {command.name}" in REFERENCE or f"`%{command.name} " in REFERENCE
    actions = parser_of(command, prog=command.name)._actions
    for option in {action.option_strings[-1] for action in actions if action.option_strings} - {
        "--help",
        "--output",
        "--metric",
    }:
        assert option in REFERENCE


def test_every_option_of_track_is_in_the_reference() -> None:
    line = re.search(r"^\| `%%track .*$", REFERENCE, re.M)
    assert line
    for action in track_parser()._actions:
        assert not action.option_strings or any(option in line[0] for option in action.option_strings)


def test_every_public_name_is_in_the_reference() -> None:
    for name in set(mlexp.__all__) - {"__version__"}:
        assert f"`mlexp.{name}(" in REFERENCE
