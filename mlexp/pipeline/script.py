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
        if not self.execution.observed:
            title += ", before mlexp was loaded"
        if self.again:
            title += ", the same cell again"
        return title


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptInput:
    """A file that the script reads from its bundle."""

    name: str
    """Its path in the bundle, and its NAME for `--data`."""
    path: str
    """As the notebook spelled it."""
    resolved: str
    digest: Digest
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptMetric:
    """A metric: how the script reads it when it has ended, and what the run gave."""

    name: str
    expression: str
    """Empty for a logged metric."""
    recorded: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredState:
    """A generator's state that the script restores before a section."""

    file: str
    generator: str
    digest: Digest


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
    """Flags: (name, literal)."""
    inputs: tuple[ScriptInput, ...] = ()
    modules: tuple[ModuleRecord, ...] = ()
    metrics: tuple[ScriptMetric, ...] = ()
    states: tuple[RestoredState, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the reader should know: lines for the docstring."""
    logs: bool = False
    """Whether sections log points."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Names of ours that the session uses for something else, and what they are called instead."""

    def own(self, name: str) -> str:
        """Return what one of our names is called in this script."""
        return self.renamed.get(name, name)

    def with_sources(self, change: Callable[[Section], str]) -> Self:
        """Return the script with each section's text changed."""
        return replace(self, sections=tuple(replace(s, source=change(s)) for s in self.sections))


Pass = Callable[[Script], Script]
