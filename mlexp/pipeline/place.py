"""Where a script may be written: not over anything that is not an export of ours, unchanged."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlexp.errors import UsageError
from mlexp.fingerprint import content_digest

_MARK = "# /// script"
_SEAL = "# mlexp overwrites this file unasked while nobody has edited it: "
_CACHE = "__pycache__"


def bundle_of(path: Path) -> Path:
    """Return the folder of a script's inputs."""
    return path.with_name(f"{path.stem}_data")


def sealed(text: str, bundle: Path) -> str:
    """Return a script's text with its last line, by which an unchanged export is known."""
    return f"{text}{_SEAL}{_digest(text, bundle)}\n"


def checked_path(path: Path, *, force: bool) -> Path:
    """Return the absolute path of a script to be written.

    Raises:
        UsageError: It is no place for a script; the message says why.
    """
    path = path.expanduser().absolute()
    if path.suffix != ".py" or not path.stem:
        raise UsageError(f"{path.name!r}: a script's name ends in .py")
    if path.stem in sys.stdlib_module_names:
        raise UsageError(f"{path.name}: a script of that name would stand in for Python's own module {path.stem}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file, such as {path.name}/train.py")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it first, or choose another place with -o")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written; choose another place with -o")
    bundle = bundle_of(path)
    if force:
        return path
    if path.exists():
        if not _is_ours(path):
            raise UsageError(f"{path} is there and is not an unchanged export of mlexp; --force overwrites it")
    elif os.path.lexists(bundle) and not (bundle.is_dir() and not any(bundle.iterdir())):
        raise UsageError(f"{bundle} is there and does not belong to an export; --force overwrites it")
    return path


def _is_ours(path: Path) -> bool:
    """Tell whether a script and its bundle are an export that nobody has changed."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        body, _, last = text.removesuffix("\n").rpartition("\n")
        body += "\n"
        return text.startswith(_MARK) and last == f"{_SEAL}{_digest(body, bundle_of(path))}"
    except OSError:
        return False


def _digest(text: str, bundle: Path) -> str:
    """Return the digest of a script's lines and of the files in its bundle."""
    files = sorted(file for file in bundle.rglob("*") if not file.is_dir() and file.parent.name != _CACHE)
    parts = [f"{file.relative_to(bundle).as_posix()} {content_digest(file.read_bytes())}" for file in files]
    return content_digest("\n".join([text, *parts]).encode("utf-8", "surrogateescape"))
