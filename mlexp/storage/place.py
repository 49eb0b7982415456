"""Where the store of a folder lies, and what a new one is made of."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlexp.config import Settings, expanded, home_folder, state_folder
from mlexp.errors import StoreError
from mlexp.storage.medium import shared_kind

NAME = ".mlexp"


def store_folder(start: Path, settings: Settings) -> Path:
    """Return the store's folder for work in `start`: made or not, writable or not.

    The setting decides; else the nearest `.mlexp` upward; else beside the nearest pyproject.toml or .git; else `start`.
    The home folder and the root are passed over; for work right there the store lies in the user's state folder.
    """
    if settings.store:
        return (start / expanded(settings.store)).absolute()
    start = start.absolute()
    home = home_folder()
    avoided = {Path(start.anchor), *((home.resolve(),) if home is not None else ())}
    candidates = [folder for folder in (start, *start.parents) if folder.resolve() not in avoided]
    for folder in candidates:
        if (folder / NAME).is_dir():
            return folder / NAME
    for folder in candidates:
        if (folder / "pyproject.toml").is_file() or (folder / ".git").is_dir():
            return folder / NAME
        if (folder / ".git").is_file():
            return (_main_checkout(folder / ".git") or folder) / NAME
    return start / NAME if start in candidates else fallback_folder(start / NAME)


def make_store_folder(folder: Path) -> tuple[Path, str]:
    """Make the folder if it is not there; return it and a word on it: new, or elsewhere since it cannot be written."""
    word = ""
    if not folder.is_dir():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            word = f"new store: {folder}{_caution(folder)}"
        except OSError as error:
            folder, word = _elsewhere(folder, error)
    elif not all(os.access(path, os.W_OK) for path in (folder, folder / "runs.db") if path.exists()):
        folder, word = _elsewhere(folder, PermissionError("it cannot be written"))
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder, word


def _caution(folder: Path) -> str:
    """Return what there is to know of the place of a new store; nothing of an ordinary disk."""
    colab = Path("/content")
    if "google.colab" in sys.modules and folder.is_relative_to(colab) and not folder.is_relative_to(colab / "drive"):
        return (
            ". It vanishes with this Colab machine, and the runs with it. To keep them: "
            "from google.colab import drive; drive.mount('/content/drive'); "
            "%env MLEXP_STORE=/content/drive/MyDrive/mlexp; %reload_ext mlexp"
        )
    kind = shared_kind(folder)
    return f", on {kind}, which machines share: SQLite keeps a rollback journal there, a little slower" if kind else ""


def project_root(folder: Path) -> Path:
    """Return the folder that a store belongs to."""
    return folder.parent if folder.name == NAME else folder


def _elsewhere(folder: Path, error: OSError) -> tuple[Path, str]:
    other = fallback_folder(folder)
    try:
        other.mkdir(parents=True, exist_ok=True)
    except OSError as second:
        raise StoreError(
            f"no store can be made: {folder}: {error}; {other}: {second}. "
            "Set MLEXP_STORE to a folder that can be written."
        ) from second
    return other, f"{folder} cannot be used ({error}); runs are kept in {other}"


def fallback_folder(folder: Path) -> Path:
    """Return the place in the user's state folder that stands for a store at `folder`."""
    from hashlib import blake2b

    digest = blake2b(os.fsencode(folder), digest_size=4).hexdigest()
    return state_folder() / f"{folder.parent.name or 'root'}-{digest}"


def _main_checkout(file: Path) -> Path | None:
    """Return the main checkout of a git worktree, whose `.git` is a file that names `…/.git/worktrees/NAME`."""
    try:
        target = Path(file.read_text(encoding="utf-8").partition("gitdir:")[2].strip())
    except (OSError, ValueError):
        return None
    if target.parent.name != "worktrees" or target.parent.parent.name != ".git":
        return None
    checkout = (file.parent / target).parent.parent.parent.resolve()
    return checkout if checkout.is_dir() else None
