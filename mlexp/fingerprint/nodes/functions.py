"""Functions, classes and modules: what they keep from call to call."""

from __future__ import annotations

import functools
import sys
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import attributes_of, bases_of, members_of, module_of, names_in
from mlexp.fingerprint.nodes import builtin
from mlexp.fingerprint.nodes.graph import Trait

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_NOT_HELD = frozenset(
    "__dict__ __weakref__ __doc__ __module__ __qualname__ __abstractmethods__ _abc_impl __annotations__ "
    "__annotations_cache__ __annotate_func__ __match_args__ __parameters__ __slots__ __orig_bases__".split()
)
_MAX_MEMBERS = 500
_cache_info = type(functools.lru_cache(len)).cache_info


def is_of_interest(value: Any, walk: Walk) -> bool:
    """Tell whether a function, class or module may be changed: those of libraries are not."""
    cls = type(value)
    if issubclass(cls, type):
        return walk.is_own(module_of(value))
    if issubclass(cls, ModuleType):
        name = names_in(value).get("__name__")
        return type(name) is str and name != "__main__" and walk.is_own(name)
    return not (cls is BuiltinFunctionType and issubclass(type(value.__self__), ModuleType | type(None)))


def open_function(value: Any, walk: Walk) -> object:
    """Read a function: the code of one of the user's by id, what it closes over, its defaults and attributes."""
    content: list[object] = []
    name = dict.get(value.__globals__, "__name__")
    if type(name) is str and walk.is_own(name):  # a library's function may be listened to: by other code of ours
        content.append(id(value.__code__))
    for variable, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
        if variable == "dispatch_cache" and name == "functools":  # of a `singledispatch`: what was looked up so far
            continue
        content.append(walk.inner(id(cell), builtin.open_cell, cell))
    for held in (value.__defaults__, value.__kwdefaults__):
        if held:
            content.append(walk.token(held))
    attributes = attributes_of(value)
    if name == "functools" and "_clear_cache" in attributes:  # it leads to that cache, too
        content += walk.items(item for key, item in attributes.items() if key != "_clear_cache")
    elif attributes:
        content.append(walk.token(attributes))
    _queue_module(value, walk)
    return content


def open_method(value: Any, walk: Walk) -> object:
    """Read a bound method."""
    return walk.items((value.__func__, value.__self__))


def open_builtin(value: Any, walk: Walk) -> object:
    """Read a function of C that is bound to an object, such as `items.append`."""
    return [walk.token(value.__self__)]


def open_wrapper(value: Any, walk: Walk) -> object:
    """Read a static or class method."""
    return [walk.token(value.__func__)]


def open_property(value: Any, walk: Walk) -> object:
    """Read a property."""
    return walk.items((value.fget, value.fset, value.fdel))


def open_cached_property(value: Any, walk: Walk) -> object:
    """Read a property that keeps its value in the object."""
    return [walk.token(value.func)]


def open_partial(value: Any, walk: Walk) -> object:
    """Read a partial function."""
    partial = functools.partial
    held = (partial.__dict__[name].__get__(value) for name in ("func", "args", "keywords"))
    return walk.items((*held, attributes_of(value)))


def open_cached(value: Any, walk: Walk) -> object:
    """Read a function with a memory: what it was called with cannot be seen, but how often."""
    walk.mark(Trait.CACHE)
    return [list(_cache_info(value)), walk.token(attributes_of(value).get("__wrapped__"))]


def open_class(value: Any, walk: Walk) -> object:
    """Read a class of the user's own: its members, and those of its class."""
    content: list[object] = []
    if walk.is_own(module_of(type(value))):
        content.append(walk.token(type(value)))
    for name, member in list(members_of(value).items())[:_MAX_MEMBERS]:
        if type(name) is str and name not in _NOT_HELD:
            content += [name, walk.token(member)]
    return [content, walk.items(base for base in bases_of(value)[1:] if walk.is_own(module_of(base)))]


def open_module(value: Any, walk: Walk) -> object:
    """Read a module of the user's own: what it defines, and what other code has put there."""
    content: list[object] = []
    for key, item in list(names_in(value).items())[:_MAX_MEMBERS]:
        if type(key) is str and not key.startswith("__") and not issubclass(type(item), ModuleType):
            content += [key, walk.token(item)]
    return content


def _queue_module(function: Any, walk: Walk) -> None:
    """Follow a function into the user's module where it was defined."""
    name = dict.get(function.__globals__, "__name__")
    if type(name) is str and name != "__main__" and walk.is_own(name):
        module = sys.modules.get(name)
        if issubclass(type(module), ModuleType) and names_in(module) is function.__globals__:  # type: ignore[arg-type]
            walk.token(module)
