"""Where the store of a folder lies."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from mlexp.config import Settings
from mlexp.errors import StoreError
from mlexp.storage.place import make_store_folder, project_root, store_folder

NONE = Settings()


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A home with a project in it; nothing above decides."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "home" / "project" / "notebooks" / "deep").mkdir(parents=True)
    return tmp_path


MARKS = {  # what stands in the project, and where the store of project/notebooks/deep lies
    "nothing": ([], "project/notebooks/deep/.mlexp"),
    "pyproject": (["project/pyproject.toml"], "project/.mlexp"),
    "git": (["project/.git/"], "project/.mlexp"),
    "the nearer of two marks": (["project/.git/", "project/notebooks/pyproject.toml"], "project/notebooks/.mlexp"),
    "a store": (["project/.mlexp/"], "project/.mlexp"),
    "a store beats a nearer mark": (["project/.mlexp/", "project/notebooks/deep/.git/"], "project/.mlexp"),
    "the nearer of two stores": (["project/.mlexp/", "project/notebooks/.mlexp/"], "project/notebooks/.mlexp"),
    "a file is no store": (["project/.mlexp", "project/.git/"], "project/.mlexp"),
    "a folder is no pyproject": (["project/pyproject.toml/"], "project/notebooks/deep/.mlexp"),
    "a store at home": ([".mlexp/"], "project/notebooks/deep/.mlexp"),
    "git at home": ([".git/"], "project/notebooks/deep/.mlexp"),
    "pyproject at home": (["pyproject.toml"], "project/notebooks/deep/.mlexp"),
}


@pytest.mark.parametrize(("marks", "expected"), MARKS.values(), ids=MARKS)
def test_the_nearest_mark_decides(world, marks, expected):
    home = world / "home"
    for mark in marks:
        (home / mark).parent.mkdir(parents=True, exist_ok=True)
        (home / mark).mkdir() if mark.endswith("/") else (home / mark).write_text("")
    assert store_folder(home / "project" / "notebooks" / "deep", NONE) == home / expected


@pytest.mark.parametrize("start", ["home", "link to home", "/"])
def test_home_and_the_root_never_hold_a_store(world, start):
    (world / "home" / ".mlexp").mkdir()
    (world / "home" / ".git").mkdir()
    (world / "link to home").symlink_to(world / "home")
    folder = store_folder(world / start, NONE)
    assert folder.parent == world / "state" / "mlexp"
    assert store_folder(world / start, NONE) == folder


def test_home_reached_by_another_path_is_home(world, monkeypatch):
    (world / "link").symlink_to(world / "home")
    (world / "home" / ".mlexp").mkdir()
    monkeypatch.setenv("HOME", str(world / "link"))  # the working directory is told without links
    deep = world / "home" / "project" / "notebooks"
    assert store_folder(deep, NONE) == deep / ".mlexp"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("runs", "home/project/runs"), ("../runs", "home/project/../runs"), ("~/runs", "home/runs")],
)
def test_the_setting_decides(world, setting, expected):
    (world / "home" / "project" / ".mlexp").mkdir()
    assert store_folder(world / "home" / "project", Settings(store=setting)) == world / expected


def test_an_absolute_setting_stands(world):
    assert store_folder(world, Settings(store="/runs")) == Path("/runs")


# Git worktrees


def git(*words, cwd):
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=cwd, check=True, capture_output=True
    )


@pytest.fixture
def worktree(world):
    if shutil.which("git") is None:
        pytest.skip("needs git")
    project, other = world / "home" / "project", world / "other"
    git("init", "-q", cwd=project)
    git("commit", "-q", "--allow-empty", "-m", "first", cwd=project)
    git("worktree", "add", "-q", str(other), cwd=project)
    (other / "notebooks").mkdir()
    return other


def test_a_worktree_shares_the_store_of_its_main_checkout(world, worktree):
    assert store_folder(worktree / "notebooks", NONE) == world / "home" / "project" / ".mlexp"


def test_a_relative_worktree_is_followed(world, worktree):
    (worktree / ".git").write_text("gitdir: ../home/project/.git/worktrees/other\n")
    assert store_folder(worktree / "notebooks", NONE) == world / "home" / "project" / ".mlexp"


@pytest.mark.parametrize(
    "text",
    [
        "gitdir: /gone/project/.git/worktrees/other",
        "gitdir: ../home/project/.git/modules/other",
        "gitdir: ../bare.git/worktrees/other",
        "",
        "junk",
    ],
)
def test_other_git_files_mark_a_project_of_its_own(world, text):
    folder = world / "other"
    folder.mkdir()
    (folder / ".git").write_text(text)
    assert store_folder(folder, NONE) == folder / ".mlexp"


def test_a_git_file_that_is_no_text_is_no_error(world):
    (world / "other").mkdir()
    (world / "other" / ".git").write_bytes(b"\xff\xfe")
    assert store_folder(world / "other", NONE) == world / "other" / ".mlexp"


# Making it


def test_a_new_store_is_told_and_git_ignores_it(tmp_path):
    folder, word = make_store_folder(tmp_path / "project" / ".mlexp")
    assert folder == tmp_path / "project" / ".mlexp"
    assert word == f"new store: {folder}"
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_store_that_is_there_is_left_as_it_is(tmp_path):
    folder, _ = make_store_folder(tmp_path / ".mlexp")
    (folder / ".gitignore").write_text("!blobs\n")
    assert make_store_folder(folder) == (folder, "")
    assert (folder / ".gitignore").read_text() == "!blobs\n"


def test_a_store_that_cannot_be_made_lies_in_the_state_folder_and_says_so(world):
    (world / "file").write_text("")
    wanted = world / "file" / ".mlexp"
    folder, word = make_store_folder(wanted)
    assert folder.parent == world / "state" / "mlexp"
    assert str(wanted) in word
    assert str(folder) in word
    assert make_store_folder(wanted)[0] == folder
    assert make_store_folder(world / "file" / "other" / ".mlexp")[0] != folder


def test_a_store_that_can_be_made_nowhere_is_an_error(world):
    (world / "file").write_text("")
    (world / "state").write_text("")
    with pytest.raises(StoreError, match=r"no store can be made.*Set MLEXP_STORE"):
        make_store_folder(world / "file" / ".mlexp")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads
def test_a_store_that_cannot_be_written_is_made_in_the_state_folder(monkeypatch):
    with tempfile.TemporaryDirectory() as name:  # where another user may enter, as pytest's folder is not
        world = Path(name)
        os.chmod(world, 0o777)
        (world / ".mlexp").mkdir()
        os.chmod(world / ".mlexp", 0o555)
        monkeypatch.setenv("XDG_STATE_HOME", str(world / "state"))
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setuid(65534)  # root may write anywhere
                (world / "said").write_text("\n".join(map(str, make_store_folder(world / ".mlexp"))))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        folder, word = (world / "said").read_text().splitlines()
        assert Path(folder).parent == world / "state" / "mlexp"
        assert "cannot be written" in word
        assert list((world / ".mlexp").iterdir()) == []


def test_a_store_belongs_to_the_folder_around_it(tmp_path):
    assert project_root(tmp_path / ".mlexp") == tmp_path
    assert project_root(tmp_path / "runs") == tmp_path / "runs"
