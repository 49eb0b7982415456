"""The installed packages whose modules are imported, and the state of the git checkout: too slow to read in a cell."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from mlexp.records import Environment, Package, RunId


class Surroundings:
    """Reads the environments of one session's runs; packages are read anew only when further modules were imported."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._roots: frozenset[str] = frozenset()
        self._packages: tuple[Package, ...] = ()

    def environment_of(self, run_id: RunId, modules: Iterable[str]) -> Environment:
        """Return the environment of a run, given the names of the modules that were imported when it ended."""
        roots = frozenset(name.partition(".")[0] for name in modules)
        if roots != self._roots:
            self._roots, self._packages = roots, packages_of(roots)
        commit, dirty = _git(self._folder)
        return Environment(run_id=run_id, packages=self._packages, git_commit=commit, git_dirty=dirty)


def packages_of(modules: Iterable[str]) -> tuple[Package, ...]:
    """Return the distributions that gave these modules, by name."""
    owners = packages_distributions()
    modules_of: dict[str, set[str]] = {}
    for module in {name.partition(".")[0] for name in modules}:
        for name in owners.get(module, ()):
            modules_of.setdefault(name, set()).add(module)
    packages = (_package(name, own) for name, own in sorted(modules_of.items(), key=lambda item: item[0].lower()))
    return tuple(package for package in packages if package is not None)


def with_required(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Return the packages and, as far as they are installed, all that these require, by name."""
    found = {_normal(package.name): package for package in packages}
    pending = [name for package in found.values() for name in package.requires]
    while pending:
        name = pending.pop()
        if _normal(name) not in found and (package := _package(name, ())) is not None:
            found[_normal(name)] = package
            pending += package.requires
    return tuple(found[name] for name in sorted(found))


def _package(name: str, modules: Iterable[str]) -> Package | None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Package(
        name=found.metadata["Name"],
        version=found.version,
        modules=tuple(sorted(modules)),
        requires=tuple(required_names(found.requires or ())),
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required_names(requirements: Iterable[str]) -> list[str]:
    """Return the names in requirement lines, those of extras left out."""
    plain = [line for line in requirements if not re.search(r";.*\bextra\s*==", line)]
    return sorted({match[0] for line in plain if (match := re.match(r"[A-Za-z0-9._-]+", line))})


def _git(folder: Path) -> tuple[str | None, bool]:
    try:
        commit = _ask_git(folder, "rev-parse", "HEAD")
        return commit.strip() or None, bool(_ask_git(folder, "status", "--porcelain", "--untracked-files=no").strip())
    except (OSError, subprocess.SubprocessError):
        return None, False


def _ask_git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "--no-optional-locks", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=10, check=True, stdin=subprocess.DEVNULL
    ).stdout
