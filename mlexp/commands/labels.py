"""What people call runs and say of them: `tag`, `note`, `rename`, `alias`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from mlexp.commands.base import Answer, Command, Context
from mlexp.project import Run
from mlexp.render.text import clean


def _run_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="RUN", help="r3, a name, @last, @best:METRIC, @ALIAS")


def _tag_arguments(parser: argparse.ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument("tags", nargs="+", metavar="TAG", help="a word")
    parser.add_argument("--remove", action="store_true", help="take them away")


def _tag(context: Context, words: argparse.Namespace) -> Answer:
    run = context.project.find(words.reference)
    context.project.tag(run.record, words.tags, remove=words.remove)
    labels = context.project.store.labels(run.record.id)
    return _answer(run, f"tags: {', '.join(labels.tags) or 'none'}", tags=list(labels.tags))


def _note_arguments(parser: argparse.ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument("text", metavar="TEXT", help='the note, "quoted" if it has spaces; "" takes it away')


def _note(context: Context, words: argparse.Namespace) -> Answer:
    run = context.project.find(words.reference)
    store = context.project.store
    store.put_labels(replace(store.labels(run.record.id), note=words.text))
    return _answer(run, f"note: {words.text or 'none'}", note=words.text)


def _rename_arguments(parser: argparse.ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument("name", metavar="NAME", help="what it is called from now on")


def _rename(context: Context, words: argparse.Namespace) -> Answer:
    run = context.project.find(words.reference)
    context.project.rename(run.record, words.name)
    return _answer(run, f"name: {words.name or 'none'}", name=words.name)


def _alias_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a word; @NAME then stands for the run in its experiment")
    _run_argument(parser)


def _alias(context: Context, words: argparse.Namespace) -> Answer:
    run = context.project.find(words.reference)
    context.project.set_alias(words.name, run.record)
    name = words.name.removeprefix("@")
    return _answer(run, f"@{name} stands for it in {run.experiment}", alias=name, experiment=run.experiment)


def _answer(run: Run, text: str, **fields: Any) -> Answer:
    return Answer(text=f"{run.ref} {clean(text)}", json={"run": run.ref, **fields})


TAG = Command(
    name="tag",
    summary="Give a run tags, or take some away.",
    arguments=_tag_arguments,
    run=_tag,
    magic=False,
    examples=("r3 good", "r3 good --remove"),
)
NOTE = Command(
    name="note",
    summary="Set a run's note.",
    arguments=_note_arguments,
    run=_note,
    magic=False,
    examples=('r3 "with the new split"',),
)
RENAME = Command(
    name="rename",
    summary="Call a run otherwise.",
    arguments=_rename_arguments,
    run=_rename,
    magic=False,
    examples=("r3 deeper",),
)
ALIAS = Command(
    name="alias",
    summary="Let @NAME stand for a run; cards compare with @baseline.",
    arguments=_alias_arguments,
    run=_alias,
    magic=False,
    examples=("baseline r3",),
)
