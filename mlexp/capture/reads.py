"""Which of the user's live objects a cell reads, through functions and classes of the notebook too.

Followed are the global names in a function's code, its closure (what a decorator keeps of the function that it wraps),
its defaults, partial, bound and cached functions, the methods of a class of the notebook or of an object of one, and
small containers of all these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from mlexp.fingerprint.asking import bases_of, is_one_of, members_of, module_of

_MAIN = "__main__"
_CACHED = type(lru_cache(len))
_MAX_ITEMS = 100
_MAX_VALUES = 10_000


def live_reads(names: tuple[str, ...], namespace: Mapping[str, object]) -> dict[str, object]:
    """Return the objects behind `names`, and behind the global names that functions among them load, and so on."""
    found: dict[str, object] = {}
    seen: set[int] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found and name in namespace:
            found[name] = namespace[name]
            pending.extend(_names_behind(namespace[name], seen))
    return dict(sorted(found.items()))


def _names_behind(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield the global names that code behind a value loads; types are asked, no code of the user's runs."""
    pending = [value]
    while pending:
        value = pending.pop()
        if id(value) in seen or len(seen) > _MAX_VALUES:
            continue
        seen.add(id(value))
        cls = type(value)
        if cls is FunctionType:
            if _module_name(value) == _MAIN:
                yield from _names_in(value.__code__)
            pending += [*_closure(value), *_items(value.__defaults__), *_items(value.__kwdefaults__)]
        elif cls is MethodType:
            pending += [value.__func__, value.__self__]
        elif cls is _CACHED:
            pending.append(vars(value).get("__wrapped__"))
        elif cls is partial:
            pending += [value.func, *_items(value.args), *_items(value.keywords)]
        elif is_one_of(cls, (staticmethod, classmethod)):
            pending.append(value.__func__)
        elif cls is property:
            pending += [value.fget, value.fset]
        elif is_one_of(cls, (list, tuple, dict)):
            pending += _items(value) if len(value) <= _MAX_ITEMS else ()
        else:
            bases = bases_of(value if issubclass(cls, type) else cls)
            pending += [m for base in bases if module_of(base) == _MAIN for m in members_of(base).values()]


def _module_name(function: FunctionType) -> object:
    name = dict.get(function.__globals__, "__name__")
    return name if type(name) is str else None


def _items(container: Any) -> list[object]:
    """Return what a container holds, by the ways of its built-in type; nothing of None."""
    if isinstance(container, dict):
        return list(dict.values(container))
    return [] if container is None else list(tuple.__iter__(container) if isinstance(container, tuple) else container)


def _closure(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # not bound yet


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
