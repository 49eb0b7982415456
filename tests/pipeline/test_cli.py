"""The command line: words, answers, exit statuses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mlexp
from mlexp.cli import main
from mlexp.commands import COMMANDS
from mlexp.errors import UsageError
from mlexp.project import Project
from tests.pipeline.playing import Player, Session, environment

Called = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def session(player: Player, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("cli") / "project"
    (folder / ".ipython").mkdir(parents=True)
    cells = [
        "import os, random\nis_here = os.path.exists('.ipython')",
        "%%track baseline -t first -n 'a note'\nrate = 0.5\nauc = len('abc') * rate / 2\nprint('auc', auc)",
        "%%track wider\nrate = 0.25\nauc = len('abcd') * rate",
        "%%track elsewhere\nauc = (0.5 if is_here else 0.25) + len('')",
        "%%track missing\nauc = len(os.listdir('.ipython')) * 0.5 + 1",
        "%%track broken\n1 / 0",
    ]
    return player.play(folder, cells)


@pytest.fixture
def call(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Called:
    """Call the command line in an empty directory; return exit status, stdout, stderr."""
    for name, value in environment(session.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        try:
            status = main(words)
        except SystemExit as error:  # argparse's --help
            status = int(error.code or 0)
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def test_the_whole_help(call: Called) -> None:
    status, out, _ = call("--help")
    assert status == 0
    assert all(f"mlexp {command.name} " in out for command in COMMANDS)
    assert call()[0] == 2
    assert call()[1] == out
    assert call("--version")[1].startswith("mlexp ")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_each_command_has_help_and_json(call: Called, command: str) -> None:
    status, out, _ = call(command, "--help")
    assert status == 0
    assert out.startswith(f"usage: mlexp {command} ")
    assert "--json" in out
    status, out, err = call(command, "--no-such-option")
    assert (status, out) == (2, "")
    assert f"mlexp {command} --help shows how" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("exprot", "r1"), "there is no command 'exprot'. Did you mean export?"),
        (("fly",), "there is no command 'fly'. There are runs, "),
        (("export",), "the following arguments are required: RUN"),
        (("verify", "r99"), "no run 'r99' in this store. List them with `mlexp runs`."),
        (("export", "baselin"), "no run 'baselin' in this store. Did you mean baseline"),
        (("show", "zzz"), "no run 'zzz' in this store. List them with `mlexp runs`."),
        (("show", "@best:f1"), "no finished run has a metric 'f1'; there are auc"),
        (("show", "@newest"), "there are @last, @best:METRIC"),
        (("compare", "r1"), "a comparison needs two runs or more"),
        (("runs", "metrics.auk", ">", "1"), "auk"),
        (("export", "r1", "-o", "out.txt"), "a script's name ends in .py"),
        (("export", "r1", "-o", "nowhere/out.py"), "nowhere is no folder"),
    ],
)
def test_a_wrong_call(call: Called, words: tuple[str, ...], told: str) -> None:
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_runs_show_and_compare(call: Called) -> None:
    status, out, _ = call("runs", "--json")
    assert status == 0
    assert [run["ref"] for run in json.loads(out)] == ["r5", "r4", "r3", "r2", "r1"]
    assert json.loads(call("runs", "metrics.auc > 0.9 and params.rate < 1", "--json")[1])[0]["name"] == "wider"
    shown = json.loads(call("show", "baseline", "--json")[1])
    assert (shown["params"], shown["metrics"], shown["note"]) == ({"rate": 0.5}, {"auc": 0.75}, "a note")
    assert "auc = 0.75" in call("show", "@min:auc")[1] or call("show", "@min:auc")[0] == 0
    status, out, _ = call("compare", "r1", "r2", "--json")
    assert status == 0
    assert json.loads(out)["params"]["rate"] == {"differs": True, "r1": "0.5", "r2": "0.25"}
    assert "broken" in call("runs")[1]


def test_export_reproduced(call: Called, tmp_path: Path) -> None:
    status, out, err = call("export", "baseline")
    assert (status, err) == (0, "")
    assert (tmp_path / "baseline.py").exists()
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["✓", "slice"], ["✓", "run"], ["✓", "write"]]
    assert lines[3].startswith("Reproduced bit for bit: 1 metric, ")
    assert lines[4] == f"{tmp_path / 'baseline.py'}    python baseline.py --help"
    status, out, err = call("export", "baseline", "--json", "-o", "second.py")
    assert (status, json.loads(out)["proof"]["verdict"]) == (0, "reproduced")
    assert "✓ run" in err
    assert json.loads(out)["path"] == str(tmp_path / "second.py")
    (tmp_path / "baseline.py").write_text("mine")
    assert call("export", "baseline")[0] == 2
    assert (tmp_path / "baseline.py").read_text() == "mine"
    assert call("export", "baseline", "--force", "--no-verify")[:1] == (0,)
    assert call("verify", "r1")[0] == 0
    assert "proof" in call("show", "r1")[1]


@pytest.mark.parametrize(
    ("reference", "expected", "told"),
    [
        ("elsewhere", 1, "Not reproduced: auc: 0.5 in the run, 0.25 in the script"),
        ("missing", 3, "Not verified: FileNotFoundError: "),
        ("broken", 3, "r5 is failed: only a finished run can be exported"),
    ],
)
def test_export_and_verify_that_say_no(call: Called, tmp_path: Path, reference: str, expected: int, told: str) -> None:
    status, out, err = call("export", reference, "-o", "out.py")
    assert status == expected
    assert told in out + err
    assert (tmp_path / "out.py").exists() == (reference != "broken")  # unproven ones are written, and say so
    status, out, _ = call("verify", reference, "--json")
    assert status == expected
    assert reference == "broken" or json.loads(out)["path"] is None


@pytest.mark.usefixtures("call")
def test_from_python(tmp_path: Path) -> None:
    proof = mlexp.export("baseline", tmp_path / "out.py")
    assert proof is not None
    assert proof.verdict == "reproduced"
    assert mlexp.run("baseline").proof == proof
    assert mlexp.export(mlexp.run("elsewhere"), "unproven.py", verify=False) is None
    assert (tmp_path / "unproven.py").exists()
    assert mlexp.verify("elsewhere").verdict == "not reproduced"
    with pytest.raises(UsageError, match="ends in"):
        mlexp.export("baseline", "out")


def test_no_store(call: Called, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLEXP_STORE", str(tmp_path / "none"))
    for words in ("runs",), ("show", "r1"), ("export", "r1"):
        status, _, err = call(*words)
        assert status == 2
        assert "no run was tracked here yet" in err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_ours_could_not_tell(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Project, "find", lambda self, reference: [][1])
    status, _, err = call("show", "r1")
    assert status == 3
    assert "IndexError: list index out of range" in err
    assert "an error of ours" in err


def test_as_a_process(session: Session, tmp_path: Path) -> None:
    def started(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlexp", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment(session.folder), capture_output=True, text=True)

    assert started("runs", "limit 1").returncode == 0
    assert started("export", "nobody").returncode == 2
    assert started("verify", "elsewhere").returncode == 1
    shell = f"{sys.executable} -m mlexp runs --wide --json | head -c 1"
    found = subprocess.run(shell, shell=True, env=environment(session.folder), capture_output=True, text=True)
    assert "Traceback" not in found.stderr
    assert os.listdir(tmp_path) == []
