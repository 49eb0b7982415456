"""Global state around each execution, and between two: what the one changed, and what changed while none ran."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.capture.probes import modules
from mlexp.capture.probes.states import interpreter, libraries
from mlexp.capture.probes.states.attributes import Attributes, Contents, contents, contents_changed
from mlexp.capture.probes.states.base import Look, State
from mlexp.capture.probes.states.identities import Identities
from mlexp.dataflow.stated import state_told

LOOKS: tuple[Look, ...] = (*interpreter.LOOKS, *libraries.LOOKS)

_KINDS = tuple(look.kind for look in LOOKS)
_MAX_UNDER_WAY = 8
_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n;#]+)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n;#]+)", re.MULTILINE)


@dataclass(slots=True)
class _Seen:
    """What was there before an execution."""

    states: dict[str, State | None]
    attributes: dict[str, Identities]
    own: dict[str, Contents]
    drifted: tuple[str, ...] = ()


@dataclass(slots=True)
class _Own:
    """The user's own modules that are imported: those that are none are asked for once."""

    installed: tuple[str, ...] = field(default_factory=lambda: modules.installed_folders())
    names: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def contents(self) -> dict[str, Contents]:
        if len(sys.modules) != len(self.seen):
            for name in sys.modules.keys() - self.seen:
                if modules.own_source(name, sys.modules.get(name), self.installed) is not None:
                    self.names.add(name)
            self.seen = set(sys.modules)
        found: dict[str, Contents] = {}
        for name in self.names:
            module = sys.modules.get(name)
            if issubclass(type(module), ModuleType):
                found[name] = contents(module)  # type: ignore[arg-type]  # a module, as asked
        return found


class StateProbe:
    """Compares global state; remembered are plain values and who the others are, never the objects."""

    def __init__(self) -> None:
        self._before: dict[int, _Seen] = {}
        self._last: dict[str, State | None] = {}
        self._own = _Own()
        self._attributes = Attributes()

    def before(self, opening: Opening) -> None:
        """Look before the cell runs; what differs from the end of the last one has drifted."""
        states = _states()
        drifted: tuple[str, ...] = ()
        if self._last and not self._before:  # inside another execution it is that one's doing
            last = {look.kind: state for look in LOOKS if look.drifts and (state := self._last[look.kind]) is not None}
            drifted = tuple(sorted(_differences(last, states)))
        own = self._own.contents()
        while len(self._before) >= _MAX_UNDER_WAY:  # the ends of some were not seen
            del self._before[min(self._before)]
        self._before[opening.index] = _Seen(states, self._attributes.before(opening), own, drifted)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Compare."""
        states = self._last = _states()
        seen = self._before.pop(opening.index, None)
        if seen is None:  # the execution that loaded mlexp: it was not seen to begin
            return {"state": state_told(opening.python)}
        changed = set(_differences(seen.states, states))
        own = self._own.contents()
        with guarded("compare attributes of modules"):
            changed.update(self._attributes.after(opening, seen.attributes, own))
            for name, was in seen.own.items():
                changed.update(contents_changed(name, was, own.get(name, {})))
        changed.update(f"import:{name}" for name in submodules_in(opening.python) if name in sys.modules)
        return {"state": tuple(sorted(changed)), "drifted": seen.drifted}

    def close(self) -> None:
        """Nothing was put into the kernel."""


def _states() -> dict[str, State | None]:
    found: dict[str, State | None] = dict.fromkeys(_KINDS)
    for look in LOOKS:
        try:
            found[look.kind] = look.take()
        except Exception:  # no `guarded` around each: twenty of them cost as much as all the looks
            with guarded(f"look at {look.kind}"):
                raise
    return found


def _differences(before: Mapping[str, State | None], after: Mapping[str, State | None]) -> Iterator[str]:
    for look in LOOKS:
        if look.kind not in before:
            continue
        try:
            yield from look.differences(before.get(look.kind), after.get(look.kind))
        except Exception:
            with guarded(f"compare {look.kind}"):
                raise


@lru_cache(maxsize=256)
def submodules_in(python: str) -> frozenset[str]:
    """Return what may be submodules among that which a text imports: "scipy.stats" of `from scipy.stats import x`."""
    if "import" not in python:
        return frozenset()
    found = set()
    for names in _IMPORT.findall(python):
        found |= {part.split(" as ")[0].strip() for part in names.split(",")}
    for module, names in _FROM.findall(python):
        found |= {module, *(f"{module}.{part.split(' as ')[0].strip()}" for part in names.strip("()").split(","))}
    return frozenset(name for name in found if "." in name.strip("."))
