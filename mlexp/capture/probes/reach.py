"""Generators of random numbers that an execution can reach: by its names, in containers, closures and attributes.

Types are asked, and instance dictionaries are read past the class's own attribute look-up: no code of the user's runs.
Large containers, and all but the nearest objects, are left out, so that a look costs a fraction of a millisecond.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, GeneratorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from mlexp.fingerprint.asking import (
    attributes_of,
    bases_of,
    imported,
    is_one_of,
    members_of,
    module_of,
    names_in,
    variables_of,
)

_MAX_ITEMS = 100
_MAX_OBJECTS = 150
_MAX_DEPTH = 4
_PLAIN = (int, float, complex, str, bytes, bool, type(None), range, slice)
_MAIN = "__main__"


def generators_in_reach(names: Iterable[str], namespace: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Yield kind, place and object of each generator; the place is an expression such as `rng` or `model.rngs[0]`.

    Args:
        names: The names to begin at.
        namespace: The user's variables.
    """
    kinds = _kinds()
    seen: set[int] = set()
    pending = deque((name, namespace[name], 0) for name in names if name in namespace)
    while pending and len(seen) < _MAX_OBJECTS:  # the nearest first
        place, value, depth = pending.popleft()
        cls = type(value)
        if is_one_of(cls, _PLAIN) or id(value) in seen:
            continue
        kind = next((kind for kind, of in kinds.items() if issubclass(cls, of)), None)
        if kind is not None:
            seen.add(id(value))
            yield kind, place, value
        elif not _is_library_code(value):
            seen.add(id(value))
            if depth < _MAX_DEPTH:
                pending.extend((inner, item, depth + 1) for inner, item in _inside(place, value))


def _kinds() -> dict[str, type]:
    found: dict[str, type] = {"random.Random": random.Random}
    numpy_random, torch = imported("numpy.random"), imported("torch")
    for module, name in (
        (numpy_random, "Generator"),
        (numpy_random, "RandomState"),
        (numpy_random, "BitGenerator"),
        (torch, "Generator"),
    ):
        cls: Any = names_in(module).get(name) if module is not None else None
        if issubclass(type(cls), type):
            found[f"{'torch' if module is torch else 'numpy.random'}.{name}"] = cls
    return found


def _is_library_code(value: Any) -> bool:
    """Tell whether a value is a class or a module of a library: most names of a notebook's first cell are such."""
    cls = type(value)
    if issubclass(cls, type):
        return module_of(value) != _MAIN
    if issubclass(cls, ModuleType):
        file = names_in(value).get("__file__") if cls is ModuleType else None
        return type(file) is not str or "site-packages" in file or "lib/python" in file
    return False


def _inside(place: str, value: Any) -> Iterable[tuple[str, object]]:
    cls = type(value)
    if is_one_of(cls, (list, tuple, deque)):
        if len(value) > _MAX_ITEMS:
            return ()
        return [(f"{place}[{i}]", item) for i, item in enumerate(list(value)) if not is_one_of(type(item), _PLAIN)]
    if issubclass(cls, dict):
        return _items(place, value)
    if cls is FunctionType:
        return [(f"{place}.{name}", item) for name, item in _kept_by(value)]
    if is_one_of(cls, (MethodType, BuiltinMethodType)):
        return [(f"{place}.__self__", value.__self__)]
    if cls is partial:
        arguments = [(f"{place}.args[{i}]", item) for i, item in enumerate(value.args)]
        return [(f"{place}.func", value.func), *arguments, *_items(f"{place}.keywords", value.keywords)]
    if cls is GeneratorType:
        frame = value.gi_frame
        variables = variables_of(frame) if frame is not None else None
        return _items(f"{place}.gi_frame.f_locals", variables) if variables is not None else ()
    if issubclass(cls, ModuleType):
        own = names_in(value)
        return [(f"{place}.{name}", item) for name, item in list(own.items()) if _may_be_generator(item)]
    if issubclass(cls, type):
        return _attributes(place, members_of(value))
    found = _attributes(place, attributes_of(value))
    for base in bases_of(cls):
        if module_of(base) == _MAIN:
            found += _slots(place, value, base)
            found += [(f"{place}.{n}", item) for n, item in _named(members_of(base)) if _may_be_generator(item)]
    return found


def _items(place: str, pairs: Any) -> list[tuple[str, object]]:
    if dict.__len__(pairs) > _MAX_ITEMS:
        return []
    return [
        (f"{place}[{key!r}]", item)
        for key, item in list(dict.items(pairs))
        if is_one_of(type(key), (str, int)) and not is_one_of(type(item), _PLAIN)
    ]


def _attributes(place: str, attributes: Mapping[str, Any]) -> list[tuple[str, object]]:
    if len(attributes) > _MAX_ITEMS:
        return []
    return [(f"{place}.{name}", item) for name, item in _named(attributes) if not is_one_of(type(item), _PLAIN)]


def _named(attributes: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, item) for name, item in list(attributes.items()) if type(name) is str]


def _slots(place: str, value: object, cls: type) -> list[tuple[str, object]]:
    found = []
    for name, member in _named(members_of(cls)):
        if type(member) is MemberDescriptorType:
            try:
                found.append((f"{place}.{name}", member.__get__(value)))
            except AttributeError:
                continue  # not bound yet
    return found


def _may_be_generator(value: object) -> bool:
    return any(issubclass(type(value), cls) for cls in _kinds().values())


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
    own = function.__globals__
    if dict.get(own, "__name__") != _MAIN:  # of a module: the notebook's own globals are names
        for name in function.__code__.co_names:
            if _may_be_generator(item := dict.get(own, name)):
                yield f"__globals__[{name!r}]", item
