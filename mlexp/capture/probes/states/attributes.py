"""Attributes set on modules and on classes of libraries, and what the user's own modules hold.

Looked at are the modules and classes that the text names, and those that functions of the notebook name which it calls.
A library sets attributes of its own, too; so of one only those count that the text plainly sets, or that are public.
Of the user's own modules all names count, and what small containers and classes in them hold.
"""

from __future__ import annotations

import marshal
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.capture.probes.states.base import plain
from mlexp.capture.probes.states.identities import Identities
from mlexp.fingerprint.asking import attributes_of, is_one_of, members_of, module_of, name_of, names_in

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_SETS = re.compile(
    r"\.\s*(\w+)\s*(?:,[^=\n]*)?(?:[-+*/%@&|^]|//|\*\*|<<|>>)?=(?!=)"  # `m.a = …`, `m.a += …`, `m.a, m.b = …`
    r"|\bdel\s+[\w.]+\.(\w+)|(?:setattr|delattr|setitem|setdefault)\s*\([^,]+,\s*[\"'](\w+)[\"']|[\"'][\w.]+\.(\w+)[\"']"
)
_ACCESSED = (
    ("pandas", ("DataFrame", "Series", "Index")),
    ("pandas.core.groupby", ("DataFrameGroupBy", "SeriesGroupBy")),
)
"""Classes on which libraries put methods for everybody: `tqdm.pandas()`, accessors."""
_SET_THEIR_OWN = frozenset({"sys", "time", "warnings", "logging", "signal", "matplotlib", "mlexp"})
"""Packages whose modules bind names anew at work."""
_KINDS_OF_THEIR_OWN = frozenset({"sys.argv", "sys.path", "sys.stdout", "os.environ"})
_NONE = (0, None)
_MAX_OWNERS = 60
_MAX_ITEMS = 1000
_MAX_NAMED = 20
"""A reload changes them all: of more than this the module alone is told."""


class Attributes:
    """Remembers who the attributes of modules and classes were, by the full names of these."""

    def __init__(self) -> None:
        self._known: dict[str, Identities] = {}
        self._methods: dict[str, tuple[int, frozenset[str]]] = {}

    def before(self, opening: Opening) -> dict[str, Identities]:
        """Return who the attributes are of what an execution may set one on."""
        self.methods_put()
        owners = _owners_named(opening.python, opening.namespace, opening.names.loaded)
        return {name: self._identities(name, owner) for name, owner in owners.items()}

    def after(self, opening: Opening, before: Mapping[str, Identities], own: Collection[str]) -> Iterator[str]:
        """Yield the attributes that an execution set, as texts such as "module:numpy.random.seed".

        Args:
            opening: The execution.
            before: What was there before it.
            own: Modules of the user's own, which are looked at otherwise.
        """
        yield from self.methods_put()
        plainly = _set_in(opening.python)
        for name, owner in _owners_named(opening.python, opening.namespace, opening.names.loaded).items():
            members = _members(owner)
            found: Iterable[str] = ()
            if name not in before:  # imported just now: its own attributes are as old as those that were set
                found = [a for a, value in list(members.items()) if a in plainly or _is_users(value)]
            elif name not in own and (now := self._identities(name, owner)) is not before[name]:
                found = _differing(before[name], now)
                found = [a for a in found if a in plainly or not _is_its_own(name, a, owner, before[name])]
            yield from (f"module:{full}" for a in found if (full := f"{name}.{a}") not in _KINDS_OF_THEIR_OWN)

    def methods_put(self) -> list[str]:
        """Return the methods that libraries have put on the classes of pandas since the last time."""
        found = []
        for module, name in ((module, name) for module, names in _ACCESSED for name in names):
            cls = vars(sys.modules[module]).get(name) if type(sys.modules.get(module)) is ModuleType else None
            if type(cls) is not type:
                continue
            n, names = self._methods.get(name, (-1, frozenset[str]()))
            members = members_of(cls)
            if len(members) != n:
                self._methods[name] = len(members), frozenset(members)
                found += [f"module:pandas.{name}.{new}" for new in members.keys() - names if n >= 0]
        return found

    def _identities(self, name: str, owner: Any) -> Identities:
        found = self._known[name] = Identities.of(_members(owner), before=self._known.get(name))
        return found


def _owners_named(python: str, namespace: Mapping[str, object], loaded: Iterable[str]) -> dict[str, Any]:
    """Return the modules and classes that a text names, and functions of the notebook in it, by their full names."""
    words = _words(python)
    reached: set[str] = set()
    for name in loaded:
        value = namespace.get(name)
        if _is_users(value):
            reached |= _names_in(value.__code__)  # type: ignore[attr-defined]  # a function, as asked
    words = words | reached if reached else words
    found: dict[str, Any] = {}
    pending = [value for word in words if (value := namespace.get(word)) is not None]
    if "import" in words:
        pending += [sys.modules[word] for word in words if word in sys.modules]
    while pending and len(found) < _MAX_OWNERS:
        value = pending.pop()
        cls = type(value)
        if issubclass(cls, ModuleType):
            members = names_in(value)  # type: ignore[arg-type]  # a module, as asked
            full = members.get("__name__")
            if type(full) is str and full not in found and full not in ("__main__", "builtins"):
                found[full] = value
                pending += [members[word] for word in words if word in members and _is_owner(members[word])]
        elif issubclass(cls, type) and _is_of_library(value):  # type: ignore[arg-type]  # a class, as asked
            found[name_of(value)] = value  # type: ignore[arg-type]  # the same
    return found


def _differing(before: Identities, after: Identities) -> list[str]:
    old, new = dict(before), dict(after)
    return [name for name in old.keys() | new.keys() if type(name) is str and old.get(name) != new.get(name)]


def _is_its_own(name: str, attribute: str, owner: Any, before: Mapping[str, object]) -> bool:
    """Tell whether the library itself may have set an attribute: a hidden or a new one, a module, a part of its own."""
    package = name.partition(".")[0]
    if attribute.startswith("_") or package in _SET_THEIR_OWN:
        return True
    if attribute not in before and not issubclass(type(owner), type):
        return True
    value = _members(owner).get(attribute)
    if type(value) is FunctionType:
        return str(dict.get(value.__globals__, "__name__")).partition(".")[0] == package
    return issubclass(type(value), ModuleType)


Contents = Mapping[str, tuple[int, object]]
"""The names of a module: who the values are, and what is in the small ones."""


def contents(module: ModuleType) -> Contents:
    """Return what a module of the user's own holds."""
    members = names_in(module)
    own = members.get("__name__")
    return {
        name: (id(value), _content(value, own))
        for name, value in list(members.items())
        if type(name) is str and not (name.startswith("__") and name.endswith("__"))
    }


def contents_changed(name: str, was: Contents, now: Contents) -> Iterator[str]:
    """Yield what changed in a module of the user's own: "module:…" of names bound anew, "content:…" of their values."""
    if was == now:
        return
    bound = sorted(key for key in was.keys() | now.keys() if was.get(key, _NONE)[0] != now.get(key, _NONE)[0])
    if len(bound) > _MAX_NAMED:
        yield f"module:{name}"
        return
    yield from (f"module:{name}.{key}" for key in bound)
    yield from (f"content:{name}.{key}" for key in now if key not in bound and was[key] != now[key])


def _content(value: Any, module: object) -> object:
    cls = type(value)
    if is_one_of(cls, (list, dict, set, bytearray)):
        if len(value) > _MAX_ITEMS:
            return len(value)
        try:
            return marshal.dumps(value, 2)
        except ValueError:
            return tuple(map(id, dict.values(value) if cls is dict else value))
    if cls is type and module_of(value) == module:
        return Identities.of(members_of(value))
    if cls is not type and type(cls) is type and module_of(cls) == module:
        return {key: plain(item) for key, item in attributes_of(value).items()}
    return None


def _members(owner: Any) -> Mapping[str, object]:
    return members_of(owner) if issubclass(type(owner), type) else names_in(owner)


def _is_users(value: object) -> bool:
    """Tell whether a value is a function of the notebook's."""
    return type(value) is FunctionType and dict.get(value.__globals__, "__name__") == "__main__"


def _is_owner(value: object) -> bool:
    return issubclass(type(value), (ModuleType, type))


def _is_of_library(cls: type) -> bool:
    return (module := module_of(cls)) in sys.modules and module not in ("__main__", "builtins")


def _names_in(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if type(constant) is CodeType]
    return set(code.co_names).union(*map(_names_in, inner))


# A text never changes, and a cell is often executed again.
@lru_cache(maxsize=256)
def _words(python: str) -> frozenset[str]:
    return frozenset(_IDENTIFIER.findall(python))


@lru_cache(maxsize=256)
def _set_in(python: str) -> frozenset[str]:
    """Return the attributes that a text plainly sets or deletes."""
    return frozenset(name for groups in _SETS.findall(python) for name in groups if name)
