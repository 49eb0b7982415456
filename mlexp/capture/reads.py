"""Which of the user's live objects a cell reads, through functions and classes of the notebook too.

Followed are the global names in a function's code, its closure (what a decorator keeps of the function that it wraps),
its defaults and attributes, partial, bound and cached functions, the methods of a class of the notebook and the
attributes of an object of one, and small containers of all these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from opcode import opmap
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any

from mlexp.fingerprint.asking import attributes_of, bases_of, is_one_of, members_of, module_of, variables_of

_MAIN = "__main__"
_CACHED = type(lru_cache(len))
_MAX_ITEMS = 100
_MAX_VALUES = 2_000
_PLAIN = (int, float, str, bytes, bool, type(None), ModuleType, BuiltinFunctionType)
_SEES_ALL = frozenset({"eval", "exec", "globals", "get_ipython", "__main__"})
_FRAMES = frozenset({"_getframe", "currentframe"})
_MENTION = re.compile(r"@(\w+)")
"""A name in a text given to `query` or `eval` of a frame."""


@dataclass(slots=True)
class Reach:
    """What live code leads to."""

    names: set[str] = field(default_factory=set)
    """Names that functions behind the roots load or bind; the roots themselves only where such code does."""
    reads_all: bool = False
    """Whether some of that code may read any name."""


def live_reads(names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, object]:
    """Return the objects behind `names`, and behind the global names that functions among them load, and so on."""
    wanted = list(names)
    found = set(wanted) | reach_of(wanted, namespace).names
    return {name: namespace[name] for name in sorted(found) if name in namespace}


def reach_of(names: Iterable[str], namespace: Mapping[str, object]) -> Reach:
    """Follow live code from what `names` stand for."""
    reach = Reach()
    seen: set[int] = set()
    pending = [name for name in names if name in namespace]
    done = set(pending)
    while pending:
        for name in _names_behind(namespace[pending.pop()], seen, reach):
            reach.names.add(name)
            if name not in done and name in namespace:
                done.add(name)
                pending.append(name)
    reach.names.intersection_update(namespace)
    return reach


def _names_behind(value: Any, seen: set[int], reach: Reach) -> Iterator[str]:
    """Yield the global names that code behind a value uses; types are asked, no code of the user's runs."""
    pending = [value]
    while pending:
        value = pending.pop()
        cls = type(value)
        if is_one_of(cls, _PLAIN) or id(value) in seen or len(seen) > _MAX_VALUES:
            continue
        seen.add(id(value))
        if cls is FunctionType:
            if _module_name(value) == _MAIN:
                yield from _names_in(value.__code__, reach)
            pending += [*_closure(value), *_items(value.__defaults__), *_items(value.__kwdefaults__)]
            pending += _items(FunctionType.__dict__["__dict__"].__get__(value))
        elif cls is MethodType:
            pending += [value.__func__, value.__self__]
        elif cls is _CACHED:
            pending.append(_CACHED.__dict__["__dict__"].__get__(value).get("__wrapped__"))
        elif cls is partial:
            pending += [value.func, *_items(value.args), *_items(value.keywords)]
        elif is_one_of(cls, (staticmethod, classmethod)):
            pending.append(value.__func__)
        elif cls is property:
            pending += [value.fget, value.fset]
        elif is_one_of(cls, (GeneratorType, CoroutineType, AsyncGeneratorType)):
            code, frame = _running(value)
            if frame is not None:
                if dict.get(frame.f_globals, "__name__") == _MAIN:
                    yield from _names_in(code, reach)
                pending += _items(variables_of(frame))
        elif is_one_of(cls, (map, filter)):
            pending.append(value.__reduce__()[1][0])
        elif is_one_of(cls, (list, tuple, dict)):
            pending += _items(value) if len(value) <= _MAX_ITEMS else ()
        else:
            of_class = issubclass(cls, type)
            bases = [base for base in bases_of(value if of_class else cls) if module_of(base) == _MAIN]
            if of_class and module_of(cls) == _MAIN:
                bases += [base for base in bases_of(cls) if module_of(base) == _MAIN]
            pending += [member for base in bases for member in members_of(base).values()]
            held = {} if of_class else attributes_of(value)
            if len(held) <= _MAX_ITEMS:  # an object of a library may keep a function of the user's
                pending += [item for item in list(held.values()) if bases or is_one_of(type(item), _CODE)]


_CODE = (FunctionType, MethodType, partial)


def _module_name(function: FunctionType) -> object:
    name = dict.get(function.__globals__, "__name__")
    return name if type(name) is str else None


def _items(container: Any) -> list[object]:
    """Return what a container holds, by the ways of its built-in type; nothing of None."""
    if isinstance(container, dict):
        return list(dict.values(container))
    return [] if container is None else list(tuple.__iter__(container) if isinstance(container, tuple) else container)


def _running(value: Any) -> tuple[CodeType, FrameType | None]:
    """Return the code of a generator or coroutine, and its frame; None: it has ended."""
    if type(value) is GeneratorType:
        return value.gi_code, value.gi_frame
    return (value.cr_code, value.cr_frame) if type(value) is CoroutineType else (value.ag_code, value.ag_frame)


def _closure(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # not bound yet


_EXTENDED = opmap["EXTENDED_ARG"]
_LOAD_GLOBAL = opmap["LOAD_GLOBAL"]
_BY_NAME = frozenset(
    opmap[name]
    for name in ("LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "IMPORT_NAME")
    if name in opmap
)


def _names_in(code: CodeType, reach: Reach) -> Iterator[str]:
    """Yield the names that a function's code takes from its module, not those of attributes."""
    names = code.co_names
    used = _module_names(code) if names else ()
    if (
        not _SEES_ALL.isdisjoint(used)
        or not _FRAMES.isdisjoint(names)
        or ("sys" in used and "modules" in names and _MAIN in code.co_consts)
    ):
        reach.reads_all = True
    yield from used
    takes_text = "query" in names or "eval" in names
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _names_in(constant, reach)
        elif takes_text and type(constant) is str:
            yield from _MENTION.findall(constant)


def _module_names(code: CodeType) -> list[str]:
    found, names, above = [], code.co_names, 0
    text = code.co_code
    for place in range(0, len(text), 2):
        operation, argument = text[place], text[place + 1] | above
        above = argument << 8 if operation == _EXTENDED else 0
        if operation == _LOAD_GLOBAL:
            found.append(names[argument >> 1])
        elif operation in _BY_NAME:
            found.append(names[argument])
    return found
