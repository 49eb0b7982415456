"""A figure and its reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, in milliseconds, beside what it is held against."""

    what: str
    times_ms: Sequence[float]
    reference: str
    reference_ms: Sequence[float]
    goal: str


def as_table(figures: Sequence[Figure]) -> str:
    rows = [
        "| what | ms | 99th percentile | reference | ms | difference | ratio | goal |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for figure in figures:
        own, other = median(figure.times_ms), median(figure.reference_ms)
        rows.append(
            f"| {figure.what} | {own:.2f} | {_percentile(figure.times_ms):.2f} | {figure.reference} | {other:.2f} "
            f"| {own - other:+.2f} | {own / other:.2f} | {figure.goal} |"
        )
    return "\n".join(rows)


def _percentile(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]
