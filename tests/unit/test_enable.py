"""`mlexp enable` and `disable`: one file in the user's profile, theirs and nobody else's."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mlexp.cli import main
from mlexp.commands.base import Status
from mlexp.commands.enable import startup_file
from mlexp.project import Project


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """An empty folder for IPython."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "ipython"


def said(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_is_written_once_and_taken_away(profile, capsys):
    path = str(profile / "profile_default" / "startup" / "50-mlexp.py")
    for _ in range(2):
        for enabled, command in ((True, "enable"), (False, "disable")):
            assert said(capsys, command) == {"path": path, "enabled": enabled, "changed": True}
            assert Path(path).exists() is enabled
            assert said(capsys, command) == {"path": path, "enabled": enabled, "changed": False}


@pytest.mark.usefixtures("profile")
def test_it_says_where_and_how_to_undo_it(capsys):
    assert main(["enable"]) == 0
    out = capsys.readouterr().out
    assert str(startup_file()) in out
    assert "mlexp disable" in out


def test_without_the_variable_it_is_the_home_folders(tmp_path, monkeypatch):
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert startup_file() == tmp_path / ".ipython" / "profile_default" / "startup" / "50-mlexp.py"


@pytest.mark.usefixtures("profile")
def test_no_store_is_made_or_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLEXP_STORE", str(tmp_path / "file" / "store"))
    (tmp_path / "file").write_text("")
    assert main(["enable"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "ipython"]


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("command", ["enable", "disable"])
def test_a_file_of_somebody_else_is_left_alone(capsys, command):
    startup_file().parent.mkdir(parents=True)
    startup_file().write_text("mine = 1\n")
    assert main([command]) == Status.WRONG_CALL
    assert "not written by mlexp" in capsys.readouterr().err
    assert startup_file().read_text() == "mine = 1\n"


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch, capsys, command):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "file"))
    status = main([command])
    assert (status, "cannot be written" in capsys.readouterr().err) == (
        (Status.WRONG_CALL, True) if command == "enable" else (0, False)
    )


def played(folder, *cells):
    """Start IPython in a folder and run cells, as a kernel does; return what is printed."""
    code = (
        "from IPython.terminal.ipapp import TerminalIPythonApp\n"
        "app = TerminalIPythonApp.instance()\napp.initialize(['--no-banner', '--colors=NoColor'])\n"
        f"for cell in {list(cells)!r}: app.shell.run_cell(cell, store_history=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    return done.stdout + done.stderr


LOADED = "print('loaded', 'mlexp' in get_ipython().extension_manager.loaded, [n for n in dir() if 'lexp' in n])"
LOOK = "print('loaded', 'm' 'lexp' in get_ipython().extension_manager.loaded, [n for n in dir() if 'lexp' in n])"
HOOKS = (
    "ip = get_ipython()\nprint('hooks', len(ip.events.callbacks['pre_run_cell']), "
    "len(ip.input_transformer_manager.cleanup_transforms))"
)


@pytest.fixture
def project(tmp_path):
    """The folder of a project without a store."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    return folder


def test_no_name_is_left_and_nothing_once_it_is_undone(profile, project):
    without = played(project, HOOKS)
    assert main(["enable"]) == 0
    assert "loaded False []" in played(project, LOOK)
    assert "loaded True []" in played(project, LOADED)  # a text that mentions it uses it
    assert main(["disable"]) == 0
    assert "loaded False []" in played(project, LOADED)
    assert played(project, HOOKS) == without
    assert profile.exists()


@pytest.mark.usefixtures("profile")
def test_where_it_is_not_used_nothing_is_made(project):
    assert main(["enable"]) == 0
    assert "5" in played(project, "x = 2", "print(x + 3)", LOOK)
    assert [path.name for path in project.iterdir()] == ["pyproject.toml"]


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("use", ["%%track first\nm = n * 0.5", "# note\n\n%%track first\nm = n * 0.5"])
def test_the_first_cell_that_tracks_is_a_run(project, use):
    assert main(["enable"]) == 0
    out = played(project, "n = 3", use, "%runs", "print(mlexp.run('first').params)")
    assert "new store: " in out
    assert "r1  first" in out
    with closing(Project.open(project)) as opened:
        (run,) = opened.runs()
        assert (run.name, run.metrics, run.params) == ("first", {"m": 1.5}, {"n": 3})
        assert [execution.observed for execution in run.executions] == [False, True]


@pytest.mark.usefixtures("profile")
def test_in_a_project_that_has_runs_all_is_heard_from_the_start(project):
    assert main(["enable"]) == 0
    played(project, "%%track first\nm = 3 * 0.5")
    played(project, "n = 4", "%%track second\nm = n * 0.5")
    with closing(Project.open(project)) as opened:
        assert [execution.observed for execution in opened.find("second").executions] == [True, True]


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("use", ["%runs", "import mlexp", "%load_ext mlexp"])
def test_other_uses_load_it_too(project, use):
    assert main(["enable"]) == 0
    out = played(project, use, HOOKS, LOOK)
    assert "loaded True" in out
    assert "already loaded" not in out.replace("The mlexp extension is already loaded", "")
    assert out.count("new store") == 1


@pytest.mark.usefixtures("profile")
def test_once_mlexp_is_uninstalled_nothing_is_said(tmp_path):
    assert main(["enable"]) == 0
    code = (
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda n, *more: None if n == 'mlexp' else find(n, *more)\n"
        "from IPython import start_ipython; start_ipython(['-c', 'print(1 + 1)', '--no-banner', '--colors=NoColor'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert (done.stdout.strip(), done.stderr) == ("2", "")
