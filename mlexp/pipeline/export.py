"""Export and verify: build the script, prove it, and write it whole or not at all."""

from __future__ import annotations

import ast
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlexp.errors import ExportError, UsageError
from mlexp.pipeline.build import build_script
from mlexp.pipeline.bundle import input_digests, write_bundle
from mlexp.pipeline.clean import CleanRun, run_clean
from mlexp.pipeline.emit import emit
from mlexp.pipeline.metadata import needed_packages
from mlexp.pipeline.passes import ALL, CAUTIOUS
from mlexp.pipeline.proof import prove
from mlexp.pipeline.script import Pass, Script
from mlexp.records import Execution, Package, Proof, RunRecord, Verdict
from mlexp.snapshot import BlobStore
from mlexp.storage import RunStore

_MARK = "# /// script"
_SEAL = "# unchanged since its export: "
_LEAST_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a script is proven."""

    verify: bool = True
    network: bool = False
    writable: tuple[Path, ...] = ()
    limit_s: float = 0.0
    """0: ten times the recorded duration, at least a minute."""


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
    stderr: str = ""
    """What the script wrote there, if it failed."""


def verify(
    store: RunStore, blobs: BlobStore, run: RunRecord, *, options: Options, tell: Tell, file: str = "script.py"
) -> Exported:
    """Prove a run's script without writing it; the proof is kept with the run.

    Raises:
        ExportError: There is no script for this run.
    """
    executions = store.executions(run.session_id, stop=run.execution + 1)
    best: Exported | None = None
    variants: Sequence[Sequence[Pass]] = (ALL, CAUTIOUS) if options.verify else (ALL,)
    tried: set[str] = set()
    for passes in variants:
        found = _attempt(store, blobs, run, executions, passes, options=options, tell=tell, file=file, tried=tried)
        if found is None:
            continue
        if best is None or _rank(found.proof) < _rank(best.proof):
            best = found
        if found.proof is None or found.proof.verdict is Verdict.REPRODUCED:
            break
    assert best is not None
    if best.proof is not None:
        store.add_proof(best.proof)
    return best


def export(
    store: RunStore, blobs: BlobStore, run: RunRecord, path: Path, *, options: Options, tell: Tell, force: bool = False
) -> Exported:
    """Prove a run's script and write it to `path`, with its bundle beside it.

    Raises:
        ExportError: There is no script for this run.
        UsageError: `path` cannot be written, or holds something that is not an export of ours.
    """
    path = checked_path(path, force=force)
    found = verify(store, blobs, run, options=options, tell=tell, file=path.name)
    started = time.perf_counter()
    bundle = path.with_name(f"{path.stem}_data")
    with tempfile.TemporaryDirectory(prefix=".mlexp-", dir=path.parent) as name:
        new = Path(name)
        (new / "script").write_text(found.text, encoding="utf-8")
        write_bundle(found.script, new / "bundle", blobs)
        if bundle.is_dir():
            shutil.rmtree(bundle)
        if (new / "bundle").is_dir():
            os.replace(new / "bundle", bundle)
        os.replace(new / "script", path)
    has_bundle = bundle.is_dir()
    size = sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) / 1e6 if has_bundle else 0.0
    kept = f", {bundle.name}/ {size:.1f} MB" if has_bundle else ""
    n_lines = found.text.count("\n")
    words = f"{path.name}, {n_lines} lines, {len(found.script.params)} flags{kept}"
    tell(Step(name="write", text=words, elapsed_s=time.perf_counter() - started))
    return replace(found, path=path, bundle=bundle if has_bundle else None)


def checked_path(path: Path, *, force: bool) -> Path:
    """Return the absolute path of a script to be written.

    Raises:
        UsageError: It is no place for a script; the message says why.
    """
    path = path.expanduser().absolute()
    if path.suffix != ".py" or not path.stem:
        raise UsageError(f"{path.name!r}: a script's name ends in .py")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file, such as {path.name}/train.py")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it first, or choose another place with -o")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written; choose another place with -o")
    if path.exists() and not force and not _is_ours(path):
        raise UsageError(f"{path} is there and is not an unchanged export of mlexp; --force overwrites it")
    bundle = path.with_name(f"{path.stem}_data")
    if not force and not path.exists() and bundle.exists() and any(bundle.iterdir()):
        raise UsageError(f"{bundle} is there and does not belong to an export; --force overwrites it")
    return path


def _is_ours(path: Path) -> bool:
    """Tell whether a file is an export that nobody has changed: its last line is a digest of the lines above it."""
    from mlexp.fingerprint import content_digest

    text = path.read_text(encoding="utf-8", errors="replace")
    body, _, mark = text.rstrip("\n").rpartition("\n")
    return text.startswith(_MARK) and mark == f"{_SEAL}{content_digest((body + chr(10)).encode())}"


def _attempt(
    store: RunStore,
    blobs: BlobStore,
    run: RunRecord,
    executions: Sequence[Execution],
    passes: Sequence[Pass],
    *,
    options: Options,
    tell: Tell,
    file: str,
    tried: set[str],
) -> Exported | None:
    """Build and prove one variant of the script; None if its text was tried before."""
    started = time.perf_counter()
    script = build_script(run, store.labels(run.id), store.get_session(run.session_id), executions, passes)
    digests = input_digests(script, blobs)
    packages = () if options.verify else _recorded_packages(store, script)
    unproven = _text(script, file, digests, None, packages)
    if unproven in tried:
        return None
    tried.add(unproven)
    words = f"{len(script.sections)} of {script.n_executions} executions"
    tell(Step(name="slice", text=words, elapsed_s=time.perf_counter() - started))
    if not options.verify:
        return Exported(script=script, text=unproven, proof=None)
    expected_s = sum(execution.elapsed_s for execution in executions)
    limit_s = options.limit_s or max(_LEAST_LIMIT_S, 10 * expected_s)
    tell(Step(name="run", text=f"clean process, about {max(1, round(expected_s + 1))} s", elapsed_s=0.0, done=False))

    def once(hash_seed: int) -> CleanRun:
        return run_clean(
            unproven,
            file=file,
            write_bundle=lambda place: write_bundle(script, place / f"{Path(file).stem}_data", blobs),
            interpreter=run.interpreter,
            values=tuple(value.name for value in run.values if value.digest is not None),
            hash_seed=hash_seed,
            limit_s=limit_s,
            network=options.network,
            writable=options.writable,
            tick=lambda s: tell(Step(name="run", text="clean process", elapsed_s=s, done=False)),
        )

    try:
        recorded = blobs.get(run.stdout).decode("utf-8", "replace") if run.stdout else ""
        proof, first = prove(script, once, recorded_text=recorded)
    except FileNotFoundError:
        gone = f"{run.reference} was made by {run.interpreter.executable}, which is gone"
        raise ExportError(f"{gone}; --no-verify writes the script unproven") from None
    tell(
        Step(
            name="run",
            text=f"clean process, {proof.n_runs} times" if proof.n_runs > 1 else "clean process",
            elapsed_s=proof.elapsed_s,
        )
    )
    text = _text(script, file, digests, proof, proof.packages)
    if _code(text) != _code(unproven):
        raise AssertionError("the script that was proven is not the one to be written")
    return Exported(script=script, text=text, proof=proof, stderr=first.stderr if first.status else "")


def _text(script: Script, file: str, digests: dict[str, str], proof: Proof | None, packages: Sequence[Package]) -> str:
    from mlexp.fingerprint import content_digest

    body = emit(script, file=file, input_digests=digests, proof=proof, packages=packages)
    return f"{body}{_SEAL}{content_digest(body.encode())}\n"


def _code(text: str) -> str:
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


def _rank(proof: Proof | None) -> int:
    order = (Verdict.REPRODUCED, Verdict.NOT_REPRODUCED, Verdict.NOT_VERIFIED)
    return order.index(proof.verdict) if proof is not None else 0
