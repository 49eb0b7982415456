"""The folder beside a script: the inputs under their names, the user's modules, the generators' states."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlexp.errors import BlobCorruptError, ExportError
from mlexp.pipeline.passes.inputs import with_inputs
from mlexp.pipeline.passes.secrets import from_environment, module_from_environment
from mlexp.pipeline.script import Script
from mlexp.records import Digest
from mlexp.snapshot import BlobStore


def has_bundle(script: Script) -> bool:
    """Tell whether there is anything to put into a bundle."""
    return bool(script.inputs or script.modules or script.states)


def bundle_files(script: Script) -> dict[str, Digest]:
    """Return the content of the bundle: digests by path in it."""
    files: dict[str, Digest] = {}
    named = [(item.name, item.digest) for item in script.inputs]
    named += [(module.file, module.digest) for module in script.modules]
    named += [(state.file, state.digest) for state in script.states]
    for path, digest in named:
        if files.setdefault(path, digest) != digest:
            raise ExportError(f"two different files would be called {path} in the bundle")
    for path in files:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise ExportError(f"{path!r} would leave the bundle")
    return files


def secrets_of_modules(script: Script, blobs: BlobStore) -> tuple[str, ...]:
    """Return the environment variables that stand in place of secrets in the user's modules."""
    texts = (blobs.get(module.digest).decode("utf-8", "replace") for module in script.modules)
    return tuple(dict.fromkeys(name for text in texts for name in from_environment(text, "os")[1]))


def write_bundle(script: Script, folder: Path, blobs: BlobStore) -> None:
    """Write the bundle into `folder`; nothing is made where there is nothing to write."""
    modules = {module.file for module in script.modules}
    for path, digest in bundle_files(script).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        blobs.copy_to(digest, target)
        if path in modules and b"<secret " in (content := target.read_bytes()):
            target.write_text(module_from_environment(content.decode("utf-8", "replace")), encoding="utf-8")
        if _reads_inputs(path, script):
            target.write_bytes(_with_inputs(target.read_bytes(), script))


def _reads_inputs(path: str, script: Script) -> bool:
    """Tell whether a file of the bundle is code that may read inputs."""
    return path in script.programs


def _with_inputs(content: bytes, script: Script) -> bytes:
    """Return a program that reads its inputs from the bundle."""
    try:
        return with_inputs(content.decode("utf-8"), script).encode("utf-8")
    except UnicodeDecodeError:
        return content


def input_digests(script: Script, blobs: BlobStore) -> dict[str, str]:
    """Return the SHA-256 of each input, by name: what anybody's `sha256sum` prints."""
    found = {}
    for item in script.inputs:
        try:
            with open(blobs.path(item.digest), "rb") as file:
                if _reads_inputs(item.name, script):
                    found[item.name] = hashlib.sha256(_with_inputs(file.read(), script)).hexdigest()
                else:
                    found[item.name] = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise BlobCorruptError(f"{item.digest} ({item.name}) is missing from {blobs.folder}") from None
    return found
