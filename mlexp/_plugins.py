"""The one door for plug-ins: entry points, read when something first asks for them.

The entry point of a codec or an adapter is named after the library that it knows (`numpy`, `sklearn`), so that nothing
is imported before that library turns up. Our own are registered in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Plugin = TypeVar("Plugin")


class Registry(Generic[Plugin]):
    """The plug-ins of one entry-point group, by name, each loaded when first asked for."""

    def __init__(self, group: str) -> None:
        self.group = group
        self._entries: dict[str, EntryPoint] | None = None
        self._loaded: dict[str, Plugin] = {}

    def find(self, name: str) -> Plugin | None:
        """Return the plug-in of that name, or None if none is installed."""
        if name in self._loaded:
            return self._loaded[name]
        entry = self._found().get(name)
        if entry is None:
            return None
        plugin: Plugin = entry.load()
        self._loaded[name] = plugin
        return plugin

    def names(self) -> frozenset[str]:
        """Return the names of all that are installed; none is loaded."""
        return frozenset(self._found())

    def _found(self) -> dict[str, EntryPoint]:
        if self._entries is None:
            from importlib.metadata import entry_points  # 11 ms that only a first foreign object has to wait for

            self._entries = {entry.name: entry for entry in entry_points(group=self.group)}
        return self._entries
