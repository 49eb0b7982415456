"""`mlexp enable` and `disable`: one file in the user's profile, theirs and nobody else's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlexp.cli import main
from mlexp.commands.base import Status
from mlexp.commands.enable import startup_file


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


def started(profile):
    """Start a terminal IPython; return what it prints of mlexp and of the names that it left."""
    look = "print('loaded', 'mlexp' in get_ipython().extension_manager.loaded, [n for n in dir() if 'lexp' in n])"
    code = f"from IPython import start_ipython\nstart_ipython(['-c', {look!r}, '--no-banner', '--colors=NoColor'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=profile.parent, check=True)
    return done.stdout + done.stderr


def test_ipython_then_loads_it_and_no_name_is_left(profile):
    assert main(["enable"]) == 0
    assert "loaded True []" in started(profile)
    assert main(["disable"]) == 0
    assert "loaded False []" in started(profile)


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
