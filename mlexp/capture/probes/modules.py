"""The user's own modules (not installed ones), with their source when they were imported or reloaded."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from mlexp.capture.opening import Opening
from mlexp.fingerprint.asking import names_in
from mlexp.records import Digest, ModuleRecord
from mlexp.redaction import Redactor
from mlexp.snapshot import BlobStore

_OURS = "mlexp"
_AUTORELOAD = "IPython.extensions.autoreload"
_START_UP = frozenset({"__main__", "__mp_main__", "sitecustomize", "usercustomize", "conftest"})


class ModulesProbe:
    """Looks at modules that were not there, or were another import, after the execution before."""

    def __init__(self, blobs: BlobStore, redactor: Redactor) -> None:
        self._blobs = blobs
        self._redactor = redactor
        self._seen: set[str] = set()
        self._own: dict[str, object] = {}
        """The user's modules with their specs: each import and each reload makes a new one."""
        self._files: dict[str, tuple[Path, int]] = {}
        """The files of these, and when they had last changed."""
        self._installed = installed_folders()

    def before(self, opening: Opening) -> None:
        """Nothing: what an execution imports is seen after it."""

    def after(self, opening: Opening) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Keep the source of new modules of the user's own."""
        found = []
        again = [name for name, spec in self._own.items() if _spec(sys.modules.get(name)) is not spec]
        again += self._patched() if _AUTORELOAD in sys.modules else []
        for name in [*(sys.modules.keys() - self._seen), *again]:
            self._seen.add(name)
            module = sys.modules.get(name)
            file = own_source(name, module, self._installed)
            if file is not None:
                self._own[name] = _spec(module)
                self._files[name] = file, _changed_at(file)
                digest = self._keep(file)
                found.append(ModuleRecord(name=name, file=_under_import_folder(name, file), digest=digest))
        return {"modules": tuple(sorted(found, key=lambda module: module.name))}

    def _patched(self) -> list[str]:
        """Return the modules whose files have changed: autoreload changes a module without importing it again."""
        return [name for name, (file, known) in self._files.items() if _changed_at(file) != known]

    def _keep(self, file: Path) -> Digest:
        """Keep the file as it is; if there are secrets in it, its text without them."""
        content = file.read_bytes()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:  # another coding, which its first lines name
            text = content.decode("latin-1")
            redacted = self._redactor.code(text)
            return self._blobs.put(content if redacted == text else redacted.encode("latin-1", "replace"))
        redacted = self._redactor.code(text)
        return self._blobs.put(content if redacted == text else redacted.encode("utf-8"))

    def close(self) -> None:
        """Nothing was put into the kernel."""


def _changed_at(file: Path) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


def _spec(module: ModuleType | None) -> object:
    return names_in(module).get("__spec__") if issubclass(type(module), ModuleType) else None  # type: ignore[arg-type]


def own_source(name: str, module: ModuleType | None, installed: tuple[str, ...]) -> Path | None:
    """Return the source file of a module of the user's own, or None for any other."""
    if type(name) is not str or not issubclass(type(module), ModuleType):
        return None
    if name in _START_UP or name.partition(".")[0] == _OURS:
        return None
    file = names_in(module).get("__file__")  # type: ignore[arg-type]  # a module, as asked
    if type(file) is not str or not file.endswith(".py"):
        return None
    path = os.path.abspath(file)
    if (
        path.startswith(installed)
        or f"{os.sep}site-packages{os.sep}" in path
        or f"{os.sep}dist-packages{os.sep}" in path
    ):
        return None
    return Path(path) if os.path.isfile(path) else None


def installed_folders() -> tuple[str, ...]:
    """Return the folders of the interpreter and of installed packages, each with a separator at its end."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(os.path.abspath(path) + os.sep for path in paths if path)


def _under_import_folder(name: str, file: Path) -> str:
    stem = name.replace(".", "/")
    return f"{stem}/__init__.py" if file.name == "__init__.py" else f"{stem}.py"
