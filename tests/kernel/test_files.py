"""What an execution's record says of files: read, written, appended to, removed and listed."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlexp.capture.probes.inotify import Happened, Watches
from mlexp.records import Execution
from tests.kernel.conftest import Shell

pytestmark = [  # cells leave the closing of files to Python, as people do
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FIELDS = ("inputs", "reads", "writes", "appends", "removes", "listed")


def told(execution: Execution, folder: Path) -> dict[str, list[str]]:
    """Return the non-empty fields about files, as paths from the folder."""
    paths = {name: [getattr(path, "resolved", path) for path in getattr(execution, name)] for name in FIELDS}
    return {name: sorted(os.path.relpath(path, folder) for path in found) for name, found in paths.items() if found}


@dataclass
class Case:
    before: list[str]
    """Cells; a text that begins with $ is a shell's, between two cells."""
    cell: str
    expected: dict[str, Any]
    files: dict[str, str] = field(default_factory=lambda: {"in.csv": "x\n1\n"})
    needs: tuple[str, ...] = ()


CASES = {
    "nothing": Case([], "a = 1", {}),
    "from outside": Case([], "open('in.csv').read()", {"inputs": ["in.csv"]}),
    "what is not there": Case([], "import os\nos.path.exists('no.csv')", {}),
    "asked for": Case([], "import os\nos.path.exists('in.csv')", {"inputs": ["in.csv"]}),
    "written": Case([], "open('a', 'w').write('x')", {"writes": ["a"]}),
    "own": Case(["open('a', 'w').write('x')"], "open('a').read()", {"reads": ["a"]}),
    "overwritten": Case(["open('a', 'w').write('x')"], "open('a', 'w').write('y')", {"writes": ["a"]}),
    "read and overwritten": Case(
        ["open('a', 'w').write('x')"],
        "t = open('a').read()\nopen('a', 'w').write(t)",
        {"reads": ["a"], "writes": ["a"]},
    ),
    "overwritten and read": Case(
        ["open('a', 'w').write('x')"], "open('a', 'w').write('y')\nopen('a').read()", {"writes": ["a"]}
    ),
    "made by appending": Case([], "open('a', 'a').write('x')", {"writes": ["a"]}),
    "appended": Case(["open('a', 'w').write('x')"], "open('a', 'a').write('y')", {"writes": ["a"], "appends": ["a"]}),
    "appended to what is from outside": Case(
        [], "open('in.csv', 'a').write('y')", {"inputs": ["in.csv"], "writes": ["in.csv"], "appends": ["in.csv"]}
    ),
    "in place": Case(
        ["open('a', 'w').write('x')"],
        "with open('a', 'r+') as f: f.write('y')",
        {"reads": ["a"], "writes": ["a"], "appends": ["a"]},
    ),
    "emptied first, then appended": Case(
        ["open('a', 'w').write('x')"], "open('a', 'w').close()\nopen('a', 'a').write('y')", {"writes": ["a"]}
    ),
    "changed by somebody else": Case(
        ["open('a', 'w').write('x')", "$echo other > a"], "open('a').read()", {"inputs": ["a"]}
    ),
    "a temporary file": Case([], "import os\nopen('t', 'w').close()\nos.remove('t')", {}),
    "removed": Case(["open('a', 'w').write('x')"], "import os\nos.remove('a')", {"reads": ["a"], "removes": ["a"]}),
    "asked for after it was removed": Case(
        ["import os\nopen('a', 'w').write('x')", "os.remove('a')"], "os.path.exists('a')", {"reads": ["a"]}
    ),
    "renamed": Case(
        ["open('a', 'w').write('x')"],
        "import os\nos.replace('a', 'b')",
        {"reads": ["a"], "writes": ["b"], "removes": ["a"]},
    ),
    "written aside": Case(
        ["open('a', 'w').write('x')"], "import os\nopen('t', 'w').close()\nos.replace('t', 'a')", {"writes": ["a"]}
    ),
    "copied": Case([], "import shutil\nshutil.copy('in.csv', 'b.csv')", {"inputs": ["in.csv"], "writes": ["b.csv"]}),
    "a folder": Case([], "import os\nos.makedirs('d/e', exist_ok=True)", {"writes": ["d", "d/e"]}),
    "a folder that was made": Case(["import os\nos.mkdir('d')"], "os.makedirs('d', exist_ok=True)", {}),
    "into a folder that was made": Case(
        ["import os\nos.mkdir('d')"], "open('d/a', 'w').write('x')", {"reads": ["d"], "writes": ["d/a"]}
    ),
    "a folder with all that is in it": Case(
        ["import os, shutil\nos.mkdir('d')\nopen('d/a', 'w').close()"],
        "shutil.rmtree('d')",
        {"reads": ["d"], "removes": ["d", "d/a"]},
    ),
    "listed": Case(
        [], "import glob\nglob.glob('d/*.csv')", {"listed": ["d", "d/a.csv"]}, {"d/a.csv": "", "d/b.txt": ""}
    ),
    "a handle that stays open": Case(
        ["f = open('a', 'w')\nn = f.write('x')"], "f.close()", {"writes": ["a"], "appends": ["a"]}
    ),
    "a database": Case(
        ["import sqlite3\nc = sqlite3.connect('s.db')", "c.execute('create table t (a)')\nc.commit()"],
        "c.execute('insert into t values (1)')\nc.commit()",
        {"writes": ["s.db"], "appends": ["s.db"]},
    ),
    "a database that is read": Case(
        ["import sqlite3\nc = sqlite3.connect('s.db')", "c.execute('create table t (a)')\nc.commit()"],
        "sqlite3.connect('s.db').execute('select * from t').fetchall()",
        {"reads": ["s.db"]},
    ),
    "a shell line": Case([], "!sort in.csv > s.csv", {"inputs": ["in.csv"], "writes": ["s.csv"]}),
    "a shell line that appends": Case(
        ["open('a', 'w').write('x')"], "!echo y >> a", {"reads": ["a"], "writes": ["a"], "appends": ["a"]}
    ),
    "a shell line that moves": Case(
        ["open('a', 'w').write('x')"], "!mv a b", {"reads": ["a"], "writes": ["b"], "removes": ["a"]}
    ),
    "a process": Case(
        [], "import subprocess\nsubprocess.run(['cp', 'in.csv', 'b.csv'])", {"inputs": ["in.csv"], "writes": ["b.csv"]}
    ),
    "parquet": Case(
        ["import pandas as pd\nt = pd.DataFrame({'x': [1]})"], "t.to_parquet('t.parquet')", {"writes": ["t.parquet"]},
        needs=("pandas", "pyarrow"),
    ),
    "parquet of its own": Case(
        ["import pandas as pd\npd.DataFrame({'x': [1]}).to_parquet('t.parquet')"],
        "pd.read_parquet('t.parquet')",
        {"reads": ["t.parquet"]},
        needs=("pandas", "pyarrow"),
    ),
    "parquet overwritten": Case(
        ["import pandas as pd\nt = pd.DataFrame({'x': [1]})\nt.to_parquet('t.parquet')"],
        "t.to_parquet('t.parquet')",
        {"writes": ["t.parquet"]},
        needs=("pandas", "pyarrow"),
    ),
    "a written module": Case(["%%writefile newly.py\nK = 1"], "import newly", {"reads": ["newly.py"]}),
    "imports": Case([], "import fractions, importlib.metadata\nimportlib.metadata.version('ipython')", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("watched", [True, False], ids=["watched", "unwatched"])
def test_what_is_told(shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, watched: bool) -> None:
    case = CASES[name]
    for library in case.needs:
        pytest.importorskip(library)
    for file, text in case.files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    monkeypatch.setenv("MLEXP_WATCH_FOLDERS", str(watched).lower())
    monkeypatch.delitem(sys.modules, "newly", raising=False)
    monkeypatch.syspath_prepend(str(folder))
    shell.load()
    for cell in case.before:
        if cell.startswith("$"):
            subprocess.run(cell[1:], shell=True, check=True)
        else:
            shell.ok(cell)
    shell.ok(case.cell)
    shell.ok("%%track\nn = 1.0")
    assert told(shell.executions()[-2], folder) == case.expected


def test_the_content_is_that_of_the_first_moment(loaded: Shell, folder: Path) -> None:
    (folder / "in.csv").write_text("as it was")
    loaded.ok("text = open('in.csv').read()\nopen('in.csv', 'w').write('otherwise')")
    loaded.ok("%%track\nn = 1.0")
    file = loaded.executions()[-2].inputs[0]
    assert file.digest is not None
    assert loaded.project.blobs.get(file.digest) == b"as it was"


def test_what_was_fetched_counts_as_from_outside(loaded: Shell, folder: Path) -> None:
    loaded.ok("import socket\ntry:\n    socket.getaddrinfo('nowhere.invalid', 80)\nexcept OSError:\n    pass\n"
              "open('a', 'w').write('x')")  # fmt: skip
    loaded.ok("open('a').read()")
    loaded.ok("%%track\nn = 1.0")
    assert told(loaded.executions()[-3], folder) == {"inputs": ["a"], "writes": ["a"]}
    assert told(loaded.executions()[-2], folder) == {"inputs": ["a"]}


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_watches(tmp_path: Path) -> None:
    watches = Watches()
    watches.add(str(tmp_path))
    watches.add(str(tmp_path / "none"))
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").mkdir()
    os.rename(tmp_path / "a", tmp_path / "c")
    found = watches.happened()
    assert set(found) == {f"{tmp_path}/a", f"{tmp_path}/b/", f"{tmp_path}/c"}
    assert found[f"{tmp_path}/a"] & Happened.MADE
    assert found[f"{tmp_path}/c"] == Happened.MOVED_HERE
    assert watches.happened() == {}
    watches.close()
