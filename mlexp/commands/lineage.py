"""`lineage`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mlexp.commands.base import Answer, Command, Context
from mlexp.errors import RunNotFoundError, UsageError

if TYPE_CHECKING:  # with the analysis of sessions, which loading mlexp must not wait for
    from mlexp.dataflow.lineage import Lineage, Step
    from mlexp.project.lineage import LineageOf


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[RUN] NAME",
        help="a variable; behind a run (r3, a name, @last), as it was when that run ended; without a variable, all",
    )


def _lineage(context: Context, words: argparse.Namespace) -> Answer:
    from mlexp.render.lineage import lineage_html, lineage_text, overview_html, overview_text

    found, name = _asked(context, words.words)
    if name is None:
        lineages = found.all()
        return Answer(
            text=overview_text(lineages),
            html=overview_html(lineages),
            json=[{"name": each.name, "made_by": list(each.made_by), "stale": list(each.stale)} for each in lineages],
        )
    lineage = found[name]
    return Answer(text=lineage_text(lineage), html=lineage_html(lineage), json=lineage_json(lineage))


def _asked(context: Context, words: list[str]) -> tuple[LineageOf, str | None]:
    """Return the session that is asked about, and the name; None: all names. One word may be a name or a run."""
    from mlexp.project.lineage import lineage_at_work

    project = context.project
    if len(words) > 2:
        raise UsageError(f"lineage takes a variable, or a run and a variable, and got {' '.join(words)!r}")
    if len(words) == 2:
        return project.find(words[0]).lineage, words[1]
    at_work = lineage_at_work(project)
    if words and words[0] not in at_work:
        try:
            return project.find(words[0]).lineage, None
        except RunNotFoundError:
            pass
    return at_work, words[0] if words else None


def lineage_json(lineage: Lineage) -> dict[str, Any]:
    """Return a history as plain data."""
    return {
        "name": lineage.name,
        "stale": list(lineage.stale),
        "executions": [_step_json(step) for step in lineage.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "number": step.execution.number,
        "index": step.execution.index,
        "standing": str(step.standing),
        "makes": list(step.makes),
        "sure": step.is_sure,
        "ran_again": list(step.again),
        "source": step.execution.source,
    }


LINEAGE = Command(
    name="lineage",
    summary="Show which executions made a variable what it is, and which of them no longer stand in the notebook.",
    arguments=_arguments,
    run=_lineage,
    examples=("", "X_train", "r3 X_train"),
)
