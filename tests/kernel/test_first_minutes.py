"""The first five minutes, wherever they are spent: what is odd there is said in words that a person can act on."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mlexp.project import Project
from mlexp.storage.medium import shared_kind
from mlexp.storage.schema import MIGRATIONS
from mlexp.storage.sqlite import SqliteStore

PLAY = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
ip = InteractiveShell.instance(config=Config(HistoryManager={"hist_file": ":memory:"}), colors="NoColor")
for cell in json.loads(sys.argv[1]):
    result = ip.run_cell(cell, store_history=True)
    print("ok" if result.success else "error", flush=True)
"""
HAS_NAMESPACES = shutil.which("unshare") is not None and (
    subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
)
in_a_namespace = pytest.mark.skipif(not HAS_NAMESPACES, reason="needs user namespaces")


def played(folder: Path, *cells: str, mounts: str = "", take: tuple[str, ...] = (), **variables: str) -> str:
    """Play cells in a shell of its own, where mounts of its own may lie; return all that is shown."""
    command = [sys.executable, "-c", PLAY, json.dumps(cells)]
    if mounts:
        command = ["unshare", "-rm", "sh", "-c", f'{mounts} && cd "$0" && exec "$@"', str(folder), *command]
    kept = {name: value for name, value in os.environ.items() if name not in take}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**kept, **variables}, timeout=60)
    return done.stdout + done.stderr


NO_HOME = {"XDG_CACHE_HOME": "/tmp"}  # else some IPythons cannot start at all
TRACKED = "%%track base\nm = sum([1.0])\nm"


class TestTooEarly:
    def test_a_cell_that_was_tracked_before_the_load_is_named(self, kernels, project):
        kernel = kernels()
        kernel.ok("x = 1")
        answer = kernel.run(TRACKED)
        assert answer.status == "error"
        assert "cell 2 began with %%track before mlexp was loaded" in kernel.ok("import mlexp").stdout
        assert kernel.ok(TRACKED).result == "1.0"
        assert "began with" not in kernel.ok("%reload_ext mlexp").stdout
        assert [run.name for run in project.runs()] == ["base"]

    def test_several_are_named_once(self, shell, capsys):
        shell.run("%%track a\n1")
        shell.run("# a comment\n%%track b\n1")
        shell.run("text = '''\n%%track c'''")
        capsys.readouterr()
        shell.load()
        assert "cells 1, 2 began" in capsys.readouterr().out
        shell.ok("%unload_ext mlexp")
        shell.load()
        assert "began" not in capsys.readouterr().out

    def test_what_was_tracked_is_not_named(self, shell, capsys):
        shell.load()
        shell.ok("%%track a\n1")
        shell.ok("%unload_ext mlexp")
        capsys.readouterr()
        shell.load()
        assert "began" not in capsys.readouterr().out


class TestPlaces:
    def test_a_folder_that_is_in_the_way(self, kernels, folder, tmp_path):
        (folder / ".mlexp").write_text("a file")
        kernel = kernels(XDG_STATE_HOME=str(tmp_path / "state"))
        said = kernel.ok("%load_ext mlexp").stdout
        place = re.search(r"runs are kept in (\S+)", said)
        assert place, said
        assert kernel.ok(TRACKED).cards
        assert (Path(place[1]) / "runs.db").exists()
        assert "base" in kernel.ok("!mlexp runs").stdout or "base" in kernel.ok("%runs").stdout

    @in_a_namespace
    def test_a_read_only_project(self, folder, tmp_path):
        mounts = f"mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'"
        state = str(tmp_path / "state")
        for word in ("Read-only file system", "base"):
            cells = ["import mlexp", TRACKED, "%runs"]
            assert word in played(folder, *cells, mounts=mounts, XDG_STATE_HOME=state)
        assert not (folder / ".mlexp").exists()

    @in_a_namespace
    def test_nowhere_to_write(self, folder):
        mounts = f"mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'"
        said = played(folder, "import mlexp", "1 + 1", mounts=mounts, XDG_STATE_HOME="/proc/nothing")
        assert "no store can be made" in said
        assert "Set MLEXP_STORE" in said
        assert said.count("ok\n") == 2

    @in_a_namespace
    def test_a_user_without_a_home(self, folder):
        said = played(
            folder, "import mlexp", TRACKED, "%runs", mounts="mount -t tmpfs none /etc", take=("HOME",), **NO_HOME
        )
        assert "new store" in said
        assert "base" in said
        assert "error" not in said

    @in_a_namespace
    def test_a_user_without_a_home_and_a_read_only_project(self, folder, tmp_path):
        mounts = (
            f"mount -t tmpfs none /etc && mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'"
        )
        (tmp_path / "tmp").mkdir()
        said = played(
            folder, "import mlexp", TRACKED, mounts=mounts, take=("HOME",), TMPDIR=str(tmp_path / "tmp"), **NO_HOME
        )
        assert re.search(rf"runs are kept in {tmp_path}/tmp/mlexp-\d+", said), said

    def test_a_database_that_another_user_owns(self, tmp_path, monkeypatch):
        from mlexp.storage.place import make_store_folder

        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        (tmp_path / ".mlexp").mkdir()
        (tmp_path / ".mlexp" / "runs.db").write_text("")
        real = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "runs.db" and real(path, mode))
        folder, word = make_store_folder(tmp_path / ".mlexp")
        assert folder.parent == tmp_path / "state" / "mlexp"
        assert "cannot be written" in word

    def test_the_store_stays_whatever_the_folder(self, kernel, folder, project):
        (folder / "sub").mkdir()
        kernel.ok("%cd sub\n%cd /")
        kernel.ok(TRACKED)
        assert project.find("base")

    def test_no_git_at_all(self, kernels, project):
        kernel = kernels(PATH="/nothing")
        kernel.load()
        kernel.ok(TRACKED)
        kernel.ok("%unload_ext mlexp")
        assert project.find("base").environment.git_commit is None

    def test_colabs_disk_is_told(self, folder):
        fake = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')"
        look = (
            "from pathlib import Path\nfrom mlexp.storage.place import _caution\n"
            "for path in ('/content/.mlexp', '/content/drive/MyDrive/m', '/data/m'):\n"
            "    print(path, bool(_caution(Path(path))))\n"
            "print(_caution(Path('/content/.mlexp')))"
        )
        said = played(folder, fake, look)
        assert "/content/.mlexp True" in said
        assert "/content/drive/MyDrive/m False" in said
        assert "/data/m False" in said
        assert "MLEXP_STORE=/content/drive/MyDrive" in said
        assert "/content/.mlexp False" in played(folder, look)


MOUNTS = """
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw 0 0
tmpfs /home/local tmpfs rw 0 0
host /mnt/host 9p rw 0 0
share /mnt/with\\040space cifs rw 0 0
x /mnt/s3 fuse.s3fs rw 0 0
y /mnt/virt virtiofs rw 0 0
/dev/sdb /mnt/ntfs fuseblk rw 0 0
tmpfs /twice tmpfs rw 0 0
a:/b /twice nfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    {
        "/": "",
        "/srv/x": "",
        "/home": "nfs4",
        "/home/me/project": "nfs4",
        "/homes/me": "",
        "/home/local/x": "",
        "/mnt/host/a": "9p",
        "/mnt/with space/a": "cifs",
        "/mnt/s3/a": "fuse.s3fs",
        "/mnt/virt": "virtiofs",
        "/mnt/ntfs/a": "",
        "/twice/a": "nfs",
    }.items(),
)
def test_shared_file_systems_are_known(path, kind):
    assert shared_kind(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(("kind", "mode"), [("nfs4", "delete"), ("ext4", "wal")])
def test_on_a_network_home_the_journal_is_another_and_it_is_said_once(
    shell, folder, tmp_path, monkeypatch, capsys, kind, mode
):
    (tmp_path / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {folder} {kind} rw 0 0\n")
    monkeypatch.setattr("mlexp.storage.medium._MOUNTS", tmp_path / "mounts")
    for times in (1, 0):
        shell.load()
        shell.ok(TRACKED)
        shell.ok("%unload_ext mlexp")
        assert capsys.readouterr().out.count("rollback journal") == (times if kind == "nfs4" else 0)
    connection = sqlite3.connect(folder / ".mlexp" / "runs.db")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == mode
    connection.close()
    shell.load()
    assert len(shell.project.runs()) == 2


class TestVersions:
    def test_a_store_of_a_newer_version_is_left_alone(self, kernels, folder):
        path = folder / ".mlexp" / "runs.db"
        path.parent.mkdir()
        SqliteStore(path).close()
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        connection.close()
        before = path.read_bytes()
        kernel = kernels()
        answer = kernel.ok("import mlexp")
        assert "newer mlexp" in answer.stderr
        assert "Nothing was changed" in answer.stderr
        assert kernel.run("%load_ext mlexp").status == "error"
        assert kernel.ok("1 + 1").result == "2"
        assert path.read_bytes() == before

    def test_an_older_kernel_goes_on_beside_a_newer_one(self, kernel, folder, project):
        """A newer version adds tables and fields; what is there stays as it is."""
        kernel.ok(TRACKED)
        connection = sqlite3.connect(folder / ".mlexp" / "runs.db", isolation_level=None)
        connection.execute("CREATE TABLE of_tomorrow (x)")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        (document,) = connection.execute("SELECT document FROM runs").fetchone()
        newer = json.dumps({**json.loads(document), "field_of_tomorrow": [1]})
        connection.execute("UPDATE runs SET document = ?", (newer,))
        connection.close()
        answer = kernel.ok(TRACKED.replace("base", "again"))
        assert len(answer.cards) == 1
        assert not answer.stderr
        assert "again" in kernel.ok("%runs").stdout
        assert project.find("base").metrics == {"m": 1.0}

    def test_a_store_of_the_first_version_is_brought_up(self, kernels, folder):
        path = folder / ".mlexp" / "runs.db"
        path.parent.mkdir()
        connection = sqlite3.connect(path, isolation_level=None)
        MIGRATIONS[0](connection)
        connection.execute("PRAGMA user_version = 1")
        connection.close()
        kernel = kernels()
        kernel.load()
        assert kernel.ok(TRACKED).cards
        kernel.ok("import mlexp\nmlexp.alias('baseline', 'base')")
        opened = Project.open(folder)
        assert opened.find("@baseline").name == "base"
        opened.close()


@in_a_namespace
def test_a_full_disk_stops_no_cell_and_each_tracked_one_says_so(folder):
    disk = folder / "disk"
    disk.mkdir()
    fill = """
        f = open("disk/filler", "wb", buffering=0)
        for n in (10**6, 10**5, 10**4, 1000, 100, 10, 1):
            try:
                while True:
                    f.write(b"x" * n)
            except OSError:
                pass
        f.close()
        """
    said = played(
        folder,
        "import os, mlexp\nx = list(range(1000))",
        "%%track first\nm = sum(x)\nm",
        textwrap.dedent(fill),
        "%%track full\ny = sum(x) * 2.0\nprint('shown', y)",
        "print('goes on', y)",
        "%%track full_too\nprint('still', y)",
        "os.remove('disk/filler')",
        "%%track later\nz = sum(x) / 2\nz",
        "print([(run.name, str(run.status)) for run in mlexp.runs()])",
        mounts=f"mount -t tmpfs -o size=2m none '{disk}'",
        MLEXP_STORE=str(disk / "store"),
    )
    assert said.count("ok\n") == 9, said
    assert "error" not in said.replace("OSError", "")
    for words in (
        "shown 999000.0",
        "goes on 999000.0",
        "still 999000.0",
        "[('later', 'finished'), ('first', 'finished')]",
    ):
        assert words in said
    assert len(re.findall("mlexp: this cell ran, but is not recorded.* is full", said)) == 2


def test_plain_python_reads_what_a_kernel_tracked(kernel, folder):
    kernel.ok(TRACKED)
    code = "import sys, mlexp; print(mlexp.runs()[0].metrics, 'IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.stdout == "{'m': 1.0} False\n"


def test_plain_python_without_a_store_says_what_to_do(folder):
    done = subprocess.run([sys.executable, "-c", "import mlexp; mlexp.runs()"], capture_output=True, text=True)
    assert "no run was tracked here yet" in done.stderr
    assert not (folder / ".mlexp").exists()


def test_a_module_that_looks_like_ipython_is_no_shell(folder):
    """In marimo IPython may be imported, without a shell that lives."""
    code = "import IPython, mlexp\nwith mlexp.track('a'):\n    mlexp.log(m=1)\nprint(mlexp.run('a').metrics)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.stdout == "{'m': 1.0}\n", done.stderr


def test_a_terminal(folder):
    code = (
        "from IPython import start_ipython; start_ipython(['--no-banner', '--colors=NoColor', '--simple-prompt', '-i'])"
    )
    lines = "import mlexp\n%%track base\nm = sum([1.0])\n\n\n%runs\nexit\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, input=lines, capture_output=True, text=True, timeout=60
    )
    assert re.search(r"r1 +base +finished", done.stdout), done.stdout + done.stderr
