"""The content of files from outside, kept at the moment they are first read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mlexp.capture.workplace import Workplace
from mlexp.fingerprint.keys import content_digest
from mlexp.records import InputFile
from mlexp.redaction.credentials import LARGEST, holds_credentials, is_credential_file, is_settings_file


class KeptFiles:
    """Keeps files; one that has not changed since is kept once."""

    def __init__(self, place: Workplace) -> None:
        self._blobs = place.blobs
        self._redactor = place.redactor
        self._limit = place.settings.max_file_mb * 2**20
        self._known: dict[tuple[str, int, int, int], InputFile] = {}

    def keep(self, spelled: str, resolved: str) -> InputFile | None:
        """Keep a file as it is now; None if no file is there."""
        try:
            found = os.stat(resolved)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        key = (resolved, found.st_ino, found.st_size, found.st_mtime_ns)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._read(spelled, resolved, found.st_size)
        return known

    def _read(self, spelled: str, resolved: str, size: int) -> InputFile:
        if (only := self._digest_of_credentials(resolved, size)) is not None:
            reason = f"it holds credentials, so only its digest is kept: {only}"
            return InputFile(path=spelled, resolved=resolved, size_bytes=size, digest=None, reason=reason)
        if size > self._limit:
            reason = f"larger than the limit of {self._limit // 2**20} MB (max_file_mb)"
            return InputFile(path=spelled, resolved=resolved, size_bytes=size, digest=None, reason=reason)
        try:
            digest, size = self._blobs.put_file(Path(resolved))
        except OSError as error:
            reason = f"could not be read: {error.strerror}"
            return InputFile(path=spelled, resolved=resolved, size_bytes=size, digest=None, reason=reason)
        return InputFile(path=spelled, resolved=resolved, size_bytes=size, digest=digest)

    def _digest_of_credentials(self, path: str, size: int) -> str | None:
        """Return the digest of a file of credentials; None for any other file, and for one that cannot be read."""
        named = is_credential_file(path)
        if size > (self._limit if named else LARGEST):
            return None
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            return None
        holds = named or holds_credentials(content)
        if not holds and is_settings_file(path):  # settings and code are text; data is kept as it is
            text = content.decode("utf-8", "replace")
            holds = self._redactor.text(text) != text
        return str(content_digest(content)) if holds else None
