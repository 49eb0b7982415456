"""The store that a session writes to, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlexp.config import Settings
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

    @property
    def journals(self) -> Path:
        """Where running runs keep their logged points."""
        return self.folder / "logs"
