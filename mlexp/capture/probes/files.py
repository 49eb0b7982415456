"""Files: what came from outside and was read, with its content at that moment, and what was written.

Seen is what Python opens itself. Readers in C (parquet, Arrow, databases) are not seen yet, nor is what child processes
do; a script that lacks such a file fails in its proof, and says so.
"""

from __future__ import annotations

import os
import stat
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.capture.probes.audit import listen
from mlexp.capture.workplace import Workplace
from mlexp.config import home_folder
from mlexp.fingerprint.keys import content_digest
from mlexp.records import InputFile
from mlexp.redaction.credentials import LARGEST, holds_credentials, is_credential_file, is_settings_file

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class FilesProbe:
    """Hears of each opening while an execution runs, in whatever thread."""

    def __init__(self, place: Workplace) -> None:
        self._blobs = place.blobs
        self._redactor = place.redactor
        self._limit = place.settings.max_file_mb * 2**20
        ours = (place.folder, Path(__file__).parents[2])
        self._ignored = tuple(sorted({*_system_folders(), *(f"{folder}{os.sep}" for folder in ours)}))
        self._inputs: dict[str, InputFile] = {}
        self._writes: dict[str, None] = {}
        self._written: set[str] = set()
        self._known: dict[tuple[str, int, int, int], InputFile] = {}
        self._running: set[int] = set()

    def before(self, opening: Opening) -> None:
        """Begin to listen."""
        if not self._running:  # else a file belongs to all that run: nobody can tell who opened it
            self._inputs, self._writes = {}, {}
        self._running.add(opening.index)
        listen(self._heard)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Tell what was heard."""
        if opening.index not in self._running:
            return {}
        self._running.remove(opening.index)
        if not self._running:
            listen(None)
        return {"inputs": tuple(self._inputs.values()), "writes": tuple(self._writes)}

    def close(self) -> None:
        """Hear of nothing any more."""
        self._running.clear()
        listen(None)

    def named(self, path: str) -> InputFile | None:
        """Keep a file that a program names, as an input; None if there is none there that could be one."""
        resolved = os.path.abspath(path)
        if resolved.startswith(self._ignored) or not os.path.isfile(resolved):
            return None
        return self._read(path, resolved, os.path.getsize(resolved))

    def _heard(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, (str, bytes)):
            return  # a descriptor
        spelled = os.fsdecode(path)
        resolved = os.path.abspath(spelled)
        if resolved.startswith(self._ignored) or resolved.endswith(".pyc"):
            return
        writing = any(c in mode for c in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
        reading = not writing or (isinstance(mode, str) and "r" in mode)
        if reading and resolved not in self._written:
            self._keep(spelled, resolved)
        if writing:
            self._writes[resolved] = None
            self._written.add(resolved)

    def _keep(self, spelled: str, resolved: str) -> None:
        try:
            found = os.stat(resolved)
        except OSError:
            return  # the user's own `open` is about to say so
        if not stat.S_ISREG(found.st_mode) or resolved in self._inputs:
            return
        key = (resolved, found.st_ino, found.st_size, found.st_mtime_ns)
        known = self._known.get(key)
        if known is None:
            known = self._read(spelled, resolved, found.st_size)
            self._known[key] = known
        self._inputs[resolved] = known

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


def _system_folders() -> set[str]:
    """Folders whose files are the interpreter's, the packages', the system's or Jupyter's: no data of the user's."""
    home = home_folder()
    folders = {"/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/var", "/run"}
    folders |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "data")}
    hidden = (".ipython", ".jupyter", ".cache", ".config", ".matplotlib", ".local", "Library")
    folders |= {str(home / name) for name in hidden if home is not None}
    return {os.path.abspath(folder) + os.sep for folder in folders if folder}
