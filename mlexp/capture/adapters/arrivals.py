"""Hear of modules that a tracked cell imports, once they are ready: the commonest notebook imports and trains in one.

A finder stands first in `sys.meta_path` while the cell runs. It finds nothing itself: for the modules that matter it
lets the others find, and stands around the loader that they give until the module is there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Arrivals:
    """Calls `arrived` with a library's name after each import of it, or of a module right beneath it; until `close`."""

    def __init__(self, libraries: frozenset[str], arrived: Callable[[str], object]) -> None:
        self._libraries = libraries
        self._arrived = arrived
        self._path: list[Any] = sys.meta_path

    def open(self) -> None:
        """Begin; a second step, so that an interrupt between the two leaves nothing that nobody takes away."""
        self._path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Return what the others find, with a loader that tells when it is done; None for all that does not matter."""
        library, _, rest = name.partition(".")
        if library not in self._libraries or "." in rest or rest.startswith("_"):
            return None
        for finder in list(self._path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                if type(spec) is ModuleSpec and spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Telling(spec.loader, library, self._arrived)
                return spec
        return None

    def close(self) -> None:
        """Go away."""
        for path in (self._path, sys.meta_path):  # the cell may have put another list there
            while self in path:
                path.remove(self)


class _Telling(Loader):
    """A loader for one import; what stays on the module is the loader that it stands around."""

    def __init__(self, loader: Loader, library: str, arrived: Callable[[str], object]) -> None:
        self._loader = loader
        self._library = library
        self._arrived = arrived

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._arrived(self._library)


# Python leaves out its import system's frames where an import fails; these are to go with them.
for _method in (Arrivals.find_spec, _Telling.create_module, _Telling.exec_module):
    _method.__code__ = _method.__code__.replace(co_filename="<frozen importlib._bootstrap>")
