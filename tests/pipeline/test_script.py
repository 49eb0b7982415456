"""What whoever is given an exported script can do with it."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Player, Script, Session, environment

Play = Callable[..., Session]

SETTINGS = """
    rate = 0.5
    max_depth = 4
    verbose = True
    limit = None
    sizes = [1, 2]
    word = "as is"
    data = 3
    check = 2
    step = 1e-3
"""
TRACKED = """
    %%track first
    with open("table.txt") as lines:
        rows = [float(row) for line in lines for row in line.split()]
    total = sum(rows) * rate + data + check + step
    depth = max_depth * 2 if isinstance(max_depth, int) else -1
    values = int(verbose is True), -1 if limit is None else limit, len(sizes)
    kinds = {name: value / 1 for name, value in zip(["verbose", "limit", "sizes"], values)}
    length = sum(1 for _ in word)
    print("total", total)
"""


@pytest.fixture(scope="module")
def script(player: Player, tmp_path_factory: pytest.TempPathFactory) -> Script:
    folder = tmp_path_factory.mktemp("settings") / "project"
    folder.mkdir()
    (folder / "table.txt").write_text("1.5 2.25\n0.1\n")
    found = player.play(folder, [SETTINGS, TRACKED]).export()
    assert found.verdict == "reproduced", found.proof.reason
    return found


@pytest.fixture
def metrics(script: Script, tmp_path: Path) -> Callable[..., dict[str, float]]:
    """Start the script with some flags and return its metrics."""

    def metrics(*words: str) -> dict[str, float]:
        found = script.start(*words, "--metrics", str(tmp_path / "new" / "metrics.json"))
        assert found.returncode == 0, found.stderr
        return json.loads((tmp_path / "new" / "metrics.json").read_text())["metrics"]

    return metrics


def files_under(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_it_runs_elsewhere_from_a_read_only_place_with_any_name(script: Script, tmp_path: Path) -> None:
    place = tmp_path / "žluťoučký kůň & 100 %"
    place.mkdir()
    shutil.copy(script.path, place)
    shutil.copytree(script.bundle, place / script.bundle.name)
    for path in (*place.rglob("*"), place):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = files_under(tmp_path)
    empty = tmp_path / "empty"
    given = Script(script.exported, place / script.path.name)
    for options in ("-I",), ("-W", "error"), ("-O",), ("-OO",):
        found = given.start("--check", options=options, cwd=empty)
        assert (found.returncode, found.stdout) == (0, "total 6.926\n")
        assert found.stderr == "all 7 equal those of run r1\n"
    assert files_under(empty) == []
    assert files_under(tmp_path) == sorted([*before, "empty"])


def test_stdout_is_the_users_and_nothing_is_said_without_a_flag(script: Script) -> None:
    found = script.start()
    assert (found.returncode, found.stdout, found.stderr) == (0, "total 6.926\n", "")


def test_check_names_each_difference_metrics_first(script: Script, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("1.5 2.25\n0.2\n")
    found = script.start("--check", "--max_depth", "5", "--data", f"table.txt={other}")
    assert found.returncode == 1
    lines = found.stderr.splitlines()
    assert lines[0] == "total: 6.926 in the run, 6.976 now, +0.05"
    assert lines[1] == "depth: 8 in the run, 10 now, +2"
    assert lines[2].startswith("table.txt: sha256 ")
    assert lines[3:] == ["3 of 7 differ from run r1"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--rate", "-1e-3"), {"total": 4.99715}),
        (("--rate=-1e-3",), {"total": 4.99715}),
        (("--rate", "inf"), {"total": float("inf")}),
        (("--max_depth", "sqrt"), {"depth": -1}),
        (("--max_depth", "None"), {"depth": -1}),
        (("--verbose", "False"), {"kinds.verbose": 0}),
        (("--limit", "7"), {"kinds.limit": 7}),
        (("--limit", "-2.5"), {"kinds.limit": -2.5}),
        (("--sizes", "[1, 2, 3]"), {"kinds.sizes": 3}),
        (("--sizes", "()"), {"kinds.sizes": 0}),
        (("--word", ""), {"length": 0}),
        (("--word", "--check"), {"length": 7}),
        (("--word", "3.5"), {"length": 3}),
        (("--data_", "10", "--check_", "20"), {"total": 31.926}),
        (("--step", "0"), {"total": 6.925}),
    ],
)
def test_flags_take_values_of_every_kind(
    metrics: Callable[..., dict[str, float]], words: tuple[str, ...], expected: dict[str, float]
) -> None:
    found = metrics(*words)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--no_such_flag",), "unrecognized arguments: --no_such_flag"),
        (("stray",), "unrecognized arguments: stray"),
        (("--max_depth", "5x"), "argument --max_depth: invalid int value: '5x'"),
        (("--rate", "quick march"), "argument --rate: invalid float value"),
        (("--verbose", "maybe"), "argument --verbose: invalid bool value"),
        (("--sizes", "many"), "argument --sizes: invalid list value"),
        (("--max_depth",), "argument --max_depth: expected one argument"),
        (("--max", "3"), "unrecognized arguments: --max 3"),
        (("--data", "table.txt"), "--data takes NAME=PATH, with NAME one of: table.txt"),
        (("--data", "other.txt=x"), "--data takes NAME=PATH, with NAME one of: table.txt"),
    ],
)
def test_a_wrong_call_ends_with_2(script: Script, words: tuple[str, ...], told: str) -> None:
    found = script.start(*words)
    assert (found.returncode, found.stdout) == (2, "")
    assert told in found.stderr
    assert "Traceback" not in found.stderr


def test_metrics_read_back_to_the_same_bits(metrics: Callable[..., dict[str, float]], script: Script) -> None:
    recorded = {metric.name: metric.recorded for metric in script.exported.script.metrics}
    found = metrics()
    assert [(name, repr(value)) for name, value in found.items()] == [(n, repr(v)) for n, v in recorded.items()]
    assert list(found) == ["total", "depth", "length", "kinds.verbose", "kinds.limit", "kinds.sizes"]


def test_a_missing_file_or_package_could_not_tell(script: Script, play: Play, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(script.path, alone)
    without = Script(script.exported, alone / script.path.name)
    found = without.start("--check")
    assert found.returncode == 3
    assert "could not tell: " in found.stderr
    assert "table.txt" in found.stderr
    assert without.start().returncode == 1
    assert script.start("--check", "--data", "table.txt=nowhere.txt").returncode == 3

    wants_numpy = play("import numpy", "%%track\nsize = numpy.arange(3).sum()").export()
    found = wants_numpy.start("--check", options=("-I", "-S"))  # no site-packages
    assert found.returncode == 3
    assert "could not tell: No module named 'numpy'" in found.stderr


def test_help_is_quick_and_tells_all(play: Play) -> None:
    script = play("import numpy as np", "n = 3", "%%track\nsize = float(np.arange(n).sum())").export()
    found = script.start("--help", options=("-I", "-X", "importtime"))
    assert found.returncode == 0
    assert "numpy" not in found.stderr
    assert "Proven: in a clean process" in found.stdout
    assert "--n int" in found.stdout
    assert "--check" in found.stdout


def test_numbers_that_are_no_ordinary_ones(play: Play, tmp_path: Path) -> None:
    tracked = """
        %%track
        import math
        from operator import neg
        a, b, c = float("nan"), float("inf"), neg(math.inf)
        zero, small, near = neg(0.0), float("1e-320"), math.fsum([0.1]) + 0.2
        big, whole = pow(2, 70), len("abc")
    """
    script = play(tracked).export()
    assert script.verdict == "reproduced"
    found = script.start("--check", "--metrics", str(tmp_path / "m.json"))
    assert (found.returncode, found.stderr) == (0, "all 8 equal those of run r1\n")
    metrics = json.loads((tmp_path / "m.json").read_text())["metrics"]
    assert (
        repr(list(metrics.values())) == "[nan, inf, -inf, -0.0, 1e-320, 0.30000000000000004, 1180591620717411303424, 3]"
    )
    # -0.0 is not 0.0, 3 is not 3.0
    for was, edited in (
        ('"zero": -0.0', '"zero": 0.0'),
        ('"whole": 3', '"whole": 3.0'),
        ('"a": float("nan")', '"a": 0.0'),
    ):
        assert was in script.text
        other = Script(script.exported, tmp_path / "other.py")
        other.path.write_text(script.text.replace(was, edited))
        assert other.start("--check").returncode == 1


def test_imported_it_reads_no_flags_and_has_the_values(script: Script) -> None:
    code = f"""
import importlib.util, sys
sys.argv = ["somebody else's", "--no-such-flag", "--check"]
spec = importlib.util.spec_from_file_location("exported", {str(script.path)!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert module.total == 6.926, module.total
assert "mlexp" not in sys.modules
"""
    found = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stdout, found.stderr) == (0, "total 6.926\n", "")


def test_under_pytest_it_reads_no_flags(script: Script, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(script.path.parent)!r})\n"
        "def test_it():\n    import out\n    assert out.total == 6.926\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-s", "test_it.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(tmp_path), timeout=60)
    assert found.returncode == 0, found.stdout
    assert not list(script.bundle.rglob("__pycache__"))


def test_cell_by_cell_without_file(script: Script) -> None:
    code = f"exec(compile(open({script.path.name!r}).read(), 'cells', 'exec'), {{'__name__': '__main__'}})"
    found = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=script.path.parent, capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, found.stdout) == (0, "total 6.926\n"), found.stderr


def test_it_does_not_mention_mlexp_in_code(script: Script) -> None:
    tree = ast.parse(script.text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert "mlexp" not in names | imported


def test_the_same_run_gives_the_same_bytes(script: Script) -> None:
    session = Session(script.path.parent.parent / "project")
    again = session.export(place=script.path.parent.parent / "again")
    assert again.path.read_bytes() == script.path.read_bytes()
    assert [(again.bundle / name).read_bytes() for name in again.bundled] == [
        (script.bundle / name).read_bytes() for name in script.bundled
    ]


def test_the_docstring_tells_what_there_is(script: Script) -> None:
    text = ast.get_docstring(ast.parse(script.text), clean=False)
    assert text is not None
    assert text.startswith('Run r1 "first" of project, 20')
    assert "python out.py --rate 0.25" in text  # another value than the run's
    assert "python out.py --data table.txt=FILE" in text
    assert "2 of 3 up to the run" in " ".join(text.split())
    assert max(map(len, script.text.splitlines())) <= 140


def test_without_a_metric_check_could_not_tell(play: Play) -> None:
    script = play("%%track\nprint('hello')").export()
    assert script.verdict == "reproduced"
    assert "Proven: " in script.text
    assert "its printed text" in " ".join(script.text.split())
    found = script.start("--check")
    assert (found.returncode, found.stderr) == (3, "could not tell: run r1 recorded no metric\n")
    assert "--check" not in script.text.partition('"""')[2].partition('"""')[0]


def test_history_is_written_point_by_point(play: Play, tmp_path: Path) -> None:
    script = play(
        "import mlexp\nmlexp.log(loss=9.0)\nsteps = 3",
        """
        %%track
        import mlexp as mx
        from mlexp import log
        for i in range(steps):
            mx.log({"train/loss": 1 / (i + 1)}, step=10 * i, odd="no number")
            list(map(lambda x: log(x=x), [i]))
        report = log
        report(last=1)
        """,
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert "mlexp" not in script.cells
    found = script.start("--history", str(tmp_path / "h.jsonl"), "--check", options=("-I", "-W", "error"))
    assert found.returncode == 0, found.stderr
    points = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert points[:3] == [{"step": 0, "loss": 9.0}, {"step": 0, "train/loss": 1.0}, {"step": 1, "x": 0.0}]
    assert points[-1] == {"step": 6, "last": 1.0}
    assert os.fspath(tmp_path) not in script.text
