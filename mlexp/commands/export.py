"""`export` and `verify`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlexp.commands.base import Answer, Command, Context, Status
from mlexp.commands.runs import proof_text
from mlexp.comparison.numbers import seconds
from mlexp.live import environ_at_load
from mlexp.project import Run
from mlexp.records import Verdict
from mlexp.records.documents import to_document

if TYPE_CHECKING:  # the pipeline is loaded by the first export, not with the extension
    from mlexp.pipeline.export import Exported, Options, Step, Tell

_STATUS = {
    Verdict.REPRODUCED: Status.YES,
    Verdict.NOT_REPRODUCED: Status.NO,
    Verdict.NOT_VERIFIED: Status.COULD_NOT_TELL,
}


def _proof_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="RUN", help="r3, a name, @last, @best:METRIC")
    parser.add_argument(
        "--allow-network", action="store_true", help="let the script use the network while it is proven"
    )
    parser.add_argument(
        "--allow-writes",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="let it write there while it is proven",
    )


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _proof_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="PATH", help="the script's file (default: the run's name)")
    parser.add_argument("--no-verify", action="store_true", help="write it unproven")
    parser.add_argument("--force", action="store_true", help="overwrite a file that is not an unchanged export")


def _options(context: Context, words: argparse.Namespace) -> Options:
    from mlexp.pipeline.export import Options

    return Options(
        verify=not getattr(words, "no_verify", False),
        network=words.allow_network,
        writable=tuple(folder.expanduser().absolute() for folder in words.allow_writes),
        limit_s=float(context.project.settings.proof_limit_s),
        environ=environ_at_load(),
        redactor=context.project.redactor,
    )


def _export(context: Context, words: argparse.Namespace) -> Answer:
    from mlexp.pipeline.export import export

    run = context.project.find(words.reference)
    path = words.output or Path(f"{_file_stem(run)}.py")
    tell = _teller(context)
    found = export(
        context.project.store, context.project.blobs, run.record, path, options=_options(context, words), tell=tell,
        force=words.force,
    )  # fmt: skip
    return _answer(run, found)


def _verify(context: Context, words: argparse.Namespace) -> Answer:
    from mlexp.pipeline.export import verify

    run = context.project.find(words.reference)
    project = context.project
    found = verify(project.store, project.blobs, run.record, options=_options(context, words), tell=_teller(context))
    return _answer(run, found)


def _answer(run: Run, found: Exported) -> Answer:
    proof, clean = found.proof, found.clean
    lines = [proof_text(proof) if proof is not None else "Not proven, as --no-verify asked."]
    lines[0] = lines[0][:1].upper() + lines[0][1:]
    if clean is not None and clean.status != 0:
        lines += [f"    {line}" for line in clean.stderr.strip().splitlines()[-6:]]
    refused, started = (clean.refused, clean.started) if clean is not None else ((), ())
    lines += [f"Refused meanwhile: {what}" for what in refused]
    lines += [f"Started by it: {command} (what that was refused is not seen)" for command in started]
    if found.path is not None:
        lines.append(f"{found.path}    python {found.path.name} --help")
    document = {
        "run": run.ref,
        "path": str(found.path) if found.path else None,
        "bundle": str(found.bundle) if found.bundle else None,
        "proof": to_document(proof) if proof else None,
        "refused": list(refused),
        "started": list(started),
    }
    return Answer(text="\n".join(lines), json=document, status=_STATUS[proof.verdict] if proof else Status.YES)


def _teller(context: Context) -> Tell:
    def tell(step: Step) -> None:
        if step.done:
            context.progress("")
            context.say(f" ✓ {step.name:<8} {step.text:<58} {seconds(step.elapsed_s):>8}")
        else:
            context.progress(
                f" ◔ {step.name:<8} {step.text:<58} {seconds(step.elapsed_s) if step.elapsed_s else '':>8}"
            )

    return tell


def _file_stem(run: Run) -> str:
    return re.sub(r"\W+", "_", run.name).strip("_") or run.ref


EXPORT = Command(
    name="export",
    summary="Write a run as a script and prove it: run in a clean process, same numbers to the last bit.",
    arguments=_export_arguments,
    run=_export,
    examples=("r3 -o train.py", "@best:auc", "r3 -o train.py --no-verify"),
)
VERIFY = Command(
    name="verify",
    summary="Run a run's script in a clean process and say what was reproduced.",
    arguments=_proof_arguments,
    run=_verify,
    examples=("r3",),
)
