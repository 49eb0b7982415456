"""Where a run ran: the interpreter and the machine, known at once, and the packages, read after the cell."""

from __future__ import annotations

from dataclasses import dataclass

from mlexp.records.names import Digest, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The interpreter and what of its surroundings can move the last bits of a result."""

    executable: str
    version: str
    """Such as "3.11.7"."""
    implementation: str
    platform: str
    """Operating system and processor kind, such as "Linux x86_64"."""
    cpu: str
    n_cpus: int
    """Processors that this process may use."""
    variables: tuple[tuple[str, str], ...] = ()
    """Environment variables, set in the kernel, that numeric libraries read: (name, value), sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed distribution whose modules the session had imported."""

    name: str
    version: str
    modules: tuple[str, ...]
    """Its top-level modules."""
    requires: tuple[str, ...] = ()
    """Names of the distributions it needs, extras left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPool:
    """A numeric library's pool of threads: their number moves the last bits of results."""

    library: str
    """Such as "openblas"."""
    version: str | None
    architecture: str | None
    """The kernel that it has chosen for this CPU, such as "SkylakeX"."""
    n_threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is read after the cell has ended, since it takes longer than a cell may wait."""

    run_id: RunId
    packages: tuple[Package, ...]
    git_commit: str | None = None
    """None: the notebook is in no repository, or there is no git."""
    git_dirty: bool = False
    git_branch: str | None = None
    git_diff: Digest | None = None
    """What was not committed, as `git diff HEAD` shows it, secrets left out."""
    user: str = ""
    machine: str = ""
    thread_pools: tuple[ThreadPool, ...] = ()
