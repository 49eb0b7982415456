"""The comparison of two or more runs, as one value that every form of it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlexp.comparison.sections import (
    MetricRow,
    Section,
    code_lines,
    data_rows,
    environment_rows,
    metric_rows,
    param_rows,
)
from mlexp.comparison.sentence import sentence_of
from mlexp.comparison.side import Side
from mlexp.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What differs between the sides, and the sentence on top."""

    sides: tuple[Side, ...]
    baseline: int
    sentence: str
    params: Section
    metrics: tuple[MetricRow, ...]
    data: Section
    environment: Section
    earlier_differ: bool
    """Whether the earlier cells that the runs rest on differ."""
    code: tuple[str, ...]
    """Unified diff of the tracked cells; of more than two sides, of the baseline and the last that differs from it."""

    @property
    def n_metrics_differ(self) -> int:
        """How many metrics differ."""
        return sum(row.differs for row in self.metrics)


def compare(sides: Sequence[Side], *, goals: Mapping[str, str] | None = None, baseline: int = 0) -> Compared:
    """Compare runs.

    Args:
        sides: Two or more.
        goals: What was said of metrics: "max" or "min".
        baseline: Index of the side that differences are taken against.

    Raises:
        UsageError: There is nothing to compare.
    """
    if len(sides) < 2:
        raise UsageError(f"a comparison needs two runs or more, and got {len(sides)}")
    params = Section(title="Params", rows=param_rows(sides))
    data = Section(title="Data", rows=data_rows(sides))
    environment = Section(title="Environment", rows=environment_rows(sides))
    metrics = metric_rows(sides, goals=goals, baseline=baseline)
    code = next(filter(None, (code_lines(sides[baseline], side) for side in reversed(sides))), ())
    earlier_differ = len({side.rests_on for side in sides if side.rests_on is not None}) > 1
    return Compared(
        sides=tuple(sides),
        baseline=baseline,
        sentence=sentence_of(
            sides,
            params=params.rows,
            metrics=metrics,
            data=data.rows,
            code_differs=bool(code),
            earlier_differ=earlier_differ,
            baseline=baseline,
        ),
        params=params,
        metrics=metrics,
        data=data,
        environment=environment,
        code=code,
        earlier_differ=earlier_differ,
    )
