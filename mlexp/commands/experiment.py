"""`experiment`."""

from __future__ import annotations

import argparse

from mlexp.commands.base import Answer, Command, Context
from mlexp.errors import RunNotFoundError, UsageError
from mlexp.render.text import clean, table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", default="list", choices=("list", "mv"), help="list them, or rename one")
    parser.add_argument("names", nargs="*", metavar="NAME", help="for mv: the old name and the new one")


def _experiment(context: Context, words: argparse.Namespace) -> Answer:
    if words.action == "mv":
        return _move(context, words.names)
    if words.names:
        raise UsageError(f"experiment list takes no name, and was given {' '.join(words.names)}")
    counts = context.project.store.experiments()
    rows = [(clean(name), str(n)) for name, n in counts.items()]
    text = table(("experiment", "runs"), rows, right=frozenset({1})) if rows else "No runs yet."
    return Answer(text=text, json=[{"experiment": name, "runs": n} for name, n in counts.items()])


def _move(context: Context, names: list[str]) -> Answer:
    if len(names) != 2 or not all(names):
        raise UsageError("experiment mv takes two names: the old one and the new one, such as: mv old.ipynb new.ipynb")
    old, new = names
    store = context.project.store
    counts = store.experiments()
    if old not in counts:
        raise RunNotFoundError.among_experiments(old, list(counts))
    n = store.move_experiment(old, new)
    if context.project.experiment == old:
        context.project.experiment = new
    joined = f", which had {counts[new]}" if new in counts and new != old else ""
    text = f"{n} run{'' if n == 1 else 's'} of {clean(old)} {'is' if n == 1 else 'are'} now in {clean(new)}{joined}"
    return Answer(text=text, json={"old": old, "new": new, "runs": n})


EXPERIMENT = Command(
    name="experiment",
    summary="List the experiments, or rename one: a notebook that was moved takes its runs along.",
    arguments=_arguments,
    run=_experiment,
    examples=("list", "mv old.ipynb new.ipynb"),
)
