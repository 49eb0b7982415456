"""Export and verify: build the script, prove it, and write it whole or not at all."""

from __future__ import annotations

import ast
import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlexp.config import Variables
from mlexp.dataflow.slice import Slice
from mlexp.errors import ExportError
from mlexp.pipeline.build import build_script
from mlexp.pipeline.bundle import input_digests, secrets_of_modules, write_bundle
from mlexp.pipeline.clean import CleanRun, run_clean
from mlexp.pipeline.emit import emit
from mlexp.pipeline.metadata import needed_packages
from mlexp.pipeline.passes import ALL, CAUTIOUS
from mlexp.pipeline.place import bundle_of, checked_path, sealed
from mlexp.pipeline.proof import prove
from mlexp.pipeline.script import Pass, Script
from mlexp.pipeline.search import cautious_slice, find_slice
from mlexp.records import Execution, MetricOrigin, Package, Proof, RunRecord, Verdict
from mlexp.redaction import Redactor
from mlexp.snapshot import BlobStore
from mlexp.storage import RunStore

_LEAST_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a script is proven."""

    verify: bool = True
    network: bool = False
    writable: tuple[Path, ...] = ()
    limit_s: float = 0.0
    """0: ten times the recorded duration, at least a minute."""
    environ: Mapping[str, str] | None = None
    """The environment that a clean process starts from, but for secrets; None: this process's."""
    redactor: Redactor | None = None
    """Knows the kernel's secrets; None: those of this process's environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was taken or is under way."""

    name: str
    text: str
    elapsed_s: float
    done: bool = True


Tell = Callable[[Step], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A script, its text, and its proof if there is one."""

    script: Script
    text: str
    proof: Proof | None
    path: Path | None = None
    """Where it was written; None when it was only verified."""
    bundle: Path | None = None
    clean: CleanRun | None = None
    """The first run in a clean process; None without a proof."""


def verify(
    store: RunStore, blobs: BlobStore, run: RunRecord, *, options: Options, tell: Tell, file: str = "script.py"
) -> Exported:
    """Prove a run's script without writing it; the proof is kept with the run.

    Raises:
        ExportError: There is no script for this run.
    """
    executions = store.executions(run.session_id, stop=run.execution + 1)
    if not executions or executions[-1].index != run.execution:
        raise ExportError(f"{run.reference}: its execution is not in the store, so there is no code to export")
    target = executions[-1]

    def attempt(kept: Slice, why: str) -> Exported:
        best = _attempt(store, blobs, run, executions, ALL, kept=kept, why=why, options=options, tell=tell, file=file)
        assert best is not None
        if best.proof is not None and best.proof.verdict is Verdict.NOT_REPRODUCED:
            other = _attempt(
                store, blobs, run, executions, CAUTIOUS, kept=kept, why=why, options=options, tell=tell, file=file,
                known=code_of(best.text),
            )  # fmt: skip
            if other is not None and other.proof is not None and other.proof.verdict is Verdict.REPRODUCED:
                return other
        return best

    if not options.verify:
        return attempt(cautious_slice(executions, target), "")
    best = find_slice(executions, target, attempt)
    if best.proof is not None:
        store.add_proof(best.proof)
    return best


def export(
    store: RunStore, blobs: BlobStore, run: RunRecord, path: Path, *, options: Options, tell: Tell, force: bool = False
) -> Exported:
    """Prove a run's script and write it to `path`, with its bundle beside it.

    Raises:
        ExportError: There is no script for this run, or it cannot be written.
        UsageError: `path` is no place for a script, or holds something that is not an export of ours.
    """
    path = checked_path(path, force=force)
    found = verify(store, blobs, run, options=options, tell=tell, file=path.name)
    started = time.perf_counter()
    bundle = bundle_of(path)
    try:
        with tempfile.TemporaryDirectory(prefix=".mlexp-", dir=path.parent) as name:
            new = Path(name)
            write_bundle(found.script, new / bundle.name, blobs)
            (new / path.name).write_text(sealed(found.text, new / bundle.name), encoding="utf-8")
            _replace(path, bundle, new)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    has_bundle = bundle.is_dir()
    size = sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) / 1e6 if has_bundle else 0.0
    kept = f", {bundle.name}/ {size:.1f} MB" if has_bundle else ""
    n_lines, n_flags = found.text.count("\n") + 1, len(found.script.params)
    words = f"{path.name}, {n_lines} lines, {n_flags} flag{'' if n_flags == 1 else 's'}{kept}"
    tell(Step(name="write", text=words, elapsed_s=time.perf_counter() - started))
    return replace(found, path=path, bundle=bundle if has_bundle else None)


def _replace(path: Path, bundle: Path, new: Path) -> None:
    """Put the script and the bundle that lie in `new` in their places; what lay there stays if that fails."""
    old = new / "old"
    old.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for target in (bundle, path):
            for source, place in ((target, old / target.name), (new / target.name, target)):
                if os.path.lexists(source):
                    os.replace(source, place)
                    moved.append((source, place))
    except BaseException:
        for source, place in reversed(moved):
            os.replace(place, source)
        raise


def _attempt(
    store: RunStore,
    blobs: BlobStore,
    run: RunRecord,
    executions: Sequence[Execution],
    passes: Sequence[Pass],
    *,
    kept: Slice,
    why: str,
    options: Options,
    tell: Tell,
    file: str,
    known: str = "",
) -> Exported | None:
    """Build and prove one variant of the script; None if it does what `known` does."""
    started = time.perf_counter()
    variables = Variables()
    redactor = options.redactor or Redactor(variables.read)
    labels, session = store.labels(run.id), store.get_session(run.session_id)
    script = build_script(run, labels, session, executions, passes, kept=kept)
    headed = tuple(replace(section, heading=redactor.text(section.heading)) for section in script.sections)
    script = replace(script, sections=headed)
    digests = input_digests(script, blobs)

    def text_with(proof: Proof | None, packages: Sequence[Package]) -> str:
        return emit(script, file=file, input_digests=digests, proof=proof, packages=packages)

    unproven = text_with(None, () if options.verify else _recorded_packages(store, script))
    if code_of(unproven) == known:
        return None
    words = f"{len(script.sections)} of {script.n_executions} executions{why}"
    tell(Step(name="slice", text=words, elapsed_s=time.perf_counter() - started))
    if not options.verify:
        return Exported(script=script, text=unproven, proof=None)
    expected_s = sum(section.execution.elapsed_s for section in script.sections)
    limit_s = options.limit_s or max(_LEAST_LIMIT_S, 10 * expected_s)
    tell(Step(name="run", text=f"clean process, about {max(1, round(expected_s + 1))} s", elapsed_s=0.0, done=False))

    def once(hash_seed: int) -> CleanRun:
        clean = run_clean(
            unproven,
            file=file,
            write_bundle=lambda place: write_bundle(script, place / bundle_of(Path(file)).name, blobs),
            interpreter=run.interpreter,
            values=tuple(value.name for value in run.values if value.digest is not None),
            logs=script.logs,
            hash_seed=hash_seed,
            limit_s=limit_s,
            environ=_with_own(options.environ, wanted, variables.read()),
            network=options.network,
            writable=options.writable,
            tick=lambda s: tell(Step(name="run", text="clean process", elapsed_s=s, done=False)),
        )
        text = redactor.text
        return replace(clean, stdout=text(clean.stdout), stderr=text(clean.stderr), error=text(clean.error))

    recorded = blobs.get(run.stdout).decode("utf-8", "replace") if run.stdout else ""
    wanted = dict.fromkeys((*script.secrets, *secrets_of_modules(script, blobs)))
    missing = tuple(name for name in wanted if name not in variables.read())
    logged = {metric.name for metric in run.metrics if metric.origin is MetricOrigin.LOGGED}
    curves = [points for points in store.points(run.id) if points.name in logged]  # of others the script logs none
    proof, first = prove(script, once, recorded_text=recorded, curves=curves, missing=missing)
    times = f", {proof.n_runs} times" if proof.n_runs > 1 else ""
    tell(Step(name="run", text=f"clean process{times}", elapsed_s=proof.elapsed_s))
    # A script that did not come to its end has not loaded all that it needs.
    packages = proof.packages if first.status == 0 else _recorded_packages(store, script)
    text = text_with(proof, packages)
    if proof.verdict is Verdict.REPRODUCED and code_of(text) != code_of(unproven):
        raise AssertionError("the script that was proven is not the one to be written")
    return Exported(script=script, text=text, proof=proof, clean=first)


def _with_own(
    environ: Mapping[str, str] | None, names: Collection[str], own: Mapping[str, str]
) -> Mapping[str, str] | None:
    """Return an environment with these variables of this process's own."""
    return environ and {**environ, **{name: own[name] for name in names if name in own}}


def code_of(text: str) -> str:
    """Return what a script does: its tree without the docstring."""
    tree = ast.parse(text)
    tree.body = tree.body[1:]
    return ast.dump(tree)


def _recorded_packages(store: RunStore, script: Script) -> tuple[Package, ...]:
    """Return the packages that the session had loaded and the script needs; they may come a moment after the run."""
    for _ in range(50):
        environment = store.environment(script.run.id)
        if environment is not None:
            return needed_packages(script, environment.packages)
        if time.time() - script.run.started.timestamp() - (script.run.elapsed_s or 0) > 60:
            break
        time.sleep(0.1)
    return ()
