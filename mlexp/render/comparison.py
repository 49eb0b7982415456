"""A comparison as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from mlexp.comparison import Compared, ParamRow, Section, Side
from mlexp.comparison.numbers import formatted, seconds, signed
from mlexp.render.text import clean, cut, table

_WIDTH = 40
_NAME_WIDTH = 60
_WORD = {True: "higher", False: "lower"}


def comparison_text(compared: Compared, *, show_all: bool = False, width: int = _WIDTH) -> str:
    """Return the sentence, the sides, and a table a section; what is equal is counted, or shown with `show_all`."""
    parts = [f" {clean(compared.sentence)}", _sides(compared)]
    references = [side.run.reference for side in compared.sides]
    parts.append(_section(compared.params, references, show_all=show_all, width=width))
    parts.append(_metrics(compared, references, show_all=show_all))
    parts.append(_code(compared))
    parts.append(_section(compared.data, references, show_all=show_all, width=width))
    parts.append(_section(compared.environment, references, show_all=show_all, width=width))
    if not show_all:
        parts.append(" Equal ones are folded away: --all shows them.")
    return "\n\n".join(part for part in parts if part)


def _sides(compared: Compared) -> str:
    rows = []
    for i, side in enumerate(compared.sides):
        duration = seconds(side.run.elapsed_s) if side.run.elapsed_s is not None else ""
        mark = "baseline" if i == compared.baseline else ""
        started = f"{side.run.started.astimezone():%Y-%m-%d %H:%M}"
        rows.append([side.run.reference, clean(side.labels.name), _state(side), started, duration, mark])
    lines = [table(["run", "name", "status", "started", "time", ""], rows, right=frozenset({4}))]
    lines += [f"{side.run.reference} is dirty: {clean('; '.join(side.run.clean_notes))}" for side in _dirty(compared)]
    return "\n".join(lines)


def _dirty(compared: Compared) -> list[Side]:
    """Return the sides that a run of their notebook from the top would not give again."""
    return [side for side in compared.sides if side.run.clean is False]


def _state(side: Side) -> str:
    word = {True: ", clean", False: ", dirty", None: ""}[side.run.clean]
    return f"{side.run.status}{word}"


def _metrics(compared: Compared, references: Sequence[str], *, show_all: bool) -> str:
    shown = [row for row in compared.metrics if row.differs or show_all]
    heading = f"Metrics, {_counted(compared.n_metrics_differ, len(compared.metrics))}"
    if not shown:
        return heading
    pair = len(references) == 2
    rows = []
    for row in shown:
        known = [value for value in row.values if value is not None]
        line = [f"{cut(clean(row.name), _NAME_WIDTH)} {row.goal or ''}".strip()]
        line += ["–" if value is None else formatted(value, like=known) for value in row.values]
        if pair:
            difference = row.difference(1 - row.baseline)
            if difference is None or not row.differs:
                line.append("")
            else:
                word = _WORD[difference > 0] if difference == difference and difference else "differs"
                line.append(f"{signed(difference, like=known)} {word}")
        rows.append(line)
    head = ["", *references, *(["difference"] if pair else [])]
    return f"{heading}\n{table(head, rows, right=frozenset(range(1, len(references) + 1)))}"


def _section(section: Section, references: Sequence[str], *, show_all: bool, width: int) -> str:
    shown: list[ParamRow] = [row for row in section.rows if row.differs or row.unknown or show_all]
    heading = f"{section.title}, {_counted(section.n_differ, len(section.rows), section.n_unknown)}"
    if not shown:
        return heading
    rows = [
        [cut(clean(row.name), _NAME_WIDTH), *(cut(clean(value or "–"), width) for value in row.values)] for row in shown
    ]
    return f"{heading}\n{table(['', *references], rows)}"


def _code(compared: Compared) -> str:
    if not compared.code and compared.earlier_differ:
        return "Code of the tracked cell, equal; the earlier cells that it rests on differ"
    if not compared.code:
        return "Code of the tracked cell, equal"
    return "\n".join(
        [
            "Code of the tracked cell",
            *(f"  {'…' if line.startswith('@@') else clean(line.expandtabs(4)).rstrip()}" for line in compared.code),
        ]
    )


def _counted(n_differ: int, n: int, n_unknown: int = 0) -> str:
    if not n:
        return "none"
    counted = f"{n_differ} of {n} differ" if n_differ else f"none of {n} differ"
    return f"{counted}, {n_unknown} not known" if n_unknown else counted
