"""Generators of random numbers that an execution can reach: by its names, in containers, closures and attributes.

Types are asked, and instance dictionaries are read past the class's own attribute look-up: no code of the user's runs.
Large containers, and all but the nearest hundred objects, are left out, so that a look costs a fraction of a
millisecond.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

from mlexp.fingerprint.asking import attributes_of, imported, is_one_of, names_in

_MAX_ITEMS = 100
_MAX_OBJECTS = 100
_MAX_DEPTH = 4
_PLAIN = (int, float, str, bytes, bool, type(None))


def generators_in_reach(names: Iterable[str], namespace: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Yield kind, place and object of each generator; the place is an expression such as `rng` or `model.rngs[0]`.

    Args:
        names: The names that the execution's text mentions.
        namespace: The user's variables.
    """
    kinds = _kinds()
    seen: set[int] = set()
    pending = deque((name, namespace[name], 0) for name in names if name in namespace)
    while pending and len(seen) < _MAX_OBJECTS:  # the nearest first
        place, value, depth = pending.popleft()
        if is_one_of(type(value), _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        kind = next((kind for kind, cls in kinds.items() if issubclass(type(value), cls)), None)
        if kind is not None:
            yield kind, place, value
        elif depth < _MAX_DEPTH:
            pending.extend((inner, item, depth + 1) for inner, item in _inside(place, value))


def _kinds() -> dict[str, type]:
    found: dict[str, type] = {"random.Random": random.Random}
    numpy_random, torch = imported("numpy.random"), imported("torch")
    for module, name in (numpy_random, "Generator"), (numpy_random, "RandomState"), (torch, "Generator"):
        cls: Any = names_in(module).get(name) if module is not None else None
        if issubclass(type(cls), type):
            found[f"{'torch' if module is torch else 'numpy.random'}.{name}"] = cls
    return found


def _inside(place: str, value: object) -> Iterable[tuple[str, object]]:
    cls = type(value)
    if is_one_of(cls, (list, tuple)):
        items: Any = value
        if len(items) > _MAX_ITEMS:
            return ()
        return [(f"{place}[{i}]", item) for i, item in enumerate(list(items)) if not is_one_of(type(item), _PLAIN)]
    if cls is dict:
        pairs: Any = value
        if len(pairs) > _MAX_ITEMS:
            return ()
        keys = [
            key
            for key, item in list(pairs.items())
            if is_one_of(type(key), (str, int)) and not is_one_of(type(item), _PLAIN)
        ]
        return [(f"{place}[{key!r}]", pairs[key]) for key in keys]
    if cls is FunctionType:
        function: Any = value
        return [(f"{place}.{name}", item) for name, item in _kept_by(function)]
    if cls is MethodType:
        method: Any = value
        return [(f"{place}.__self__", method.__self__)]
    attributes = attributes_of(value)
    if len(attributes) > _MAX_ITEMS:
        return ()
    items = list(attributes.items())
    names = [name for name, item in items if type(name) is str and not is_one_of(type(item), _PLAIN)]
    return [(f"{place}.{name}", attributes[name]) for name in names]


def _kept_by(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield what a function keeps, by the path of attributes at which it lies."""
    for i, cell in enumerate(function.__closure__ or ()):
        try:
            yield f"__closure__[{i}].cell_contents", cell.cell_contents
        except ValueError:
            continue  # not bound yet
    for i, item in enumerate(function.__defaults__ or ()):
        yield f"__defaults__[{i}]", item
    for name, item in (function.__kwdefaults__ or {}).items():
        yield f"__kwdefaults__[{name!r}]", item
