"""Files that a session read: bundled as they were, found wherever the script is started."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Script, Session

Play = Callable[..., Session]


def assert_stands_alone(script: Script, session: Session, *, bundled: list[str]) -> None:
    """Assert that a script was reproduced and needs nothing of the folder that its session happened in."""
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == bundled
    session.folder.rename(session.folder.with_name("gone"))
    found = script.start("--check")
    assert found.returncode == 0, found.stderr
    assert os.fspath(session.folder) not in script.text


@pytest.fixture
def data(folder: Path) -> Path:
    for site, level in ("north", 1), ("south", 2):
        (folder / "data" / site).mkdir(parents=True)
        (folder / "data" / site / "load.csv").write_text(f"hour,load\n0,{level}.5\n1,{level}.25\n")
    (folder / "data" / "table.csv").write_text("a,b\n1,2.5\n3,4.5\n")
    return folder / "data"


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (['text = open("data/table.csv").read()'], 'open(input_path("data/table.csv"))'),
        (['from pathlib import Path\ntext = Path("data/table.csv").read_text()'], 'Path(input_path("data/table.csv"))'),
        (
            ["from pathlib import Path", 'DATA = Path("data")', 'text = (DATA / "table.csv").read_text()'],
            '(input_path(DATA / "table.csv")).read_text()',
        ),
        (
            ["from pathlib import Path", 'with (Path("data") / "table.csv").open() as file:\n    text = file.read()'],
            '(input_path(Path("data") / "table.csv")).open()',
        ),
        (['PATH = "data/table.csv"', "text = open(PATH).read()"], 'PATH = input_path("data/table.csv")'),
        (['name = "table"', 'text = open(f"data/{name}.csv").read()'], 'open(input_path(f"data/{name}.csv"))'),
        (
            ["import os", 'text = open(os.path.join("data", "table.csv")).read()'],
            'open(input_path(os.path.join("data", "table.csv")))',
        ),
        (
            ["def load(path, mode='r'):\n    with open(path, mode='r') as file:\n        return file.read()",
             'text = load("data/table.csv")'],
            'load(input_path("data/table.csv"))',
        ),
        (
            ["def load(name):\n    path = 'data/' + name + '.csv'\n    with open(path) as file: return file.read()",
             'text = load("table")'],
            "open(input_path(path))",
        ),
        (
            ["def load():\n    return open('data/table.csv').read()", "text = load()"],
            "open(input_path('data/table.csv'))",
        ),
        (
            ["import os", "path = os.path.abspath('data/table.csv')", "text = open(path).read()"],
            "open(input_path(path))",
        ),
        (
            ["import asyncio", "def read(path):\n    with open(path) as file: return file.read()",
             "name = 'table'\ntext = await asyncio.to_thread(read, f'data/{name}.csv')"],
            "input_path(path)",
        ),
    ],
)  # fmt: skip
def test_a_path_is_wrapped_where_it_stands(play: Play, cells: list[str], expected: str) -> None:
    session = play(*cells, "%%track\nsize = len(text) / 2\nfirst = text[:3]")
    script = session.export()
    assert expected in script.cells
    assert_stands_alone(script, session, bundled=["table.csv"])


@pytest.mark.usefixtures("data")
def test_libraries_of_data(play: Play, folder: Path) -> None:
    import numpy as np

    np.save(folder / "data" / "x.npy", np.arange(3.0))
    session = play(
        "import numpy as np\nimport pandas as pd",
        'table = pd.read_csv("data/table.csv")\nx = np.load("data/x.npy")\ny = np.loadtxt(fname="data/table.csv", '
        'skiprows=1, delimiter=",")\nsites = ["north", "south"]\n'
        'parts = [pd.read_csv(f"data/{site}/load.csv") for site in sites]\nloads = pd.concat(parts)',
        "%%track\ntotal = float(table['b'].sum() + x.sum() + y.sum() + loads['load'].sum())",
    )
    script = session.export()
    assert 'np.load(input_path("data/x.npy"))' in script.cells
    assert 'fname=input_path("data/table.csv")' in script.cells
    assert 'pd.read_csv(input_path(f"data/{site}/load.csv"))' in script.cells
    assert_stands_alone(script, session, bundled=["north/load.csv", "south/load.csv", "table.csv", "x.npy"])


def test_one_file_called_in_two_ways(play: Play, data: Path) -> None:
    session = play(
        f"import os\na = open({str(data / 'table.csv')!r}).read()",
        'b = open("data/table.csv").read()\nc = open(os.path.join("data", "table.csv")).read()',
        "%%track\nsize = len(a + b + c) / 2",
    )
    script = session.export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == ["table.csv"]


def test_texts_that_only_look_like_a_path_stay(play: Play, folder: Path) -> None:
    (folder / "load").write_text("5")
    script = play(
        "text = open('load').read()",
        "row = {'load': len(text), 'path': text}\nis_load = 'load' == 'lo' + 'ad'",
        "%%track\nprint('load', f'load {text}')\ntotal = row['load'] + len(text) + is_load * 2",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "row = {'load': len(text)," in script.cells
    assert "row['load']" in script.cells
    assert script.start().stdout == "load load 5\n"


def test_what_the_session_wrote_is_not_bundled(play: Play) -> None:
    session = play(
        "import pandas as pd",
        "pd.DataFrame({'a': [1, 2]}).to_csv('made.csv', index=False)",
        "made = pd.read_csv('made.csv')",
        "%%track\ntotal = float(made['a'].sum())",
    )
    script = session.export()
    assert_stands_alone(script, session, bundled=[])
    assert "input_path" not in script.text


def test_a_file_that_the_session_overwrites_later(play: Play, folder: Path) -> None:
    (folder / "table.txt").write_text("1 2 3")
    session = play(
        "PATH = 'table.txt'\nfirst = open(PATH).read()",
        "with open(PATH, 'w') as file:\n    print(first, 4, file=file)",
        "second = open(PATH).read()",
        "%%track\nsize = len(first) / 2\nother = len(second) / 2",
    )
    script = session.export()
    assert 'del INPUTS["table.txt"]' in script.cells
    assert_stands_alone(script, session, bundled=["table.txt"])
    assert (script.bundle / "table.txt").read_text() == "1 2 3"


def test_a_file_that_is_read_and_overwritten_in_one_cell(play: Play, folder: Path) -> None:
    (folder / "table.txt").write_text("1 2 3")
    session = play(
        "text = open('table.txt').read()\nopen('table.txt', 'w').write(text + '!')",
        "again = open('table.txt').read()",
        "%%track\nsize = len(text) / 2\nother = len(again) / 2",
    )
    script = session.export()
    script.start()
    assert (script.bundle / "table.txt").read_text() == "1 2 3"
    assert_stands_alone(script, session, bundled=["table.txt"])


def test_a_file_replaced_from_outside_between_two_reads(play: Play, folder: Path) -> None:
    (folder / "table.txt").write_text("1 2 3")
    session = play(
        "def load(): return open('table.txt').read()",
        "first = load()",
        ("sh", "echo 4 5 6 7 > table.txt"),
        "second = load()",
        ("sh", "printf '1 2 3' > table.txt"),
        "third = load()",
        "%%track\nsize = len(first) / 2\nother = len(second) / 2\nlast = len(third) / 2",
    )
    script = session.export()
    assert script.cells.count("# From here on another file lay there.") == 2
    again = script.start("--check", "--data", "table-in-4.txt=/dev/null")
    assert again.returncode == 1
    assert again.stderr.startswith("other: 4.0 in the run, 0.0 now, -4\n")
    assert_stands_alone(script, session, bundled=["table-in-4.txt", "table.txt"])


def test_an_absolute_path_outside_the_project(play: Play, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    place = tmp_path / "outside" / "table.txt"
    place.write_text("1 2 3")
    session = play(f"text = open({str(place)!r}).read()", "%%track\nsize = len(text) / 2")
    script = session.export()
    place.unlink()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == ["table.txt"]
    assert script.start("--check").returncode == 0


def test_names_that_would_leave_the_bundle(play: Play, folder: Path) -> None:
    (folder.parent / "x").write_text("1 2 3")
    (folder / "deep").mkdir()
    session = play(
        "text = open('../x').read()",
        "with open('deep/../../x') as file: other = file.read()",
        "%%track\nsize = len(text + other) / 2",
    )
    script = session.export()
    assert_stands_alone(script, session, bundled=["x"])


@pytest.mark.usefixtures("data")
def test_what_is_not_there_is_asked_for_in_the_bundle(play: Play) -> None:
    session = play(
        "from pathlib import Path\nimport os",
        "path = Path('data') / 'table.csv'",
        "text = path.read_text() if path.exists() and os.path.isfile(path) else download()",
        "%%track\nsize = len(text) / 2",
    )
    assert_stands_alone(session.export(), session, bundled=["table.csv"])


def test_modules_of_the_users_own(play: Play, folder: Path) -> None:
    (folder / "pack" / "inner").mkdir(parents=True)
    (folder / "pack" / "__init__.py").write_text("")
    (folder / "pack" / "inner" / "__init__.py").write_text("from .deep import VALUE\n")
    (folder / "pack" / "inner" / "deep.py").write_text("VALUE = 4\n")
    (folder / "statistics.py").write_text("raise RuntimeError('the standard one is meant')\n")
    session = play(
        "from pack.inner import VALUE\nimport statistics",
        "%%track\ntotal = VALUE * 2.5 + statistics.mean([1, 2])",
    )
    script = session.export()
    shutil.copy(folder / "statistics.py", script.path.parent)
    assert script.start("--check").returncode == 0
    assert_stands_alone(script, session, bundled=["pack/__init__.py", "pack/inner/__init__.py", "pack/inner/deep.py"])


def test_a_file_that_was_too_large_to_keep(play: Play, folder: Path) -> None:
    (folder / "large.bin").write_bytes(bytes(2**20 + 1))
    script = play(
        "size = len(open('large.bin', 'rb').read())", "%%track\ntotal = size * 2.0", MLEXP_MAX_FILE_MB="1"
    ).export()
    assert script.verdict == "not verified"
    assert "FileNotFoundError" in script.proof.reason
    assert "large.bin is read from its own place: larger than the limit of 1 MB" in " ".join(script.text.split())


def test_figures_are_saved_only_when_asked_for(play: Play, tmp_path: Path) -> None:
    script = play(
        "import matplotlib.pyplot as plt",
        "plt.plot([1, 2])",
        "%%track\nplt.figure()\nplt.figure()\nsize = len(plt.get_fignums()) / 2",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    found = script.start("--figures", str(tmp_path / "figures"), "--check")
    assert found.returncode == 0, found.stderr
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["in-4-1.png", "in-4-2.png"]
