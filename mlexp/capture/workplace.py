"""The store that a session writes to, and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlexp.config import Settings
from mlexp.records import Digest
from mlexp.redaction import Redactor
from mlexp.snapshot import BlobStore
from mlexp.storage import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A store, its blobs and its folder."""

    store: RunStore
    blobs: BlobStore
    folder: Path
    """The store's folder."""
    root: Path
    """The project's folder."""
    settings: Settings
    redactor: Redactor = field(default_factory=Redactor)
    """Takes secrets out of texts before they are written."""

    def keep_text(self, text: str) -> Digest:
        """Keep a text without its secrets."""
        return self.blobs.put(self.redactor.text(text).encode("utf-8", "backslashreplace"))

    @property
    def journals(self) -> Path:
        """Where running runs keep their logged points."""
        return self.folder / "logs"
