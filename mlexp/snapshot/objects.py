"""Objects kept as a description and the buffers that it names, each a blob."""

from __future__ import annotations

from typing import Any

from mlexp.fingerprint import Described, describe, restore
from mlexp.records import Digest
from mlexp.snapshot.blobs import BlobStore


def keep(value: object, blobs: BlobStore, *, limit_bytes: int | None = None, until: float | None = None) -> Described:
    """Keep the value as it is now; its digest gives it back.

    Raises:
        NotWalkableError: No codec knows it, or it is larger than `limit_bytes`.
        NotInTimeError: It could not be done before `until`, on the clock of `time.perf_counter`.
    """
    described = describe(value, blobs.put, limit_bytes=limit_bytes, until=until)
    blobs.put(described.packed)
    return described


def load(digest: Digest, blobs: BlobStore) -> Any:
    """Return the value kept under `digest`, equal to the last bit.

    Raises:
        BlobCorruptError: A part of it is missing or damaged.
    """
    return restore(blobs.get(digest), blobs.get)
