"""The sections of a comparison: params, metrics, data, code, environment. Rows that differ come first."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlexp.comparison.goals import Goal, goal_of
from mlexp.comparison.side import Side
from mlexp.dataflow.cell import peel, without_peeled


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRow:
    """One name, with what each side has for it as text; None where a side lacks it."""

    name: str
    values: tuple[str | None, ...]
    unknown: bool = False
    """Whether a side's content is not known, so that nobody can say that it is equal."""

    @property
    def differs(self) -> bool:
        """Whether the sides differ."""
        return len(set(self.values)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric with each side's value; None where a side lacks it."""

    name: str
    values: tuple[float | None, ...]
    goal: Goal | None
    baseline: int = 0
    """Index of the side that differences are taken against."""

    @property
    def differs(self) -> bool:
        """Whether the sides differ; NaN equals NaN here."""
        return len({repr(value) for value in self.values}) > 1

    def difference(self, side: int) -> float | None:
        """Return the side's value minus the baseline's; None where one of them is lacking."""
        value, base = self.values[side], self.values[self.baseline]
        return None if value is None or base is None else value - base


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of one kind."""

    title: str
    rows: tuple[ParamRow, ...]

    @property
    def n_differ(self) -> int:
        """How many rows differ."""
        return sum(row.differs for row in self.rows)


def param_rows(sides: Sequence[Side]) -> tuple[ParamRow, ...]:
    """Return the params of all sides."""
    return _rows([{param.name: param.literal for param in side.run.params} for side in sides])


def metric_rows(
    sides: Sequence[Side], *, goals: Mapping[str, str] | None = None, baseline: int = 0
) -> tuple[MetricRow, ...]:
    """Return the metrics of all sides, in the order in which they first come; those that differ first."""
    columns = [{metric.name: metric.value for metric in side.run.metrics} for side in sides]
    rows = [
        MetricRow(
            name=name,
            values=tuple(column.get(name) for column in columns),
            goal=goal_of(name, goals),
            baseline=baseline,
        )
        for name in _names(columns)
    ]
    return tuple(sorted(rows, key=lambda row: not row.differs))


def data_rows(sides: Sequence[Side]) -> tuple[ParamRow, ...]:
    """Return what each side read: extent and the first digits of the digest."""
    columns: list[dict[str, str]] = []
    for side in sides:
        column = {file.path: f"{file.size_bytes:,} bytes {_short(file.digest)}" for file in side.inputs}
        column |= {record.name: f"{record.summary} {_short(record.digest)}".strip() for record in side.run.data}
        columns.append(column)
    unknown = {record.name for side in sides for record in side.run.data if record.digest is None}
    unknown |= {file.path for side in sides for file in side.inputs if file.digest is None}
    return _rows(columns, unknown)


def environment_rows(sides: Sequence[Side]) -> tuple[ParamRow, ...]:
    """Return interpreter and machine of each side, and the packages where those of all sides are known."""
    columns: list[dict[str, str]] = []
    packages_known = all(side.environment is not None for side in sides)
    for side in sides:
        known = side.run.interpreter
        column = {"python": known.version, "platform": known.platform, "cpu": known.cpu, "n_cpus": str(known.n_cpus)}
        column |= dict(known.variables)
        if side.environment is not None and packages_known:
            column |= {package.name: package.version for package in side.environment.packages}
            if side.environment.git_commit:
                dirty = " and uncommitted changes" if side.environment.git_dirty else ""
                column["git"] = f"{side.environment.git_commit[:7]}{dirty}"
        columns.append(column)
    return _rows(columns)


def code_lines(before: Side, after: Side, *, context: int = 1) -> tuple[str, ...]:
    """Return the unified diff of two tracked cells, file headers left out; nothing where they are equal."""
    old, new = (without_peeled(peel(side.run.source).body).splitlines() for side in (before, after))
    lines = list(difflib.unified_diff(old, new, lineterm="", n=context))[2:]
    return tuple(line for line in lines if not line.startswith("@@") or line is not lines[0])


def _rows(columns: Sequence[Mapping[str, str]], unknown: Collection[str] = ()) -> tuple[ParamRow, ...]:
    rows = [
        ParamRow(name=name, values=tuple(column.get(name) for column in columns), unknown=name in unknown)
        for name in _names(columns)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.differs, not row.unknown)))


def _names(columns: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for column in columns for name in column))


def _short(digest: str | None) -> str:
    return digest.partition(":")[2][:4] if digest else "not kept"
