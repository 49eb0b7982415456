"""What is about a run and takes too long to read in a cell: installed packages, pools of threads, the git checkout."""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from mlexp.checkout import Run, diff_of, read_checkout
from mlexp.records import Digest, Environment, Package, RunId, ThreadPool


class Surroundings:
    """Reads the environments of one session's runs; packages are read anew only when further modules were imported."""

    def __init__(self, folder: Path, *, keep: Callable[[str], Digest], run: Run | None = None) -> None:
        """Begin with nothing known.

        Args:
            folder: The project's; its git checkout is looked at.
            keep: Keeps a text.
            run: Runs git; by default as a child.
        """
        self._folder = folder
        self._keep = keep
        self._run = run
        self._roots: frozenset[str] = frozenset()
        self._packages: tuple[Package, ...] = ()

    def environment_of(self, run_id: RunId, modules: Iterable[str]) -> Environment:
        """Return the environment of a run, given the names of the modules that were imported when it ended."""
        roots = frozenset(name.partition(".")[0] for name in modules)
        if roots != self._roots:
            self._roots, self._packages = roots, packages_of(roots)
        checkout = read_checkout(self._folder, run=self._run)
        diff = diff_of(self._folder, run=self._run) if checkout.dirty else ""
        return Environment(
            run_id=run_id,
            packages=self._packages,
            git_commit=checkout.commit,
            git_branch=checkout.branch,
            git_dirty=checkout.dirty,
            git_diff=self._keep(diff) if diff else None,
            user=_user(),
            machine=platform.node(),
            thread_pools=thread_pools() if "numpy" in roots else (),
        )


def thread_pools() -> tuple[ThreadPool, ...]:
    """Return the pools of threads of the numeric libraries that are loaded."""
    from threadpoolctl import threadpool_info

    found = (
        ThreadPool(
            library=str(pool["internal_api"]),
            version=pool.get("version"),
            architecture=pool.get("architecture"),
            n_threads=int(pool["num_threads"]),
        )
        for pool in threadpool_info()
    )
    return tuple(dict.fromkeys(found))  # one library may be loaded several times


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # a container whose user id has no name


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
