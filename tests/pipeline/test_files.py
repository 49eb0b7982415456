"""Sessions that write, change, replace, move, remove and list files: their scripts give the same elsewhere."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.pipeline.playing import Cell, Session

Play = Callable[..., Session]
CSV = "x,y\n1,2.5\n3,4.5\n"
TRACKED = "%%track\nresult = float(len(text)) + 0.5\nlast = text[-3:]"


def database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a)")
        connection.execute("insert into t values (1)")
    connection.close()


@dataclass
class Case:
    """A session, and what its script must be like."""

    cells: list[Cell]
    files: dict[str, str] = field(default_factory=dict)
    bundled: list[str] | None = None
    has: tuple[str, ...] = ()
    """What stands in the script's sections."""
    needs: tuple[str, ...] = ()
    """Libraries."""
    made: Callable[[Path], object] | None = None
    """Makes more in the session's folder."""


def sums(expression: str) -> str:
    return f"%%track\ntotal = float({expression})"


CASES = {
    # files of the session's own
    "written and read back": Case(["open('a.txt', 'w').write('abc')", "text = open('a.txt').read()", TRACKED], {}, []),
    "appended twice": Case(
        ["open('a.txt', 'a').write('abc')", "open('a.txt', 'a').write('de')", "text = open('a.txt').read()", TRACKED],
        {}, [],
    ),
    "written through a handle that stays open": Case(
        ["file = open('a.txt', 'w')", "n = file.write('abc')", "file.close()", "text = open('a.txt').read()", TRACKED],
        {}, [],
    ),
    "renamed": Case(
        ["import os", "open('a.txt', 'w').write('abc')", "os.rename('a.txt', 'b.txt')", "text = open('b.txt').read()",
         TRACKED], {}, [],
    ),
    "written at once by a rename": Case(
        ["import os", "open('b.txt', 'w').write('old')",
         "with open('b.tmp', 'w') as file: file.write('newer')\nos.replace('b.tmp', 'b.txt')",
         "text = open('b.txt').read()", TRACKED], {}, [],
    ),
    "copied, moved and removed": Case(
        ["import shutil, os", "open('a.txt', 'w').write('abc')", "shutil.copy('a.txt', 'b.txt')",
         "os.makedirs('deep/er', exist_ok=True)", "shutil.move('b.txt', 'deep/er/c.txt')", "os.remove('a.txt')",
         "text = open('deep/er/c.txt').read() + str(os.path.exists('a.txt'))", TRACKED], {}, [],
    ),
    "in a temporary folder": Case(
        ["import tempfile, os", "place = tempfile.mkdtemp()", "open(os.path.join(place, 'a'), 'w').write('abc')",
         "text = open(os.path.join(place, 'a')).read()", TRACKED], {}, [],
    ),
    "through a link": Case(
        ["import os", "open('a.txt', 'w').write('abc')", "os.symlink('a.txt', 'b.txt')", "text = open('b.txt').read()",
         TRACKED], {}, [],
    ),
    # files from outside
    "the same content under two names": Case(
        ["text = open('a.txt').read() + open('sub/b.txt').read()", TRACKED],
        {"a.txt": "same", "sub/b.txt": "same"}, ["a.txt", "b.txt"],
    ),
    "odd names": Case(
        ["text = open('my file (1).txt').read() + open(\"it's.txt\").read() + open('grüße.txt').read()", TRACKED],
        {"my file (1).txt": "1", "it's.txt": "2", "grüße.txt": "3"}, ["grüße.txt", "it's.txt", "my file (1).txt"],
    ),
    "bytes and descriptors": Case(
        ["import os", "number = os.open('a.txt', os.O_RDONLY)\ntext = os.read(number, 100).decode()\nos.close(number)",
         TRACKED], {"a.txt": "abc"}, ["a.txt"], ("os.open(input_path(",),
    ),
    "compressed and packed": Case(
        ["import gzip, zipfile", "text = gzip.open('a.gz', 'rt').read()",
         "with zipfile.ZipFile('b.zip') as packed: text += packed.read('x').decode()", TRACKED],
        {}, ["a.gz", "b.zip"], made=lambda folder: packed_files(folder),
    ),
    "in a folder below after chdir": Case(
        ["import os", "os.chdir('sub')", "text = open('b.txt').read()", "os.chdir('..')", TRACKED],
        {"sub/b.txt": "abc"}, ["b.txt"],
    ),
    "appended to, from outside": Case(
        ["with open('a.txt', 'a') as file: file.write('de')", "text = open('a.txt').read()", TRACKED],
        {"a.txt": "abc"}, ["a.txt"], ("open(input_copy('a.txt'), 'a')",),
    ),
    "changed in place, from outside": Case(
        ["path = 'a.txt'", "with open(path, 'r+') as file: file.write('X')", "text = open(path).read()", TRACKED],
        {"a.txt": "abc"}, ["a.txt"],
    ),
    "removed, from outside": Case(
        ["import os", "text = open('a.txt').read()", "os.remove('a.txt')", "text += str(os.path.exists('a.txt'))",
         TRACKED], {"a.txt": "abc"}, ["a.txt"],
    ),
    "renamed, from outside": Case(
        ["import os", "os.rename('a.txt', 'b.txt')", "text = open('b.txt').read()", TRACKED],
        {"a.txt": "abc"}, ["a.txt"],
    ),
    "counted in a file": Case(
        ["import json", "def bump():\n    n = json.load(open('n.json'))\n    with open('n.json', 'w') as file:\n"
         "        json.dump(n + 1, file)", "bump()\nbump()", "bump()", "text = open('n.json').read()", TRACKED],
        {"n.json": "7"}, ["n.json"],
    ),
    "replaced from outside after the session wrote it": Case(
        ["def load(): return open('a.txt').read()", "open('a.txt', 'w').write('mine')", "text = load()",
         ("sh", "printf other > a.txt"), "text += load()", TRACKED], {}, ["a.txt"],
    ),
    "replaced from outside and then written again": Case(
        ["open('a.txt', 'w').write('mine')", ("sh", "printf other > a.txt"), "text = open('a.txt').read()",
         "open('a.txt', 'w').write('mine again')", "text += open('a.txt').read()", TRACKED], {}, ["a.txt"],
    ),
    "into a folder that was there": Case(
        ["open('models/a.txt', 'w').write('abc')", "text = open('models/a.txt').read()", TRACKED],
        {"models/other": "x"}, [], ('os.makedirs("models", exist_ok=True)',),
    ),
    # databases
    "a database of the session's own": Case(
        ["import sqlite3", "con = sqlite3.connect('s.db')", "con.execute('create table t (a)')\ncon.commit()",
         "con.execute('insert into t values (2)')\ncon.commit()",
         "other = sqlite3.connect('s.db')\nn = other.execute('select sum(a) from t').fetchone()[0]", sums("n")], {}, [],
    ),
    "a database from outside that is changed": Case(
        ["import sqlite3", "con = sqlite3.connect('s.db')", "con.execute('insert into t values (2)')\ncon.commit()",
         "n = con.execute('select sum(a) from t').fetchone()[0]", sums("n")],
        {}, ["s.db"], ("sqlite3.connect(input_copy('s.db'))",), made=lambda folder: database(folder / "s.db"),
    ),
    "a database from outside that is read": Case(
        ["import sqlite3", "con = sqlite3.connect('s.db')", "n = con.execute('select sum(a) from t').fetchone()[0]",
         sums("n")], {}, ["s.db"], ("sqlite3.connect(input_path('s.db'))",),
        made=lambda folder: database(folder / "s.db"),
    ),
    "a shelf": Case(
        ["import shelve", "with shelve.open('s') as shelf: shelf['a'] = 3",
         "with shelve.open('s') as shelf: shelf['b'] = 4", "with shelve.open('s') as shelf: n = sum(shelf.values())",
         sums("n")], {}, [],
    ),
    # readers and writers in C
    "parquet from outside": Case(
        ["import pandas as pd", "table = pd.read_parquet('data/t.parquet')", sums("table['x'].sum()")],
        {}, ["t.parquet"], ("pd.read_parquet(input_path('data/t.parquet'))",), ("pandas", "pyarrow"),
        lambda folder: parquet(folder / "data" / "t.parquet"),
    ),
    "parquet with a computed path": Case(
        ["import pandas as pd\nfrom pathlib import Path", "DATA = Path('data')", "name = 't'",
         "table = pd.read_parquet(DATA / f'{name}.parquet')", sums("table['x'].sum()")],
        {}, ["t.parquet"], (), ("pandas", "pyarrow"), lambda folder: parquet(folder / "data" / "t.parquet"),
    ),
    "parquet written and read back": Case(
        ["import pandas as pd", "pd.DataFrame({'x': [1, 2]}).to_parquet('t.parquet')",
         "table = pd.read_parquet('t.parquet')", sums("table['x'].sum()")], {}, [], (), ("pandas", "pyarrow"),
    ),
    "parquet read and overwritten at once": Case(
        ["import pandas as pd", "table = pd.read_parquet('t.parquet')\n(table * 2).to_parquet('t.parquet')",
         "table = pd.read_parquet('t.parquet')", sums("table['x'].sum()")],
        {}, ["t.parquet"], (), ("pandas", "pyarrow"), lambda folder: parquet(folder / "t.parquet"),
    ),
    "feather, polars and duckdb": Case(
        ["import polars as pl, duckdb", "frame = pl.read_parquet('t.parquet')\nframe.write_ipc('t.arrow')",
         "again = pl.read_ipc('t.arrow')",
         "n = duckdb.connect().execute(\"select sum(x) from 't.parquet'\").fetchone()[0]",
         sums("n + again['x'].sum()")],
        {}, ["t.parquet"], ('.replace("t.parquet", input_path("t.parquet"))',), ("polars", "duckdb", "pyarrow"),
        lambda folder: parquet(folder / "t.parquet"),
    ),
    "hdf5 of the session's own": Case(
        ["import h5py, numpy as np", "with h5py.File('a.h5', 'w') as file: file['x'] = np.arange(3)",
         "with h5py.File('a.h5', 'a') as file: file['y'] = np.arange(4)",
         "with h5py.File('a.h5') as file: n = file['x'][:].sum() + file['y'][:].sum()", sums("n")],
        {}, [], (), ("h5py",),
    ),
    # shell lines and other processes
    "shell lines": Case(
        ["!sort -r a.csv > s.csv", "!echo 9,9 >> s.csv", "text = open('s.csv').read()", TRACKED], {"a.csv": CSV},
        ["a.csv"], ('place_input("a.csv")',),
    ),
    "a shell line changes a file from outside in place": Case(
        ["!sed -i s/2.5/7/ a.csv", "text = open('a.csv').read()", TRACKED], {"a.csv": CSV}, ["a.csv"],
    ),
    "a cell of bash": Case(
        ["%%bash\nmkdir -p out\ncp a.csv out/b.csv\necho 5,6 >> out/b.csv", "text = open('out/b.csv').read()", TRACKED],
        {"a.csv": CSV}, ["a.csv"],
    ),
    "subprocess": Case(
        ["import subprocess, sys", "subprocess.run(['cp', 'a.csv', 'b.csv'], check=True)",
         "subprocess.run('cat b.csv >> c.csv', shell=True)", "text = open('c.csv').read()", TRACKED],
        {"a.csv": CSV}, ["a.csv"],
    ),
    "a shell line with a variable": Case(
        ["name = 'a.csv'", "!wc -l {name} > n.txt", "text = open('n.txt').read().split()[0]", TRACKED],
        {"a.csv": CSV}, ["a.csv"],
    ),
    "a shell line that tells its files' names": Case(
        ["lines = !wc -l a.csv", "%%track\nfirst = list(lines)\nresult = len(first) / 2"], {"a.csv": CSV}, ["a.csv"],
    ),
    "a program in a process of its own": Case(
        ["import subprocess, sys", "subprocess.run([sys.executable, 'make.py', 'a.csv'], check=True)",
         "text = open('made.txt').read()", TRACKED],
        {"a.csv": CSV, "make.py": "import sys\nopen('made.txt', 'w').write(open(sys.argv[1]).read() * 2)\n"},
        ["a.csv", "make.py"],
    ),
    "packed and unpacked by shell lines": Case(
        ["!tar czf a.tgz a.csv && mkdir -p un && tar xzf a.tgz -C un", "text = open('un/a.csv').read()", TRACKED],
        {"a.csv": CSV}, ["a.csv"],
    ),
    # folders
    "a folder that a library in C reads as a whole": Case(
        ["import pandas as pd", "table = pd.read_parquet('data')", sums("table['x'].sum()")],
        {}, ["data/a.parquet", "data/b.parquet"], ("pd.read_parquet(input_path('data'))",), ("pandas", "pyarrow"),
        lambda folder: [parquet(folder / "data" / f"{name}.parquet") for name in "ab"],
    ),
    "a folder that is made and written by a library in C": Case(
        ["import pandas as pd, os", "os.makedirs('out')\npd.DataFrame({'x': [1]}).to_parquet('out/x.parquet')",
         "table = pd.read_parquet('out/x.parquet')", sums("table['x'].sum()")], {}, [], (), ("pandas", "pyarrow"),
    ),
    "a pattern": Case(
        ["import glob", "names = glob.glob('data/*.csv')", "text = ''.join(open(name).read() for name in names)",
         "%%track\nresult = len(text) / 2\nfirst = names[0]\nfound = list(names)"],
        {f"data/{n}.csv": n * 3 for n in "dbace"}, [f"{n}.csv" for n in "abcde"], ("as_listed(glob.glob)",),
    ),
    "a folder's paths": Case(
        ["from pathlib import Path", "DATA = Path('data')", "text = ''",
         "for path in DATA.rglob('*.csv'):\n    text += path.stem + path.read_text()", TRACKED],
        {"data/a/x.csv": "1", "data/b/y.csv": "2", "data/z.csv": "3"}, ["x.csv", "y.csv", "z.csv"],
    ),
    "a folder's names": Case(
        ["import os", "text = ''", "for name in os.listdir('data'):\n    if name.endswith('.csv'):\n"
         "        text += name + open(os.path.join('data', name)).read()", TRACKED],
        {"data/b.csv": "1", "data/a.csv": "2", "data/no.txt": "3"}, ["a.csv", "b.csv"],
    ),
    "a walk": Case(
        ["import os", "text = ''", "for root, folders, names in os.walk('data'):\n    for name in sorted(names):\n"
         "        text += open(os.path.join(root, name)).read()", TRACKED],
        {"data/b.csv": "1", "data/sub/a.csv": "2"}, ["a.csv", "b.csv"],
    ),
    "a folder with files of both kinds": Case(
        ["import glob", "open('data/c.csv', 'w').write('mine')",
         "text = ''.join(open(name).read() for name in sorted(glob.glob('data/*.csv')))", TRACKED],
        {"data/a.csv": "1", "data/b.csv": "2"}, ["a.csv", "b.csv"],
    ),
    # modules
    "a module of the session's own": Case(
        ["%%writefile mine.py\nK = 4\ndef double(x): return K * x", "import mine",
         "%%track\nresult = mine.double(1.5)"], {}, [],
    ),
    "a module of the session's own, edited and reloaded": Case(
        ["open('mine.py', 'w').write('K = 4\\n')", "import mine, importlib", "first = mine.K",
         "open('mine.py', 'w').write('K = 45\\n')", "importlib.reload(mine)", "%%track\nresult = mine.K + first / 2"],
        {}, [],
    ),
    "a module that was edited outside and reloaded": Case(
        ["import importlib, tool", "first = tool.K", ("sh", "echo 'K = 55' > tool.py"), "importlib.reload(tool)",
         "%%track\nresult = tool.K + first / 2"], {"tool.py": "K = 4\n"}, ["in-4/tool.py", "tool.py"],
    ),
    "a module that autoreload follows": Case(
        ["%load_ext autoreload\n%autoreload 2\nfrom tool import f", "first = f(1)",
         ("sh", "sleep 0.02; printf 'def f(x):\n    return x + 100\n' > tool.py"), "second = f(1)",
         "%%track\nresult = first / 2 + second"],
        {"tool.py": "def f(x):\n    return x + 1\n"}, ["in-4/tool.py", "tool.py"],
    ),
    "a program that is run": Case(
        ["%run prepare.py", "text = str(prepared)", TRACKED], {"prepare.py": "prepared = 42 * 3\n"}, ["prepare.py"],
    ),
    "a program that reads a file": Case(
        ["%run prepare.py", "text = str(prepared)", TRACKED],
        {"prepare.py": "with open('a.txt') as file:\n    prepared = file.read()\n", "a.txt": "abc"},
        ["a.txt", "prepare.py"],
    ),
    "a module that reads a file that lies beside it": Case(
        ["import tool", "text = tool.load()", TRACKED],
        {"tool.py": "from pathlib import Path\nHERE = Path(__file__).parent\n\n\ndef load():\n"
         "    return (HERE / 'data' / 'a.txt').read_text()\n", "data/a.txt": "abc"}, ["data/a.txt", "tool.py"],
    ),
    "a module that reads a file": Case(
        ["import tool", "text = tool.load()", TRACKED],
        {"tool.py": "def load():\n    return open('a.txt').read()\n", "a.txt": "abc"}, ["a.txt", "tool.py"],
    ),
}  # fmt: skip


def packed_files(folder: Path) -> None:
    import gzip
    import zipfile

    with gzip.open(folder / "a.gz", "wt") as file:
        file.write("abc")
    with zipfile.ZipFile(folder / "b.zip", "w") as packed:
        packed.writestr("x", "de")


def parquet(path: Path) -> None:
    import pandas as pd

    path.parent.mkdir(exist_ok=True)
    pd.DataFrame({"x": [1.5, 2.25]}).to_parquet(path)


UNWATCHED = ("shell lines", "parquet read and overwritten at once", "parquet from outside", "hdf5 of the session's own")


@pytest.mark.parametrize("name", CASES)
def test_files(play: Play, folder: Path, name: str) -> None:
    check(CASES[name], play, folder)


@pytest.mark.parametrize("name", UNWATCHED)
def test_files_without_watches(play: Play, folder: Path, name: str) -> None:
    check(CASES[name], play, folder, watched="false")


def test_what_nobody_saw_is_honestly_not_verified(play: Play, folder: Path) -> None:
    pytest.importorskip("pyarrow")
    parquet(folder / "data" / "t.parquet")
    cells = CASES["parquet with a computed path"].cells
    script = play(*cells, MLEXP_WATCH_FOLDERS="false").export()
    assert script.verdict == "not verified"
    assert "t.parquet" in script.proof.reason


def check(case: Case, play: Play, folder: Path, *, watched: str = "true") -> None:
    for library in case.needs:
        pytest.importorskip(library)
    for file, text in case.files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    if case.made is not None:
        case.made(folder)
    session = play(*case.cells, MLEXP_WATCH_FOLDERS=watched)
    script = session.export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    if case.bundled is not None:
        assert script.bundled == case.bundled
    for text in case.has:
        assert text in script.cells, script.cells
    session.folder.rename(session.folder.with_name("gone"))
    before = {path: path.read_bytes() for path in script.bundle.rglob("*") if path.is_file()}
    found = script.start("--check")
    assert found.returncode == 0, (found.stderr, script.cells)
    assert before == {path: path.read_bytes() for path in before}, "the bundle was changed"
    assert os.fspath(session.folder) not in script.text
