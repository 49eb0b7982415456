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


def _names_behind(value: object, seen: set[int]) -> Iterator[str]:
    """Yield the global names that code behind a value loads; types are asked, no code of the user's runs."""
    pending = [value]
    while pending:
        value = pending.pop()
        if id(value) in seen or len(seen) > _MAX_VALUES:
            continue
        seen.add(id(value))
        if type(value) is FunctionType:
            if value.__globals__.get("__name__") == _MAIN:
                yield from _names_in(value.__code__)
            pending += [*_closure(value), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        elif type(value) is MethodType:
            pending += [value.__func__, value.__self__]
        elif type(value) is _CACHED:
            pending.append(value.__wrapped__)
        elif type(value) is partial:
            pending += [value.func, *value.args, *value.keywords.values()]
        elif type(value) in (staticmethod, classmethod):
            pending.append(value.__func__)  # type: ignore[attr-defined]  # one of the two
        elif type(value) is property:
            pending += [value.fget, value.fset]
        elif type(value) in (list, tuple, dict):
            items = value.values() if type(value) is dict else value
            pending += list(items) if len(items) <= _MAX_ITEMS else ()  # type: ignore[arg-type,call-overload]  # as asked
        else:
            cls: Any = value if issubclass(type(value), type) else type(value)
            pending += [
                member
                for base in type.mro(cls)
                if base.__dict__.get("__module__") == _MAIN
                for member in base.__dict__.values()
            ]


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
