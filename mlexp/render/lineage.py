"""The history of names as text and as static HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mlexp.dataflow.document import Standing, text_of
from mlexp.dataflow.lineage import Lineage, Step, Summary
from mlexp.render.styles import BADGE, BOX, CELL, DIM, HEAD, TABLE
from mlexp.render.text import clean, cut, table

_MAX_LINES = 20
_WIDTH = 160
_WHY_WIDTH = 90
_CODE = (
    "margin:1px 0 0;padding:0;white-space:pre-wrap;overflow-wrap:anywhere;background:none;font-size:12px;"
    "font-family:var(--jp-code-font-family,var(--vscode-editor-font-family,monospace))"
)


def lineage_text(lineage: Lineage) -> str:
    """Return the executions behind a name, oldest first, with their code."""
    lines = [_summary(lineage), *(f"stale: {clean(why)}" for why in lineage.stale)]
    return "\n".join([*lines, *_steps_lines(lineage.steps)])


def steps_text(name: str, steps: Sequence[Step]) -> str:
    """Return the executions behind a run, itself the last, with their code."""
    return "\n".join([f"{clean(name)}: {_counts(Lineage(name, tuple(steps[:-1])))}", *_steps_lines(steps)])


def _steps_lines(steps: Sequence[Step]) -> list[str]:
    lines = []
    for step in steps:
        lines += ["", f"{_number(step)}  {_what(step)} · {_standing(step)}"]
        lines += [f"    {line}" for line in _code(step)]
    return lines


def lineage_html(lineage: Lineage) -> str:
    """Return the same as static HTML."""
    name = escape(clean(lineage.name))
    stale = "".join(f'<div><span style="{BADGE}">stale</span> {escape(clean(why))}</div>' for why in lineage.stale)
    steps = "".join(_step_html(step) for step in lineage.steps)
    return (
        f'<div role="region" aria-label="Lineage of {name}" style="{BOX}">'
        f'<div><b>{name}</b> &nbsp;<span style="{DIM}">{escape(_counts(lineage))}</span></div>{stale}'
        f'<ol aria-label="Executions behind {name}, oldest first" style="list-style:none;margin:6px 0 0;padding:0">'
        f"{steps}</ol></div>"
    )


def overview_text(lineages: Sequence[Summary]) -> str:
    """Return a table of names, the stale ones first as given."""
    if not lineages:
        return "No variable yet: no cell has made one."
    rows = [
        [cut(clean(each.name), 40), "stale" if each.stale else "", _makers(each), cut(_why(each), _WHY_WIDTH)]
        for each in lineages
    ]
    n = sum(bool(each.stale) for each in lineages)
    return f"{_stale_count(n, len(lineages))}\n{table(['name', '', 'made by', 'why'], rows)}"


def overview_html(lineages: Sequence[Summary]) -> str:
    """Return the same as static HTML."""
    if not lineages:
        return ""
    heads = "".join(f'<th scope="col" style="{HEAD}">{head}</th>' for head in ("name", "state", "made by", "why"))
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{HEAD};opacity:1">{escape(cut(clean(each.name), 40))}</th>'
        f'<td style="{CELL};padding-right:16px">{"<b>stale</b>" if each.stale else ""}</td>'
        f'<td style="{CELL};padding-right:16px">{escape(_makers(each))}</td>'
        f'<td style="{CELL}">{escape(_why(each))}</td></tr>'
        for each in lineages
    )
    n = sum(bool(each.stale) for each in lineages)
    return (
        f'<div role="region" aria-label="Lineage" style="{BOX}"><div>{escape(_stale_count(n, len(lineages)))}</div>'
        f'<table style="{TABLE}"><thead><tr style="background:none">{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )


def _summary(lineage: Lineage) -> str:
    return f"{clean(lineage.name)}: {_counts(lineage)}"


def _counts(lineage: Lineage) -> str:
    n, gone = len(lineage.steps), lineage.n_gone
    counted = f"{n} execution{'' if n == 1 else 's'} behind it"
    if not gone:
        return counted
    return f"{counted}, {gone} of which no longer stand{'s' if gone == 1 else ''} in the notebook"


def _stale_count(n: int, of: int) -> str:
    if not n:
        return f"None of {of} name{'' if of == 1 else 's'} is stale."
    return f"{n} of {of} {'is' if n == 1 else 'are'} stale: the cells as they stand would make something else."


def _makers(summary: Summary) -> str:
    """Return the executions that made a name, the last ones."""
    own = [f"In [{number}]" for number in summary.made_by]
    return ", ".join([f"{len(own) - 3} more", *own[-3:]] if len(own) > 4 else own)


def _why(summary: Summary) -> str:
    more = len(summary.stale) - 1
    return clean(summary.stale[0] + (f"; and {more} more" if more > 0 else "")) if summary.stale else ""


def _step_html(step: Step) -> str:
    code = escape("\n".join(_code(step)))
    return (
        f'<li style="margin:0 0 6px"><div><b>{escape(_number(step))}</b> {escape(_what(step))} '
        f'<span style="{DIM if step.standing is Standing.STANDS else BADGE}">{escape(_standing(step))}</span></div>'
        f'<pre style="{_CODE}">{code}</pre></li>'
    )


def _number(step: Step) -> str:
    return f"In [{step.execution.number}]"


def _what(step: Step) -> str:
    names = [clean(name) for name in step.makes[:6]] + ([f"{len(step.makes) - 6} more"] if len(step.makes) > 6 else [])
    verb = "makes" if step.is_sure else "may change"
    what = f"{verb} {', '.join(names)}" if names else "counts" if step.is_sure else "may count"
    files = [clean(file.path) for file in step.execution.inputs][:3]
    return f"{what}, reads {', '.join(files)}" if files else what


def _standing(step: Step) -> str:
    word = {Standing.UNKNOWN: "not known whether it stands"}.get(step.standing, str(step.standing))
    if step.standing is Standing.STANDS and step.again:
        return f"{word}, ran again at {', '.join(f'In [{n}]' for n in step.again[:4])}"
    if not step.execution.observed:
        return f"{word}, ran before mlexp was loaded"
    return word


def _code(step: Step) -> list[str]:
    """Return the lines of an execution's cell, without control characters."""
    lines = [cut(clean(line.expandtabs(4)), _WIDTH) for line in text_of(step.execution.source).split("\n")]
    more = len(lines) - _MAX_LINES
    return [*lines[:_MAX_LINES], f"… {more} more line{'' if more == 1 else 's'}"] if more > 0 else lines
