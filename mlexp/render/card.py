"""The run card under a tracked cell: static HTML with inline styles and no script, and the same as text.

Without its styles it is still complete and in order. Colours come from the page; where it has none, from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from html import escape

from mlexp.comparison import MetricRow, ParamRow, Side, metric_rows, param_rows
from mlexp.comparison.numbers import formatted, seconds, signed
from mlexp.comparison.sections import data_rows
from mlexp.records import ParamOrigin
from mlexp.render.styles import BADGE, BOX, CELL, DIM, HEAD, TABLE
from mlexp.render.text import clean, cut

_MAX_METRICS = 6
_MAX_CHARACTERS = 60
_MAX_NAME = 30
_WORST = "color:var(--jp-error-color1,var(--vscode-errorForeground,#c62828))"

Line = tuple[str, str, str]
"""A line of the card: its head, its HTML and its text."""


def run_card(
    side: Side, before: Side | None, *, state: str, first: bool, goals: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the card as HTML and as text.

    Args:
        side: The run.
        before: The run that differences are taken against; None for the first.
        state: The run's state in one word.
        first: Whether it is the store's first run: then the card says what to do next.
        goals: What was said of metrics.
    """
    run = side.run
    ended = f"{run.status} {'in' if run.status == 'finished' else 'after'} {seconds(run.elapsed_s or 0.0)}"
    against = f", vs {before.run.reference}, one run each" if before else ""
    clock = f"{run.started.astimezone():%H:%M}"
    lines = list(_lines(side, before, goals=goals, first=first))
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{HEAD}">{escape(head)}</th>'
        f'<td style="{CELL}">{html}</td></tr>'
        for head, html, _ in lines
    )
    name = cut(clean(side.labels.name), _MAX_CHARACTERS)
    title = f"<b>{escape(run.reference)}</b>&nbsp; {escape(name)} &nbsp;"
    html = (
        f'<div role="region" aria-label="Run {escape(run.reference)}" style="{BOX}">\n'
        f'<div style="display:flex;flex-wrap:wrap;align-items:center">{title}{_dim(ended)}'
        f'<span style="flex:1"></span> {_dim(clock + against)} <span style="{BADGE}">{escape(state)}</span></div>\n'
        f'<table style="{TABLE}">'
        f"{rows}</table></div>"
    )
    text = [f"{run.reference}  {name}  {ended} · {state} · {clock}{against}".replace("    ", "  ")]
    text += [f"{head:<8} {line}" for head, _, line in lines]
    return html, "\n".join(text)


def run_notice(message: str) -> tuple[str, str]:
    """Return what stands in a card's place where there is no run to show, as HTML and as text."""
    text = f"mlexp: {clean(message)}"
    return f'<div role="alert" style="{BOX}">{escape(text)}</div>', text


def _lines(side: Side, before: Side | None, *, goals: Mapping[str, str] | None, first: bool) -> Iterator[Line]:
    run = side.run
    if run.error is not None:
        where = f" line {run.error.line}" if run.error.line else ""
        kind, message = cut(clean(run.error.type), _MAX_CHARACTERS), cut(clean(run.error.message), 300)
        yield (
            "error",
            f'<b style="{_WORST}">{escape(kind)}</b>: {escape(message)}{where}',
            f"{kind}: {message}{where}",
        )
    sides = [before, side] if before else [side]
    yield from _metric_line(metric_rows(sides, goals=goals), run_failed=run.status != "finished")
    if run.params or (before and before.run.params):
        of_models = {p.name for each in sides for p in each.run.params if p.origin is ParamOrigin.ESTIMATOR}
        yield _changes("params", param_rows(sides), of_models)
    if run.data or (before and before.run.data):
        yield _changes("data", data_rows(sides))
    if run.timings:
        text = " · ".join(f"{_name(timing.name)} {formatted(timing.value)}" for timing in run.timings)
        yield "timings", _dim(text), text
    if run.clean_notes:
        head = "dirty" if run.clean is False else "clean?"
        text = cut(clean("; ".join(run.clean_notes)), 300)
        yield head, _code_of(text) if run.clean is False else _dim(text), text
    for note in run.notes:
        text = cut(clean(note), 300)
        yield "note", escape(text), text
    if first:
        name = run.reference
        code = [f"%export {name} -o train.py", "%runs"]
        yield (
            "next",
            f"Change a value and run the cell again: the card then shows what changed. "
            f"<code>{code[0]}</code> writes a script and proves it; <code>{code[1]}</code> lists all runs.",
            f"Change a value and run the cell again. {code[0]} writes and proves a script; {code[1]} lists all runs.",
        )


def _metric_line(rows: Sequence[MetricRow], *, run_failed: bool) -> Iterator[Line]:
    mine = [row for row in rows if row.values[-1] is not None]
    if not mine:
        if not run_failed:
            text = "none found: bind a number to a name, add -m NAME to %%track, or call mlexp.log(NAME=value)"
            yield "metrics", _dim(text), text
        return
    blocks, texts = [], []
    for row in mine[:_MAX_METRICS]:
        known = [value for value in row.values if value is not None]
        value = formatted(known[-1], like=known)
        change = _change(row, known)
        blocks.append(
            f'<div style="min-width:106px;white-space:nowrap">{_dim(_name(row.name))} '
            f'<b style="display:block">{value}</b> {escape(change[0])} {_dim(change[1])}</div>'
        )
        texts.append(f"{_name(row.name)} {value} {' '.join(filter(None, change))}".strip())
    if len(mine) > _MAX_METRICS:
        rest = f"{len(mine) - _MAX_METRICS} more"
        blocks.append(_dim(rest))
        texts.append(rest)
    html = f'<div style="display:flex;flex-wrap:wrap;gap:4px 26px">{"".join(blocks)}</div>'
    yield "metrics", html, "   ".join(texts)


def _change(row: MetricRow, known: Sequence[float]) -> tuple[str, str]:
    if len(row.values) < 2:
        return "", ""
    difference = row.difference(len(row.values) - 1)
    if difference is None:
        return "", "new"
    if not row.differs:
        return "=", "equal"
    word = "higher" if difference > 0 else "lower" if difference < 0 else "differs"
    return signed(difference, like=known), word


def _changes(head: str, rows: Sequence[ParamRow], of_models: Set[str] = frozenset()) -> Line:
    """Return the line of what changed, with what did not folded away; of one side alone, all of it.

    What a model was given counts only beside a model of the same name: else the model itself is another.
    """
    htmls, texts = [], []
    alone = bool(rows) and len(rows[0].values) == 1
    unchanged, others = [], []
    for row in rows:
        name = cut(clean(row.name), _MAX_CHARACTERS)
        value = cut(clean(row.values[-1] or "gone"), _MAX_CHARACTERS)
        if row.name in of_models and (alone or None in row.values):
            if row.values[-1] is not None:
                others.append(f"{name} {value}")
        elif alone:
            value = _extent(value) if head == "data" else value
            htmls.append(f"{escape(name)} <b>{escape(value)}</b>")
            texts.append(f"{name} {value}")
        elif row.unknown:
            htmls.append(f"{escape(name)} {_dim(value)}")
            texts.append(f"{name} {value}")
        elif row.differs:
            was = "new" if row.values[0] is None else f"was {cut(clean(row.values[0]), _MAX_CHARACTERS)}"
            htmls.append(f"{escape(name)} <b>{escape(value)}</b> {_dim(was)}")
            texts.append(f"{name} {value} ({was})")
        else:
            unchanged.append(f"{name} {_extent(value) if head == 'data' else value}")
    if unchanged:
        count = f"{len(unchanged)} unchanged" if htmls else f"all {len(unchanged)} unchanged"
        htmls.append(_folded(count, unchanged))
        texts.append(count)
    if others:
        count = f"{len(others)} of the model"
        htmls.append(_folded(count, others))
        texts.append(count)
    return head, " &nbsp;·&nbsp; ".join(htmls), " · ".join(texts)


def _folded(summary: str, items: Sequence[str]) -> str:
    return (
        f'<details style="display:inline-block;vertical-align:top"><summary style="{DIM}">{escape(summary)}</summary>'
        f"{_safe(', '.join(items))}</details>"
    )


def _extent(value: str) -> str:
    """Return what was read without the digits of its digest, which tell something only beside others."""
    return re.sub(r" [0-9a-f]{4,64}$", "", value)


def _code_of(text: str) -> str:
    """Return a text as HTML, with what stands in backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 and i < len(parts) - 1 else part for i, part in enumerate(parts))


def _name(text: str) -> str:
    return cut(clean(text), _MAX_NAME)


def _dim(text: str) -> str:
    return f'<span style="{DIM}">{_safe(text)}</span>' if text else ""


def _safe(text: str) -> str:
    return escape(clean(text))
