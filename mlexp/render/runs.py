"""The table of runs: reference, name, state, metrics, the params that vary, duration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlexp.comparison import Side, goal_of, metric_rows, param_rows
from mlexp.comparison.numbers import formatted, seconds
from mlexp.records import RunRecord
from mlexp.render.text import clean, cut, table

_MAX_METRICS = 4
_MAX_PARAMS = 5


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
        metrics, params = metrics[:_MAX_METRICS], params[:_MAX_PARAMS]
    head = ["run", "name", "state"]
    head += [f"{row.name} {goal_of(row.name, goals) or ''}".strip() for row in metrics]
    head += [row.name for row in params] + ["time"]
    limit = 10_000 if wide else 16
    rows = []
    for i, side in enumerate(sides):
        row = [side.run.reference, cut(clean(side.labels.name), 24 if not wide else limit), states[side.run.id]]
        for metric in metrics:
            value = metric.values[i]
            beside = [other for other in metric.values if other is not None]
            row.append("–" if value is None else formatted(value, like=beside))
        row += [cut(clean(param.values[i] or "–"), limit) for param in params]
        row.append(seconds(side.run.elapsed_s) if side.run.elapsed_s is not None else "")
        rows.append(row)
    right = frozenset(range(3, 3 + len(metrics))) | {len(head) - 1}
    same = [f"{row.name} {cut(clean(row.values[0] or '–'), limit)}" for row in param_rows(sides) if not row.differs]
    lines = [table(head, rows, right=right)]
    if same and len(sides) > 1:
        lines.append(cut(f"the same in all: {', '.join(same)}", 10_000 if wide else 110))
    return "\n".join(lines)


def state_of(run: RunRecord, verdict: str | None) -> str:
    """Return a run's state in one word: the gravest that holds."""
    if run.status != "finished":
        return str(run.status)
    return {"reproduced": "proven", None: "finished"}.get(verdict, str(verdict))
