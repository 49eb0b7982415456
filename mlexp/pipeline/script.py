"""The script as a value. Passes take one and return another; `emit` prints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from mlexp.records import Digest, Execution, Labels, ModuleRecord, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One execution in the script."""

    execution: Execution
    source: str
    """Its text as Python; passes change it."""
    heading: str = ""
    again: bool = False
    """Whether the same text stands in an earlier section."""

    @property
    def title(self) -> str:
        """What stands behind `# %%`."""
        title = f"In {self.execution.number}"
        if self.heading:
            title += f": {self.heading}"
        if self.execution.started is None:
            title += ", before mlexp was loaded"
        if self.again:
            title += ", the same cell again"
        return title


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptInput:
    """A file that the script reads from its bundle."""

    name: str
    """Its path in the bundle, and its NAME for `--data`."""
    paths: tuple[str, ...]
    """As the notebook spelled it, in one way or several; normalised."""
    resolved: str
    digest: Digest
    size_bytes: int
    since: int | None = None
    """Number of the execution that first found this content where there had been another; None: the first content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptMetric:
    """A metric: how the script reads it when it has ended, and what the run gave."""

    name: str
    expression: str
    """Empty for a logged metric."""
    recorded: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredState:
    """A generator's state that the script restores."""

    file: str
    generator: str
    """Its kind, as in `GeneratorState`."""
    digest: Digest
    flags: tuple[str, ...] = ()
    """Flags that seed it: with other values than the run's it is not restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that is printed."""

    run: RunRecord
    labels: Labels
    notebook: str
    """The notebook's file name, or the experiment."""
    folder: str
    """The kernel's working directory: relative paths were meant from there."""
    sections: tuple[Section, ...]
    n_executions: int
    """How many executions the session had up to the run."""
    params: tuple[tuple[str, str], ...] = ()
    """Flags: (name, value as Python)."""
    inputs: tuple[ScriptInput, ...] = ()
    programs: tuple[str, ...] = ()
    """Code in the bundle that runs in the script's process and may read inputs: modules, and what `%run` ran."""
    folders: tuple[tuple[str, str], ...] = ()
    """Folders of inputs that are read as a whole: (path, name in the bundle)."""
    listed: tuple[tuple[str, int, int], ...] = ()
    """What lay in folders that the sections list, in their order: the path from the notebook's folder, a folder's with
    a separator at its end, size in bytes and time of change in nanoseconds."""
    helpers: frozenset[str] = frozenset()
    """What the sections need for their files besides `input_path`: "input_copy", "place_input", "rewritten",
    "own_modules"."""
    modules: tuple[ModuleRecord, ...] = ()
    metrics: tuple[ScriptMetric, ...] = ()
    states: tuple[RestoredState, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the reader should know: lines for the docstring."""
    shows: bool = False
    """Whether sections show figures."""
    logs: bool = False
    """Whether sections log points."""
    scores: tuple[tuple[str, str], ...] = ()
    """Metrics that a call in a section gives: (name, Python that reads it from what was kept of the call)."""
    secrets: tuple[str, ...] = ()
    """Environment variables that stand in place of secrets."""
    imports: frozenset[str] = frozenset()
    """Modules of the standard library that the changed sections use, besides those that every script imports."""
    futures: tuple[str, ...] = ()
    """What the sections import from `__future__`: it has to stand at the top."""
    results: tuple[int, ...] = ()
    """Indices of the executions that left a result, those without a section too."""
    answers: str = ""
    """The flag that holds the answers which no name is bound to; empty where there is none."""
    stand_ins: tuple[str, ...] = ()
    """Names that only a notebook has, and that sections read."""
    disputed: tuple[tuple[str, str, str], ...] = ()
    """Params whose record and code disagree: (name, as recorded, in the code)."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Names of ours that the session uses for something else, and what they are called instead."""

    def own(self, name: str) -> str:
        """Return what one of our names is called in this script."""
        return self.renamed.get(name, name)

    def with_sources(self, change: Callable[[Section], str]) -> Self:
        """Return the script with each section's text changed."""
        return replace(self, sections=tuple(replace(s, source=change(s)) for s in self.sections))


Pass = Callable[[Script], Script]
