"""The sentence on top of a comparison: what differs, and how far apart the first metric is.

From one run each nothing can be called better: the words are "higher" and "lower".
"""

from __future__ import annotations

from collections.abc import Sequence

from mlexp.comparison.numbers import signed
from mlexp.comparison.sections import MetricRow, ParamRow
from mlexp.comparison.side import Side

_FEW = 3


def sentence_of(
    sides: Sequence[Side],
    *,
    params: Sequence[ParamRow],
    metrics: Sequence[MetricRow],
    data: Sequence[ParamRow],
    code_differs: bool,
    baseline: int = 0,
) -> str:
    """Return the sentence for two sides, or for several."""
    parts = [_what_differs(params, data, code_differs=code_differs)]
    failed = [side for side in sides if side.run.status != "finished"]
    if failed:
        parts.append("; ".join(f"{side.run.reference} {side.run.status}" for side in failed) + ".")
    if metrics and len(sides) == 2:
        parts.append(_first_metric(sides, metrics[0], baseline))
    elif metrics:
        parts.append(_range(sides, metrics[0]))
    else:
        parts.append("No metrics were found: bind a number, or name one with -m.")
    return " ".join(part for part in parts if part)


def _what_differs(params: Sequence[ParamRow], data: Sequence[ParamRow], *, code_differs: bool) -> str:
    differ = [row.name for row in params if row.differs]
    other_data = [row.name for row in data if row.differs]
    same = [
        word for word, equal in (("params", not differ), ("code", not code_differs), ("data", not other_data)) if equal
    ]
    parts = []
    if same:
        parts.append(f"Same {_listed(same)}.")
    if differ:
        parts.append(f"{_listed(differ)} {'differs' if len(differ) == 1 else 'differ'}.")
    if other_data:
        parts.append(f"Data differs: {_listed(other_data)}.")
    if code_differs and not differ:
        parts.append("Code differs.")
    return " ".join(parts)


def _first_metric(sides: Sequence[Side], row: MetricRow, baseline: int) -> str:
    other = 1 - baseline
    difference = row.difference(other)
    if difference is None:
        lacking = sides[baseline if row.values[baseline] is None else other]
        return f"{lacking.run.reference} has no {row.name}."
    if not row.differs:
        return f"{row.name} is equal."
    amount = signed(difference, like=[value for value in row.values if value is not None])
    word = "higher" if difference > 0 else "lower" if difference < 0 else "different"
    return f"{sides[other].run.reference} reads {amount} {word} on {row.name}; one run each."


def _range(sides: Sequence[Side], row: MetricRow) -> str:
    found = [(value, side.run.reference) for value, side in zip(row.values, sides, strict=True) if value is not None]
    if not found:
        return ""
    top, bottom = max(found), min(found)
    return f"{row.name} is highest in {top[1]} and lowest in {bottom[1]}; one run each."


def _listed(names: Sequence[str]) -> str:
    if len(names) > _FEW + 1:
        return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
