"""Objects without a codec that gives them back: what they are made of, for their identity alone.

Taken are instances of the user's own classes and of libraries whose fitted objects are plain Python: by their
attributes, in the order of the names. A memory of how long something took is left out, a generator of random numbers is
told by its class (its draws are told elsewhere), functions, classes and modules by their names.
"""

from __future__ import annotations

import array
import re
import sys
import sysconfig
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import PurePath
from random import Random
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import TYPE_CHECKING, Any

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import (
    attributes_of,
    bases_of,
    imported,
    is_one_of,
    members_of,
    module_of,
    name_of,
    names_in,
)

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Walker

_MAIN = "__main__"
_PLAIN_LIBRARIES = frozenset({"sklearn", "statsmodels", "scipy", "imblearn", "patsy", "formulaic"})
_CLOCK = re.compile(r"(.*_)?(time|times|elapsed|duration|seconds|timestamp)(_.*)?")
_SHELLS_LIST = "IPython.utils.text.SList"
"""What `lines = !command` gives."""
_REPORTS = frozenset({"statsmodels.iolib.summary.Summary", "statsmodels.iolib.summary2.Summary"})
"""Tables for the eye, that also tell when they were made."""
_MADE_AT = re.compile(
    r"(?m)((?:^|\s)(?:Date|Time): +)(?:\w{3}, \d\d \w{3} \d{4}|\d{4}-\d\d-\d\d \d\d:\d\d|\d\d:\d\d:\d\d)"
)
_SCRATCH = re.compile(r"_tmp_.+|_cache")
"""Attributes of statsmodels' models and results: memory to work in, and what was computed of the rest when asked."""
_HEAP_TYPE = 1 << 9
"""The flag of a class that is made while Python runs; those of C are mostly made before."""


def describe(value: Any, walker: Walker) -> list[object]:
    """Return what the object is made of.

    Raises:
        NotWalkableError: It may hold what nobody can see.
    """
    cls = type(value)
    if issubclass(cls, ModuleType):
        return ["module", str(names_in(value).get("__name__"))]
    if issubclass(cls, type):
        return ["class", name_of(value)]
    if is_one_of(cls, (FunctionType, BuiltinFunctionType, MethodType)):
        return ["function", str(value.__qualname__) if cls is not MethodType else str(value.__func__.__qualname__)]
    if issubclass(cls, Enum) and type(cls).__module__ == "enum":
        return ["enum", name_of(cls), str(Enum.__dict__["name"].__get__(value))]
    name = name_of(cls)
    if issubclass(cls, Random) or module_of(cls).startswith("numpy.random"):
        return ["generator", name]
    if name == _SHELLS_LIST:  # what a script has in its place is a plain list
        return walker.child(list(list.__iter__(value)))
    if name in _REPORTS:
        return ["report", name, _MADE_AT.sub(r"\1", value.as_text())]
    if any(name_of(base) == "scipy.stats._distn_infrastructure.rv_generic" for base in bases_of(cls)):
        shape = dict(attributes_of(value))
        return ["distribution", name, [walker.child(shape.get(key)) for key in ("name", "a", "b", "shapes")]]
    held = _held(value, cls, walker)
    if held is not None:
        return ["held", name, held, *_attributes(value, walker)]
    if not _is_taken(cls):
        if module_of(cls).startswith("statsmodels."):  # a filter in C: what it gave stands in arrays beside it
            return ["in C", name]
        raise NotWalkableError(f"no codec for {name}")
    return ["object", name, *_attributes(value, walker)]


def _held(value: Any, cls: type, walker: Walker) -> list[object] | None:
    """Return what an object of the standard library, or of a class that is built on one, holds by that."""
    if issubclass(cls, Decimal):
        return [Decimal.__str__(value)]
    if any(base is Fraction for base in bases_of(cls)):  # its metaclass would ask that of the class
        return [str(value.numerator), str(value.denominator)]
    if issubclass(cls, PurePath):
        return [PurePath.__str__(value)]
    if cls is re.Pattern:
        return [walker.child(value.pattern), value.flags]
    if cls is array.array:
        return [value.typecode, walker.buffer(value.tobytes())]
    if cls is partial:
        return [walker.child(part) for part in (value.func, value.args, value.keywords)]
    if issubclass(cls, deque):
        return [value.maxlen, *map(walker.child, deque.__iter__(value))]
    if issubclass(cls, OrderedDict):
        return [[walker.child(k), walker.child(v)] for k, v in OrderedDict.items(value)]
    if issubclass(cls, (dict, Counter, defaultdict)):
        return [[walker.child(k), walker.child(v)] for k, v in dict.items(value)]
    containers: tuple[Any, ...] = (list, tuple, set, frozenset)
    for base in containers:
        if issubclass(cls, base):
            return [walker.child(base(base.__iter__(value)))]
    if issubclass(cls, int):
        return [walker.child(int.__add__(value, 0))]
    plain: tuple[Any, ...] = (str, bytes, float, complex)
    for base in plain:
        if issubclass(cls, base):
            return [walker.child(base.__getnewargs__(value)[0])]
    return None


def _attributes(value: Any, walker: Walker) -> list[object]:
    found = dict(attributes_of(value))
    for cls in bases_of(type(value)):
        for name, member in members_of(cls).items():
            if type(member) is MemberDescriptorType and name not in found and name not in ("__dict__", "__weakref__"):
                try:
                    found[name] = member.__get__(value)
                except AttributeError:
                    continue
    left_out = _SCRATCH if module_of(type(value)).startswith("statsmodels.") else _CLOCK
    names = sorted(
        name for name in found if type(name) is str and not (_CLOCK.fullmatch(name) or left_out.fullmatch(name))
    )
    if type(found.get("cv_results_")) is dict:  # of a search over settings: the times are items of it
        found["cv_results_"] = {key: v for key, v in found["cv_results_"].items() if not _CLOCK.fullmatch(str(key))}
    walker.ahead(len(names))
    return [[name, walker.child(found[name])] for name in names]


def _is_taken(cls: type) -> bool:
    """Tell whether all classes of an object are Python's own, the user's or of a library that is known."""
    return all(
        base is object
        or base is SimpleNamespace
        or (
            bool(base.__flags__ & _HEAP_TYPE)
            and _is_written_in_python(base)
            and (_is_own(module_of(base)) or module_of(base).partition(".")[0] in _PLAIN_LIBRARIES)
        )
        or module_of(base) in ("abc", "typing", "collections.abc", "dataclasses")
        for base in bases_of(cls)
    )


def _is_written_in_python(cls: type) -> bool:
    """Tell whether a class comes of a `class` statement: these have slots, or give their objects a `__dict__`."""
    members = members_of(cls)
    return "__slots__" in members or "__dict__" in members or any("__dict__" in members_of(b) for b in bases_of(cls))


@lru_cache(maxsize=1024)
def _is_own(module: str) -> bool:
    """Tell whether a module is the user's: the notebook, or a file that is not installed."""
    if module == _MAIN:
        return True
    found = imported(module)
    file = names_in(found).get("__file__") if found is not None else None
    if type(file) is not str or module.partition(".")[0] in sys.stdlib_module_names:
        return False
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not any(path and file.startswith(path) for path in installed) and "site-packages" not in file
