"""Adapters: what is known of one library each, found by its name among the entry points."""

from __future__ import annotations

import sys

from mlexp._plugins import Registry
from mlexp.capture.adapters.base import Adapter
from mlexp.fingerprint.asking import bases_of, module_of

_registry: Registry[Adapter] = Registry("mlexp.adapters")


def libraries() -> frozenset[str]:
    """Return the libraries that have an adapter."""
    return _registry.names()


def load(library: str) -> Adapter | None:
    """Return the library's adapter, or None if there is none; what it cannot be loaded with is raised."""
    return _registry.find(library) if library in sys.modules else None


def adapter_of(value: object) -> Adapter | None:
    """Return the adapter of the library that defines the value's type or the nearest base; None: none does."""
    known = libraries()
    for cls in bases_of(type(value)):
        library = module_of(cls).partition(".")[0]
        if library in known and (adapter := load(library)) is not None:
            return adapter
    return None
