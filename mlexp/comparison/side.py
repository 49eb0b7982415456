"""One side of a comparison: a run with what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

from mlexp.records import Environment, InputFile, Labels, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A run, its labels, its environment and the files that its session had read by then."""

    run: RunRecord
    labels: Labels
    environment: Environment | None = None
    inputs: tuple[InputFile, ...] = ()
    rests_on: tuple[str, ...] | None = None
    """Texts of the earlier cells that it rests on by name, in their order; None: not looked at."""

    @property
    def title(self) -> str:
        """Reference and name, such as "r3 forest"."""
        return f"{self.run.reference} {self.labels.name}".strip()
