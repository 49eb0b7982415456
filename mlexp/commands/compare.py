"""`compare`."""

from __future__ import annotations

import argparse
from typing import Any

from mlexp.commands.base import Answer, Command, Context
from mlexp.comparison import Compared
from mlexp.errors import UsageError
from mlexp.render.comparison import comparison_text


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("references", nargs="*", metavar="RUN", help="r3, a name, @last, @best:METRIC; two or more")
    parser.add_argument("--where", default="", metavar="QUERY", help="the runs that a query finds, too")
    parser.add_argument("--baseline", metavar="RUN", help="what differences are taken against (default: the first)")
    parser.add_argument("--all", action="store_true", help="show what is equal, too")


def _compare(context: Context, words: argparse.Namespace) -> Answer:
    project = context.project
    found: list[Any] = list(words.references)
    if words.where:
        found += list(project.runs(words.where, experiment=context.experiment))
    if len(found) + (words.baseline is not None) < 2:
        raise UsageError("a comparison needs two runs or more, such as: r1 r2")
    compared = project.compare(found, baseline=words.baseline)
    return Answer(text=comparison_text(compared, show_all=words.all), json=compared_json(compared))


COMPARE = Command(
    name="compare",
    summary="Compare runs side by side, what differs first.",
    arguments=_arguments,
    run=_compare,
    examples=("r1 r2", "baseline @best:auc", "@last r3 --all"),
)


def compared_json(compared: Compared) -> dict[str, Any]:
    """Return a comparison as plain data, what is equal included."""
    references = [side.run.reference for side in compared.sides]

    def section(rows: Any) -> dict[str, Any]:
        return {row.name: {"differs": row.differs, **dict(zip(references, row.values, strict=True))} for row in rows}

    return {
        "sentence": compared.sentence,
        "runs": references,
        "baseline": references[compared.baseline],
        "params": section(compared.params.rows),
        "metrics": section(compared.metrics),
        "data": section(compared.data.rows),
        "environment": section(compared.environment.rows),
        "clean": {side.run.reference: side.run.clean for side in compared.sides},
        "clean_notes": {side.run.reference: list(side.run.clean_notes) for side in compared.sides},
        "code": list(compared.code),
        "earlier_cells_differ": compared.earlier_differ,
    }
