"""What was given to `mlexp.artifact`, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlexp.errors import NotKeptError
from mlexp.records import RunRecord
from mlexp.snapshot import BlobStore, load

_BYTES = ("file", "image/png")


class Artifacts(Mapping[str, Any]):
    """Files and figures give their bytes, objects are restored; each is read when it is asked for."""

    def __init__(self, record: RunRecord, blobs: BlobStore) -> None:
        self._records = {artifact.name: artifact for artifact in record.artifacts}
        self._blobs = blobs

    def __getitem__(self, name: str) -> Any:
        """Return the bytes of a file or a figure, or the object.

        Raises:
            KeyError: There is no artifact of that name.
            NotKeptError: It was not kept; the message gives the reason.
            BlobCorruptError: What was kept is damaged.
        """
        record = self._records[name]
        if record.digest is None or not record.kept:
            raise NotKeptError(f"{name} ({record.kind}) was not kept: {record.reason}")
        return self._blobs.get(record.digest) if record.kind in _BYTES else load(record.digest, self._blobs)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"<artifacts: {', '.join(f'{r.name} {r.summary}'.strip() for r in self._records.values())}>"
