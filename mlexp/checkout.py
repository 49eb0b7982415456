"""The git checkout that a project lies in, as git itself tells; nothing of the checkout's own configuration is run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_LIMIT = 10_000_000
_PATIENCE_S = 10
Run = Callable[[Sequence[str], float], bytes | None]
"""Runs a program, given its words and the seconds that it may take."""

_SAFE = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where a checkout stands. All empty: there is none, or no git."""

    commit: str | None = None
    """None as well where nothing is committed yet."""
    branch: str | None = None
    """None: no branch is checked out."""
    dirty: bool = False
    """Whether files that git knows differ from the commit."""


def read_checkout(folder: Path, *, run: Run | None = None) -> Checkout:
    """Return the checkout that a folder lies in."""
    answer = _ask(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no", run=run or run_as_child)
    known, dirty = {}, False
    for line in answer.splitlines():
        if line.startswith("# branch."):
            name, _, value = line.removeprefix("# branch.").partition(" ")
            known[name] = value if not value.startswith("(") else None  # "(initial)", "(detached)"
        else:
            dirty = True
    return Checkout(known.get("oid"), known.get("head"), dirty)


def diff_of(folder: Path, *, run: Run | None = None) -> str:
    """Return what is not committed, as a unified diff; of binary files only that they differ. Cut after 10 MB."""
    words = ("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short")
    diff = _ask(folder, *words, run=run or run_as_child)
    return diff if len(diff) <= _LIMIT else f"{diff[:_LIMIT]}\n[… cut: {len(diff):,} characters in all …]\n"


def run_as_child(words: Sequence[str], patience_s: float) -> bytes | None:
    """Run a program as a child of this process; return what it prints, or None if it failed or took too long."""
    try:
        answer = subprocess.run(words, capture_output=True, timeout=patience_s, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


def _ask(folder: Path, *words: str, run: Run) -> str:
    """Return git's answer; empty where it has none."""
    # By its path: `subprocess` looks for a bare name with other warning filters, and in a thread that takes away those
    # which a cell sets meanwhile.
    git = shutil.which("git")
    if git is None or not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return ""
    answer = run([git, "-C", str(folder), *_SAFE, *words], _PATIENCE_S)
    return (answer or b"").decode("utf-8", "replace")
