"""The user's own modules (not installed ones), with their source when they were imported or reloaded."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from mlexp.capture.opening import Opening
from mlexp.records import ModuleRecord
from mlexp.snapshot import BlobStore

_OURS = "mlexp"
_START_UP = frozenset({"__main__", "__mp_main__", "sitecustomize", "usercustomize", "conftest"})


class ModulesProbe:
    """Looks at modules that were not there, or were another import, after the execution before."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._seen: set[str] = set()
        self._own: dict[str, object] = {}
        """The user's modules with their specs: each import and each reload makes a new one."""
        self._installed = _installed_folders()

    def before(self, opening: Opening) -> None:
        """Nothing: what an execution imports is seen after it."""

    def after(self, opening: Opening) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Keep the source of new modules of the user's own."""
        found = []
        again = [name for name, spec in self._own.items() if _spec(sys.modules.get(name)) is not spec]
        for name in [*(sys.modules.keys() - self._seen), *again]:
            self._seen.add(name)
            module = sys.modules.get(name)
            file = own_source(name, module, self._installed)
            if file is not None:
                self._own[name] = _spec(module)
                digest, _ = self._blobs.put_file(file)
                found.append(ModuleRecord(name=name, file=_under_import_folder(name, file), digest=digest))
        return {"modules": tuple(sorted(found, key=lambda module: module.name))}

    def close(self) -> None:
        """Nothing was put into the kernel."""


def _spec(module: ModuleType | None) -> object:
    return vars(module).get("__spec__") if isinstance(module, ModuleType) else None


def own_source(name: str, module: ModuleType | None, installed: tuple[str, ...]) -> Path | None:
    """Return the source file of a module of the user's own, or None for any other."""
    if name in _START_UP or name.partition(".")[0] == _OURS or not isinstance(module, ModuleType):
        return None
    file = vars(module).get("__file__")
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    path = os.path.abspath(file)
    if (
        path.startswith(installed)
        or f"{os.sep}site-packages{os.sep}" in path
        or f"{os.sep}dist-packages{os.sep}" in path
    ):
        return None
    return Path(path) if os.path.isfile(path) else None


def _installed_folders() -> tuple[str, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(os.path.abspath(path) + os.sep for path in paths if path)


def _under_import_folder(name: str, file: Path) -> str:
    stem = name.replace(".", "/")
    return f"{stem}/__init__.py" if file.name == "__init__.py" else f"{stem}.py"
