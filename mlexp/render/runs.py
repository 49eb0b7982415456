"""The table of runs: reference, name, state, metrics, the params that vary, duration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlexp.comparison import MetricRow, Side, goal_of, metric_rows, param_rows
from mlexp.comparison.numbers import formatted, seconds
from mlexp.records import RunRecord
from mlexp.render.text import clean, cut, table

_MAX_METRICS = 4
_WIDTH = 104


def runs_table(
    sides: Sequence[Side], *, states: Mapping[str, str], goals: Mapping[str, str] | None = None, wide: bool = False
) -> str:
    """Return the table, newest first as given.

    Args:
        sides: The runs.
        states: The state of each, by its id.
        goals: What was said of metrics.
        wide: Whether all metrics and params are shown, uncut.
    """
    if not sides:
        return "No runs yet. Put %%track on the first line of a cell and run it."
    metrics = metric_rows(sides, goals=goals)
    params = [row for row in param_rows(sides) if row.differs]
    if not wide:
        metrics = metrics[:_MAX_METRICS]
    limit = 10_000 if wide else 16
    columns = [
        ["run", *(side.run.reference for side in sides)],
        ["name", *(cut(clean(side.labels.name), limit) for side in sides)],
        ["state", *(states[side.run.id] for side in sides)],
        *(_metric_column(row, goals, limit) for row in metrics),
        ["time", *(seconds(s.run.elapsed_s) if s.run.elapsed_s is not None else "" for s in sides)],
    ]
    if len({side.run.experiment for side in sides}) > 1:
        columns.insert(2, ["experiment", *(cut(clean(side.run.experiment), 2 * limit) for side in sides)])
    first = columns.index(next(column for column in columns if column[0] == "state")) + 1
    left_out = []
    for param in params:  # the params that vary, as many as there is room for
        column = [cut(clean(param.name), limit), *(cut(clean(value or "–"), limit) for value in param.values)]
        if wide or _width([*columns, column]) <= _WIDTH:
            columns.insert(-1, column)
        else:
            left_out.append(column[0])
    right = frozenset(range(first, first + len(metrics))) | {len(columns) - 1}
    head, *rows = zip(*columns, strict=True)
    lines = [table(head, rows, right=right)]
    if left_out:
        lines.append(f"also differing, in --wide: {', '.join(left_out)}")
    same = [
        f"{cut(clean(row.name), limit)} {cut(clean(row.values[0] or '–'), limit)}"
        for row in param_rows(sides)
        if not row.differs
    ]
    if same and len(sides) > 1:
        lines.append(cut(f"the same in all: {', '.join(same)}", 10_000 if wide else _WIDTH))
    return "\n".join(lines)


def _metric_column(row: MetricRow, goals: Mapping[str, str] | None, limit: int) -> list[str]:
    known = [value for value in row.values if value is not None]
    head = f"{cut(clean(row.name), limit)} {goal_of(row.name, goals) or ''}".strip()
    return [head, *("–" if value is None else formatted(value, like=known) for value in row.values)]


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) + 2 for column in columns) - 2


_VERDICTS = {"reproduced": "proven"}


def state_of(run: RunRecord, verdict: str | None) -> str:
    """Return a run's state in one word: the gravest that holds."""
    if run.status != "finished":
        return str(run.status)
    if verdict in ("not reproduced", "not verified"):
        return verdict
    if run.clean is False:
        return "dirty"
    if verdict is not None:
        return _VERDICTS.get(verdict, verdict)
    return "clean" if run.clean else "finished"
