"""Where a script may be written, and that it is written whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlexp.errors import ExportError, UsageError
from mlexp.pipeline import export as module
from mlexp.pipeline.build import build_script
from mlexp.pipeline.bundle import bundle_files
from mlexp.pipeline.passes import ALL
from tests.pipeline.playing import Player, Script, Session

Play = Callable[..., Session]


@pytest.fixture(scope="module")
def session(player: Player, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("place") / "project"
    folder.mkdir()
    (folder / "table.txt").write_text("1 2 3")
    cells = [
        "text = open('table.txt').read()",
        "%%track\nsize = len(text) * 1.5",
        "%%track\nsize = 2 * len(text) * 1.5",
    ]
    return player.play(folder, cells)


@pytest.fixture
def export(session: Session, tmp_path: Path) -> Callable[..., Script]:
    def export(reference: str = "r1", name: str = "out.py", **options: object) -> Script:
        return session.export(reference, name, place=tmp_path, verify=False, **options)

    return export


def test_our_unchanged_export_is_overwritten(export: Callable[..., Script], tmp_path: Path) -> None:
    first = export()
    before = first.path.read_bytes()
    assert export().path.read_bytes() == before
    assert first.bundled == ["table.txt"]
    (first.bundle / "__pycache__").mkdir()
    (first.bundle / "__pycache__" / "x.pyc").write_bytes(b"")
    other = export("r2")
    assert other.path.read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.py", "out_data"]


@pytest.mark.parametrize(
    "change",
    [
        lambda script: script.path.write_text("print('mine')\n"),
        lambda script: script.path.write_text(""),
        lambda script: script.path.write_text(script.text.replace("1.5", "1.6")),
        lambda script: script.path.write_text(script.text + "# a remark\n"),
        lambda script: script.path.write_text("\n" + script.text),
        lambda script: script.path.write_text(script.text.rstrip("\n").rpartition("\n")[0] + "\n"),
        lambda script: (script.bundle / "table.txt").write_text("1 2 4"),
        lambda script: (script.bundle / "notes.txt").write_text("mine"),
        lambda script: (script.bundle / "table.txt").unlink(),
        lambda script: script.path.write_bytes(b"\xff\xfe"),
    ],
)
def test_what_somebody_edited_is_refused(export: Callable[..., Script], change: Callable[[Script], object]) -> None:
    script = export()
    change(script)
    files = {path: path.read_bytes() for path in script.path.parent.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=r"out.py is there and is not an unchanged export of mlexp; --force"):
        export()
    assert {path: path.read_bytes() for path in script.path.parent.rglob("*") if path.is_file()} == files
    assert export(force=True).bundled == ["table.txt"]
    assert not (script.bundle / "notes.txt").exists()


def test_a_bundle_without_its_script(export: Callable[..., Script], tmp_path: Path) -> None:
    (tmp_path / "out_data").mkdir()
    export().path.unlink()  # an empty folder is no obstacle
    with pytest.raises(UsageError, match="out_data is there and does not belong to an export; --force"):
        export()
    export(force=True)
    (tmp_path / "b_data").write_text("a file")
    with pytest.raises(UsageError, match="b_data is there"):
        export(name="b.py")
    assert export(name="b.py", force=True).bundle.is_dir()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.txt", "'out.txt': a script's name ends in .py"),
        ("out", "'out': a script's name ends in .py"),
        (".py", "'.py': a script's name ends in .py"),
        ("folder.py", "folder.py is a folder; give the name of a file"),
        ("nowhere/out.py", "nowhere is no folder; make it first"),
    ],
)
def test_no_place_for_a_script(export: Callable[..., Script], tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "folder.py").mkdir()
    for force in (False, True):
        with pytest.raises(UsageError, match=told.replace(".", r"\.")):
            export(name=name, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.py"]


def test_a_folder_that_cannot_be_written(
    export: Callable[..., Script], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path or mode != os.W_OK)
    with pytest.raises(UsageError, match="cannot be written; choose another place with -o"):
        export()
    monkeypatch.undo()
    with pytest.raises(ExportError, match=r"/proc/out\.py cannot be written: "):  # not even by root
        export(name="/proc/out.py")


@pytest.mark.parametrize("at", range(1, 5))
def test_written_whole_or_not_at_all(
    export: Callable[..., Script], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: int
) -> None:
    script = export()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    calls = []

    def replace(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == at:
            raise KeyboardInterrupt
        os.rename(source, target)

    monkeypatch.setattr(module.os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        export("r2")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.py", "out_data"]
    assert script.text


def test_names_in_the_bundle_stay_in_it(session: Session) -> None:
    """`../../x` cannot get there: names are ends of absolute paths. Were a record edited, writing refuses it."""
    from dataclasses import replace

    from mlexp.config import Settings
    from mlexp.project import Project

    project = Project(session.folder / ".mlexp", Settings())
    run = project.find("r1")
    script = build_script(run.record, run.labels, project.store.get_session(run.record.session_id), run.executions, ALL)
    project.close()
    for name in "../../x", "/x", "a/../../x":
        with pytest.raises(ExportError, match="would leave the bundle"):
            bundle_files(replace(script, inputs=(replace(script.inputs[0], name=name),)))
    two = (script.inputs[0], replace(script.inputs[0], digest=run.record.stdout or "blake3:" + "0" * 64))
    with pytest.raises(ExportError, match=r"two different files would be called table\.txt"):
        bundle_files(replace(script, inputs=two))


def test_names_of_files_of_every_kind(session: Session, tmp_path: Path) -> None:
    for name in (
        "with space.py",
        "žluťoučký_kůň.py",
        "quo\"te's.py",
        "back\\slash.py",
        "100%.py",
        "a.b.py",
        "%(prog)s.py",
    ):
        script = session.export("r1", name, place=tmp_path)
        found = script.start("--check", cwd=tmp_path / "elsewhere")
        assert found.returncode == 0, (name, found.stderr)
        assert script.start("--help", cwd=tmp_path / "elsewhere").returncode == 0
