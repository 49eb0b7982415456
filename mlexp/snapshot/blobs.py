"""Blobs: files named after the digest of their bytes. Equal bytes are one blob.

Written to a temporary name, flushed to the system and renamed: a killed process leaves a blob whole or not at all.
After a power cut a blob may be torn; reading checks the digest, and keeping the same content again mends it. Nothing
here deletes a blob.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mlexp.errors import BlobCorruptError
from mlexp.fingerprint.keys import Bytes, StreamDigest, content_digest, hex_of
from mlexp.records import Digest

_PIECE = 1 << 20


class BlobStore:
    """A folder of blobs. Threads and processes may write to one folder at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: Digest) -> Path:
        """Return where the blob lies, there or not."""
        name = hex_of(digest)
        return self.folder / name[:2] / name[2:]

    def put(self, content: Bytes) -> Digest:
        """Keep the content and return its digest."""
        digest = content_digest(content)
        path = self.path(digest)
        if not (path.exists() and path.stat().st_size == memoryview(content).nbytes):
            with _arriving(path) as file:
                file.write(content)
        return digest

    def put_file(self, source: Path) -> tuple[Digest, int]:
        """Keep a file's content as it is now; return its digest and size in bytes."""
        state, size = StreamDigest(), 0
        with open(source, "rb") as file, _arriving(lambda: self.path(state.digest()), self.folder) as copy:
            for piece in _pieces(file):
                state.update(piece)
                copy.write(piece)
                size += len(piece)
        return state.digest(), size

    def get(self, digest: Digest) -> bytes:
        """Return the content.

        Raises:
            BlobCorruptError: It is not there, or is no longer what was kept.
        """
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise BlobCorruptError(f"{digest} is missing from {self.folder}") from None
        if content_digest(content) != digest:
            raise BlobCorruptError(f"{digest} is damaged: {self.path(digest)} holds other bytes than were kept")
        return content

    def copy_to(self, digest: Digest, target: Path) -> None:
        """Write the content to `target`; raise BlobCorruptError as `get` does, and leave `target` as it was."""
        source = self.path(digest)
        if not source.exists():
            raise BlobCorruptError(f"{digest} is missing from {self.folder}")
        state = StreamDigest()
        with open(source, "rb") as file, _arriving(target) as copy:
            for piece in _pieces(file):
                state.update(piece)
                copy.write(piece)
            if state.digest() != digest:
                raise BlobCorruptError(f"{digest} is damaged: {source} holds other bytes than were kept")


@contextmanager
def _arriving(target: Path | Callable[[], Path], folder: Path | None = None) -> Iterator[BinaryIO]:
    """Give a file under a temporary name that becomes `target` when all went well."""
    folder = folder or cast("Path", target).parent
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"arriving-{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with open(temporary, "xb") as file:
            yield file
        path = target if isinstance(target, Path) else target()
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
