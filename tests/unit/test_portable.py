"""Capture needs nothing that only Linux has: what other systems lack is asked for, or left alone."""

import ast
from pathlib import Path

import pytest

import mlexp

PACKAGE = Path(mlexp.__file__).parent
NOT_EVERYWHERE = frozenset({"fork", "forkpty", "posix_fallocate", "inotify_init1", "getuid", "geteuid", "sendfile"})
"""Of `os` and the C library: not on Windows, or not on macOS."""
ASKED_FOR = frozenset({"pthread_kill", "sched_getaffinity", "O_CLOEXEC", "setsid", "killpg"})
"""May stand where `hasattr`, `getattr` or the platform was asked before."""


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("part", ["capture", "storage", "snapshot", "fingerprint", "project"])
def test_no_call_that_other_systems_lack(part):
    found = {path.name: names_in(path) & NOT_EVERYWHERE for path in (PACKAGE / part).rglob("*.py")}
    assert not {name: calls for name, calls in found.items() if calls}


def test_calls_that_may_be_missing_are_asked_for():
    for path in (PACKAGE / "capture").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name in names_in(path) & ASKED_FOR:
            assert f'"{name}"' in text, f"{path.name} uses {name} without asking whether it is there"


def test_modules_of_one_system_are_imported_where_they_are_used():
    for path in PACKAGE.rglob("*.py"):
        top = ast.parse(path.read_text(encoding="utf-8")).body
        imported = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        assert not imported & {"fcntl", "resource", "pwd", "termios", "pty", "msvcrt", "winreg"}, path
