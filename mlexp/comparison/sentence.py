"""The sentence on top of a comparison: what differs, and how far apart the first metric is.

From one run each nothing can be called better: the words are "higher" and "lower".
"""

from __future__ import annotations

from collections.abc import Sequence

from mlexp.comparison.numbers import formatted, signed
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
    earlier_differ: bool = False,
    baseline: int = 0,
) -> str:
    """Return the sentence for two sides, or for several."""
    parts = [_what_differs(params, data, code_differs=code_differs, earlier_differ=earlier_differ)]
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


def _what_differs(
    params: Sequence[ParamRow], data: Sequence[ParamRow], *, code_differs: bool, earlier_differ: bool
) -> str:
    differ = [row.name for row in params if row.differs]
    other_data = [row.name for row in data if row.differs]
    unknown = [row.name for row in data if row.unknown]
    code = "tracked cell" if earlier_differ else "code"
    equal = {"params": not differ, code: not code_differs, "data": not other_data and not unknown}
    same = [word for word, holds in equal.items() if holds]
    parts = []
    if same:
        parts.append(f"Same {_listed(same)}.")
    if differ:
        parts.append(f"{_listed(differ)} {'differs' if len(differ) == 1 else 'differ'}.")
    if other_data:
        parts.append(f"Data differs: {_listed(other_data)}.")
    if unknown:
        parts.append(f"Whether {_listed(unknown)} differs is not known: not kept.")
    if code_differs and not differ:
        parts.append("Code differs.")
    if earlier_differ and not differ:
        parts.append("Earlier cells differ.")
    return " ".join(parts)


def _first_metric(sides: Sequence[Side], row: MetricRow, baseline: int) -> str:
    other = 1 - baseline
    value, base = row.values[other], row.values[baseline]
    if value is None or base is None:
        lacking = sides[other if value is None else baseline]
        return f"{lacking.run.reference} has no {row.name}."
    if not row.differs:
        return f"{row.name} is equal."
    difference = value - base
    here, there = sides[other].run.reference, sides[baseline].run.reference
    if difference != difference:
        shown, beside = formatted(value, like=[base]), formatted(base, like=[value])
        return f"{here} reads {shown} on {row.name}, {there} {beside}; one run each."
    word = "higher" if difference > 0 else "lower"
    return f"{here} reads {signed(difference, like=[base, value])} {word} on {row.name}; one run each."


def _range(sides: Sequence[Side], row: MetricRow) -> str:
    if not row.differs:
        return f"{row.name} is equal."
    found = [
        (value, side.run.reference)
        for value, side in zip(row.values, sides, strict=True)
        if value is not None and value == value
    ]
    top, bottom = (choose(found, key=lambda pair: pair[0], default=None) for choose in (max, min))
    if top is None or bottom is None or top[0] == bottom[0]:
        return f"{row.name} differs."
    return f"{row.name} is highest in {top[1]} and lowest in {bottom[1]}; one run each."


def _listed(names: Sequence[str]) -> str:
    if len(names) > _FEW + 1:
        return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
