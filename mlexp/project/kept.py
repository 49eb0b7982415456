"""Contents that a run has kept, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlexp.errors import NotKeptError
from mlexp.records import DataRecord, Digest
from mlexp.snapshot import BlobStore, load

_BYTES = ("file", "image/png")


class Data(Mapping[str, Any]):
    """What a run read or made, by name; each object is restored when it is asked for."""

    def __init__(self, records: Sequence[DataRecord], blobs: BlobStore) -> None:
        self._records = {data.name: data for data in records}
        self._blobs = blobs

    def __getitem__(self, name: str) -> Any:
        """Return the object as the cell read it.

        Raises:
            KeyError: There is none of that name.
            NotKeptError: It was not kept; the message gives the reason.
            BlobCorruptError: What was kept is damaged.
        """
        record = self._records[name]
        if record.digest is None or not record.kept:
            raise NotKeptError(f"{name} ({record.kind}) was not kept: {record.reason}")
        return self._content(record.kind, record.digest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        of = type(self).__name__.lower()
        return f"<{of}: {', '.join(f'{r.name} {r.summary}'.strip() for r in self._records.values())}>"

    def _content(self, kind: str, digest: Digest) -> Any:  # noqa: ARG002  (of artifacts the kind tells)
        return load(digest, self._blobs)


class Artifacts(Data):
    """What was given to `mlexp.artifact`: files and figures give their bytes, objects are restored."""

    def _content(self, kind: str, digest: Digest) -> Any:
        return self._blobs.get(digest) if kind in _BYTES else super()._content(kind, digest)
