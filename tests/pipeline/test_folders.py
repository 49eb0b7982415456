"""The working directory of a script: what was written is found again, and nothing is written outside of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]

CASES = {
    "a folder below, by os.chdir": ("os.chdir('sub')", "in.txt", "v + 1"),
    "a folder below, by a magic": ("%cd sub", "in.txt", "v + 1"),
    "a folder below, without a percent sign": ("cd sub", "in.txt", "v + 1"),
    "a folder below and back": ("%cd sub\nos.chdir('..')", "sub/in.txt", "v + 1"),
    "the folder above": ("os.chdir('..')", "project/sub/in.txt", "v + 1"),
    "the folder above, by a magic": ("%cd ..", "project/sub/in.txt", "v + 1"),
    "a folder spelled from the root": ("os.chdir({sub!r})", "in.txt", "v + 1"),
    "a computed folder": ("os.chdir(os.path.join(os.getcwd(), 'sub'))", "in.txt", "v + 1"),
    "a path object": ("from pathlib import Path\nos.chdir(Path('sub'))", "in.txt", "v + 1"),
    "a name of its own": ("from os import chdir as go\ngo('sub')", "in.txt", "v + 1"),
    "pushed": ("%pushd sub", "in.txt", "v + 1"),
    "pushed and popped": ("%pushd sub\n%popd", "sub/in.txt", "v + 1"),
    "there and back by a dash": ("%cd sub\n%cd -", "sub/in.txt", "v + 1"),
    "for a block": (
        "import contextlib\nwith contextlib.chdir('sub'):\n    kept = int(open('in.txt').read())",
        None,
        "kept",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_and_written_is_found_wherever_the_notebook_went(play: Play, folder: Path, case: str) -> None:
    move, file, value = CASES[case]
    (folder / "sub").mkdir()
    (folder / "sub" / "in.txt").write_text("41")
    cells = ["import os", move.format(sub=str(folder / "sub"))]
    cells.append(f"v = int(open({file!r}).read())" if file else "v = 0")
    cells.append("open('out.txt', 'w').write(str(v))")
    session = play(*cells, f"%%track\nresult = {value}\nagain = open('out.txt').read()")

    (folder.parent / "out.txt").unlink(missing_ok=True)  # the session's own

    script = session.export()

    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    done = script.start()
    assert done.returncode == 0, done.stderr
    place = script.path.parent.parent / "elsewhere"
    assert sorted(p.name for p in place.parent.iterdir()) == ["elsewhere", "exported", "project"], "wrote outside"


def test_a_script_leaves_plain_changes_of_folder_as_they_were_written(play: Play, folder: Path) -> None:
    (folder / "sub").mkdir()
    session = play("import os", "os.chdir('sub')", "open('a.txt', 'w').write('7')", "%%track\nv = open('a.txt').read()")

    script = session.export()

    assert "os.chdir('sub')" in script.cells
    assert "go_to" not in script.text


def test_paths_of_flags_are_meant_from_where_the_script_was_started(play: Play, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "in.txt").write_text("41")
    session = play("import os", "os.chdir('sub')", "v = int(open('in.txt').read())", "%%track\nscore = v + 1")
    script = session.export()
    elsewhere = script.path.parent.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("1")

    done = script.start("--metrics", "m.json", "--data", f"{script.exported.script.inputs[0].name}=mine.txt")

    assert done.returncode == 0, done.stderr
    assert '"score": 2' in (elsewhere / "m.json").read_text()
