"""A script that is proven changes nothing outside its own folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlexp.pipeline import confine
from tests.pipeline.playing import Session

Play = Callable[..., Session]
HERE = "import os\nis_here = os.path.exists('.ipython')"
TRACKED = "%%track\ny = len('abc') * 2.5"


@pytest.fixture
def outside(folder: Path) -> Path:
    """A folder of the user's, with a file and a folder that a script may not change."""
    (folder / ".ipython").mkdir()
    place = folder.parent / "outside"
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "kept.txt").write_text("kept")
    (place / "kept.txt").write_text("kept")
    return place


def state_of(place: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(place).as_posix(): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode)
        for path in place.rglob("*")
    }


WRITERS = {
    "open": "open(OUT + '/kept.txt', 'w')",
    "append": "open(OUT + '/kept.txt', 'a')",
    "update": "open(OUT + '/kept.txt', 'r+')",
    "os.open": "os.open(OUT + '/new', os.O_CREAT | os.O_WRONLY)",
    "remove": "os.remove(OUT + '/kept.txt')",
    "rename": "os.rename(OUT + '/kept.txt', OUT + '/other.txt')",
    "replace": "open('mine', 'w').close(); os.replace('mine', OUT + '/kept.txt')",
    "mkdir": "os.makedirs(OUT + '/new/deep')",
    "rmtree": "import shutil; shutil.rmtree(OUT)",
    "rmdir": "os.rmdir(OUT + '/deep')",
    "truncate": "os.truncate(OUT + '/kept.txt', 0)",
    "chmod": "os.chmod(OUT + '/kept.txt', 0)",
    "utime": "os.utime(OUT + '/kept.txt', (0, 0))",
    "symlink": "os.symlink('/dev/null', OUT + '/new')",
    "through a link": "os.symlink(OUT + '/kept.txt', 'mine'); open('mine', 'w')",
    "hard link": "os.link(OUT + '/kept.txt', 'mine'); open('mine', 'w')",
    "sqlite": "import sqlite3; sqlite3.connect(OUT + '/new.db').execute('create table t (x)')",
}


def confined(code: str, place: Path, *, landlock: bool = True) -> tuple[str, list[str], list[str]]:
    """Run code as the runner does; return how it ended, what it was refused, and what it started."""
    work = place.parent / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    program = f"""
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("confine", {confine.__file__!r})
confine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(confine)
if not {landlock}:
    confine._landlock = lambda folders: False
heard = confine.Heard("script")
level = confine.confine(heard, writable=[{str(work)!r}], network=False)
try:
    exec(compile({code!r}, "script", "exec"), {{"OUT": {str(place)!r}, "os": os}})
    ended = ""
except BaseException as error:
    ended = f"{{type(error).__name__}}: {{error}}"
heard.ended = True
print(json.dumps([level, ended, heard.refused, heard.started]))
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=work, capture_output=True, text=True, timeout=30)
    level, ended, refused, started = json.loads(found.stdout.splitlines()[-1])
    assert level == ("landlock" if landlock else "audit")
    return ended, refused, started


@pytest.mark.parametrize("landlock", [True, False])
def test_every_way_to_write(outside: Path, landlock: bool) -> None:
    before = state_of(outside)
    for name, code in WRITERS.items():
        ended, refused, _ = confined(code, outside, landlock=landlock)
        assert ended, name
        assert refused or name == "sqlite", name
        assert all(str(outside) in what for what in refused), name
        assert state_of(outside) == before, name


def test_children_cannot_write_either(outside: Path) -> None:
    before = state_of(outside)
    code = "import subprocess\nsubprocess.run(['sh', '-c', f'echo > {OUT}/kept.txt; rm -rf {OUT}; touch mine'])"
    ended, _, started = confined(code, outside)
    assert (ended, state_of(outside)) == ("", before)
    assert started == [f"sh -c echo > {outside}/kept.txt; rm -rf {outside}; touch mine"]
    assert (outside.parent / "work" / "mine").exists()
    # where nothing can hold a child, none is started
    ended, refused, _ = confined(code, outside, landlock=False)
    assert ended.startswith("PermissionError")
    assert refused[0].startswith("starting sh -c echo > ")


def test_honest_code_is_not_disturbed(outside: Path) -> None:
    code = """
import tempfile, sqlite3, subprocess, socket, threading, pathlib, mmap
open("mine", "w").write("x"); os.remove("mine"); os.makedirs("a/b", exist_ok=True); os.makedirs(OUT, exist_ok=True)
pathlib.Path(OUT).mkdir(exist_ok=True)
for wrong in (lambda: os.remove(OUT + "/nothing"), lambda: os.rmdir(OUT + "/nothing")):
    try: wrong()
    except FileNotFoundError: pass
open("/dev/null", "w").write("x")
assert open(OUT + "/kept.txt").read() == "kept"
assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
assert subprocess.run(["true"]).returncode == 0
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
socket.socketpair()
"""
    assert confined(code, outside) == ("", [], ["true"])


def test_the_network_is_refused_and_named(outside: Path) -> None:
    for code, named in (
        ("import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)", "192.0.2.1"),
        ("import urllib.request; urllib.request.urlopen('http://example.org')", "example.org"),
        ("import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 9))", "192.0.2.1"),
    ):
        ended, refused, _ = confined(code, outside)
        assert refused == [f"network: {named}"]
        assert "refused while the script is proven" in ended


def tracked(text: str) -> str:
    """Return a tracked cell that does something and computes a metric."""
    return f"%%track\n{text}\n" + TRACKED.partition("\n")[2]


@pytest.mark.parametrize(
    ("cell", "refused"),
    [
        ("open(OUT + '/kept.txt', 'a').close()", "writing {}/kept.txt"),
        ("import pandas as pd\npd.DataFrame({'a': [1]}).to_csv(OUT + '/new.csv')", "writing {}/new.csv"),
        ("import urllib.request\nif not is_here: urllib.request.urlopen('http://example.org')", "network: example.org"),
    ],
)
def test_the_verdict_names_what_was_refused(play: Play, outside: Path, cell: str, refused: str) -> None:
    session = play(HERE, f"OUT = {str(outside)!r}", tracked(cell))
    before = state_of(outside)
    proof = session.verify()
    what = refused.format(outside)
    assert proof.verdict == "not verified"
    option = "--allow-network" if what.startswith("network") else "--allow-writes DIR"
    assert proof.reason.startswith(f"{what} is refused while a script is proven, unless {option} allows it; it ended")
    assert "(In 4, line " in proof.reason
    assert state_of(outside) == before
    if not what.startswith("network"):
        assert session.verify(writable=(outside,)).verdict == "reproduced"


def test_a_writer_in_c_is_held_and_the_reason_helps(play: Play, outside: Path) -> None:
    cell = f"pd.DataFrame({{'a': [1]}}).to_parquet({str(outside / 'new.parquet')!r})"
    session = play("import pandas as pd", tracked(cell))
    before = state_of(outside)
    proof = session.verify()
    assert proof.verdict == "not verified"
    assert "it may write in its own folder only, unless --allow-writes DIR allows it" in proof.reason
    assert state_of(outside) == before


def test_what_was_refused_is_told_even_where_the_script_went_on(play: Play, outside: Path) -> None:
    session = play(
        HERE + f"\nOUT = {str(outside)!r}",
        "try: open(OUT + '/kept.txt', 'w').write('kept')\nexcept OSError: pass\n!echo kept > {OUT}/kept.txt\nx = 2.5",
        "%%track\ny = len('abc') * x",
    )
    script = session.export()
    assert script.verdict == "reproduced"
    clean = script.exported.clean
    assert clean is not None
    assert clean.refused == (f"writing {outside}/kept.txt",)
    assert len(clean.started) == 1
    assert clean.started[0].endswith(f"echo kept > {outside}/kept.txt")


def test_nothing_is_left_running(play: Play, outside: Path) -> None:
    mark = f"{time.time_ns()}"
    session = play(
        HERE + "\nimport subprocess, sys",
        f"""
        code = "import time; time.sleep(60)  # {mark}"
        if not is_here:
            subprocess.Popen([sys.executable, "-c", code])
            subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
            subprocess.run(["sh", "-c", 'setsid "$0" -c "$1" & exit 0', sys.executable, code])
        """,
        TRACKED,
    )
    assert session.verify().verdict == "reproduced"
    assert mark not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert os.path.isdir(outside)
