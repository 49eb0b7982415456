"""The sections of a comparison: params, metrics, data, code, environment. Rows that differ come first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlexp.comparison.goals import Goal, goal_of
from mlexp.comparison.side import Side
from mlexp.dataflow.cell import peel, without_peeled
from mlexp.dataflow.constants import literal_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamRow:
    """One name, with what each side has for it as text; None where a side lacks it."""

    name: str
    values: tuple[str | None, ...]
    unknown: bool = False
    """Whether nobody can say if the sides differ: a content is not known, and what is known of it is equal."""

    @property
    def differs(self) -> bool:
        """Whether the sides differ."""
        return not self.unknown and len(set(self.values)) > 1


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
        """Whether the sides differ; NaN equals NaN here, and 1 equals 1.0."""
        return len({"nan" if value is not None and value != value else value for value in self.values}) > 1

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

    @property
    def n_unknown(self) -> int:
        """Of how many rows nobody can say it."""
        return sum(row.unknown for row in self.rows)


def param_rows(sides: Sequence[Side]) -> tuple[ParamRow, ...]:
    """Return the params of all sides, dicts of settings leaf by leaf."""
    return _rows(
        [
            {name: literal_of(value) for param in side.run.params for name, value in leaves_of(param.name, param.value)}
            for side in sides
        ]
    )


def leaves_of(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the leaves of a param: `cfg.opt.lr` of a dict in a dict; of any other the param itself."""
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        for key, inner in value.items():
            yield from leaves_of(f"{name}.{key}", inner)
    else:
        yield name, value


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
    """Return what each side read: extent and as many digits of the digest as tell the sides apart, at least four."""
    columns: list[dict[str, tuple[str, str | None]]] = []
    for side in sides:
        column = {file.path: (f"{file.size_bytes:,} bytes", _hex(file.digest)) for file in side.inputs}
        column |= {record.name: (record.summary, _hex(record.digest)) for record in side.run.data}
        columns.append(column)
    return _ordered(_data_row(name, [column.get(name) for column in columns]) for name in _names(columns))


def _data_row(name: str, known: Sequence[tuple[str, str | None] | None]) -> ParamRow:
    extents = {None if one is None else one[0] for one in known}
    digests = {one[1] for one in known if one is not None}
    told = [digest for digest in digests if digest is not None]
    n = next(n for n in range(4, 65) if len({digest[:n] for digest in told}) == len(told) or n == 64)
    return ParamRow(
        name=name,
        values=tuple(one and f"{one[0]} {one[1][:n] if one[1] else 'not kept'}".strip() for one in known),
        unknown=None in digests and len(extents) == 1 and len(told) < 2,
    )


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


def _rows(columns: Sequence[Mapping[str, str]]) -> tuple[ParamRow, ...]:
    return _ordered(
        ParamRow(name=name, values=tuple(column.get(name) for column in columns)) for name in _names(columns)
    )


def _ordered(rows: Iterable[ParamRow]) -> tuple[ParamRow, ...]:
    return tuple(sorted(rows, key=lambda row: (not row.differs, not row.unknown)))


def _names(columns: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for column in columns for name in column))


def _hex(digest: str | None) -> str | None:
    return digest.partition(":")[2] if digest else None
