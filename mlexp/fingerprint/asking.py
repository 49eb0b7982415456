"""What a class can be asked without running code of the user's.

A metaclass may answer `cls.__module__`, `cls == other` and `hash(cls)` as it likes; so `type(x) in (list, dict)` and
`{list: 1}.get(type(x))` are questions to the user's code, too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType, GetSetDescriptorType, ModuleType
from typing import Any

_BASES = type.__dict__["__mro__"].__get__
_MEMBERS = type.__dict__["__dict__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_NAMES = vars(ModuleType)["__dict__"].__get__
_NAME = type.__dict__["__name__"].__get__
_OPTIMIZED = 1
"""As `inspect.CO_OPTIMIZED`, of a module that is dear to import."""
_ASKS_ITSELF = frozenset(
    {"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe", "f_locals", "set_trace"}
)
_QUALNAME = type.__dict__["__qualname__"].__get__


def is_one_of(cls: type, classes: tuple[type, ...]) -> bool:
    """Tell whether the class is one of these, by identity."""
    for other in classes:  # noqa: SIM110  (asked of every value that is looked at: `any` takes three times as long)
        if cls is other:
            return True
    return False


def imported(name: str) -> ModuleType | None:
    """Return the module if it is imported; None also where something else stands in its place.

    A module whose class answers for each of its names, as one does that is loaded when it is first used, is no such.
    """
    module = sys.modules.get(name)
    kind = type(module)
    if not issubclass(kind, ModuleType):
        return None
    answers = next(cls for cls in bases_of(kind) if "__getattribute__" in members_of(cls))
    return module if answers is ModuleType else None


def names_in(module: ModuleType) -> dict[str, Any]:
    """Return the module's names; one that is loaded when it is first used is not loaded by this."""
    return _NAMES(module)  # type: ignore[no-any-return]  # a dict


def bases_of(cls: type) -> tuple[type, ...]:
    """Return the class and all that it inherits from, nearest first."""
    return tuple(_BASES(cls))


def members_of(cls: type) -> Mapping[str, Any]:
    """Return what the class itself defines."""
    return _MEMBERS(cls)  # type: ignore[no-any-return]  # a mappingproxy


def attributes_of(value: object) -> dict[str, Any]:
    """Return an object's own attributes, past any property that the user has called `__dict__`; empty without."""
    for cls in bases_of(type(value)):
        descriptor = members_of(cls).get("__dict__")
        if type(descriptor) is GetSetDescriptorType and not issubclass(cls, type):
            return descriptor.__get__(value)  # type: ignore[no-any-return]  # a dict
    return {}


def variables_of(frame: FrameType) -> dict[str, Any] | None:
    """Return the variables of a generator's frame; None where they cannot be had without a trace.

    Before Python 3.13 a frame that is asked keeps a copy of its variables, which would keep what they stand for alive.
    So the copy is emptied, which code that asks for its own variables would see.
    """
    code = frame.f_code
    if not code.co_flags & _OPTIMIZED:  # its variables are those of a module
        return None
    if sys.version_info >= (3, 13):
        return dict(frame.f_locals)
    if not _ASKS_ITSELF.isdisjoint(code.co_names):
        return None
    copy = frame.f_locals
    found = dict(copy)
    copy.clear()
    return found


def module_of(cls: type) -> str:
    """Return the name of the class's module; empty where it is no text."""
    return _text(_MODULE, cls)


def name_of(cls: type) -> str:
    """Return the class's full name, such as "numpy.ndarray"; of a built-in one without "builtins."."""
    module = module_of(cls)
    return f"{module}.{_text(_QUALNAME, cls)}" if module not in ("", "builtins") else _text(_QUALNAME, cls)


def simple_name_of(cls: type) -> str:
    """Return the class's name alone, such as "ndarray"."""
    return _text(_NAME, cls)


def _text(ask: Any, cls: type) -> str:
    try:
        answer = ask(cls)
    except AttributeError:  # it was deleted
        return ""
    return answer if type(answer) is str else ""
