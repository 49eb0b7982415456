"""The user's variables before and after a cell: which names came, went, or stand for another object.

Remembered are names and addresses, never objects. The shell's own names, such as `_`, `Out` and `_i3`, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mlexp.fingerprint.nodes.pointers import pointers

_SHELLS = re.compile(r"_+|_i+|_i?\d+|_[ido]h|In|Out|__\w+__")
_PART = 512
"""Bytes compared at once."""


class Namespace:
    """The names at one moment."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._names: list[object] = list(namespace)
        self._name_places = pointers(self._names)
        self._places = pointers(list(namespace.values()))

    def since(self, before: Namespace) -> tuple[set[str], set[str]]:
        """Return the names that stand for another object than before, new ones too, and those that are gone."""
        n = len(before._names)
        if self._name_places[: 8 * n] == before._name_places:  # the texts live as long as we hold them
            moved = _differing(before._places, self._places[: 8 * n])
            moved += range(n, len(self._names))
            return _ours(self._names[i] for i in moved), set()
        old, new = before._pairs(), self._pairs()
        moved_names = (name for name, place in new.items() if old.get(name) != place)
        return _ours(moved_names), _ours(name for name in old if name not in new)

    def _pairs(self) -> dict[object, bytes]:
        places = self._places
        return {name: places[8 * i : 8 * i + 8] for i, name in enumerate(self._names) if type(name) is str}


def is_shells(name: str) -> bool:
    """Tell whether a name is one that the shell itself binds."""
    return _SHELLS.fullmatch(name) is not None


def _differing(a: bytes, b: bytes) -> list[int]:
    if a == b:
        return []
    found = []
    for start in range(0, len(a), _PART):
        if a[start : start + _PART] != b[start : start + _PART]:
            found += [i // 8 for i in range(start, min(start + _PART, len(a)), 8) if a[i : i + 8] != b[i : i + 8]]
    return found


def _ours(names: Iterable[object]) -> set[str]:
    return {name for name in names if type(name) is str and not is_shells(name)}
