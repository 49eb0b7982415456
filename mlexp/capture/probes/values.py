"""What an execution did to the user's variables: bound, deleted, changed in place, or perhaps changed.

Looked at, after the cell, is all that it could reach by the names that it mentions and through live functions. What has
changed there has changed for every name that leads to it, mentioned or not. Where a look cannot tell, because there was
no time or the state is hidden, the text may: it plainly changes a value or plainly only reads it; else the value is
suspected to have changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from sys import modules
from time import perf_counter
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import TYPE_CHECKING

from mlexp.capture.budget import after_s, before_s
from mlexp.capture.known import Fates, Known, Look
from mlexp.capture.opening import Opening
from mlexp.capture.probes.modules import installed_folders, own_source
from mlexp.capture.probes.namespace import Namespace, is_shells
from mlexp.capture.reads import reach_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.late import read_at_once
from mlexp.fingerprint.asking import is_one_of

if TYPE_CHECKING:
    from mlexp.dataflow.plainly import Plainly

_CODE = (FunctionType, type)
_FIXED = frozenset(map(id, (int, float, str, bool, bytes, complex, NoneType, ModuleType, BuiltinFunctionType)))
"""By identity: that of a class can be looked up at once, and asks no metaclass."""


_MAX_TRIES = 3
_SETS = re.compile(r"\b(\w+)\.\w+\s*=(?!=)")


@dataclass(slots=True)
class _Before:
    """What was there before a cell."""

    namespace: Namespace
    read: tuple[str, ...]
    """Names that the cell itself reads at once."""
    reached: set[str]
    """Names that live functions behind these use."""
    reads_all: bool


class ValuesProbe:
    """Knows what the user's names stood for when they could last have changed, and compares."""

    def __init__(self) -> None:
        self._installed = installed_folders()
        self._own: dict[str, bool] = {"__main__": True}
        self._known = Known(self._is_own)
        self._before: dict[int, _Before] = {}
        self._tries: dict[str, int] = {}

    def before(self, opening: Opening) -> None:
        """Follow live code from what the cell reads, and look at what nobody has looked at."""
        start = perf_counter()
        names, namespace = opening.names, opening.namespace
        at_once = read_at_once(opening.python)
        hidden = set(names.hidden) & set(names.read)
        read = tuple(name for name in names.read if at_once is None or name in at_once or name in hidden)
        reach = reach_of(read, namespace)
        reach.names |= hidden & namespace.keys()
        reads_all = names.reads_all or reach.reads_all
        before = _Before(Namespace(namespace), read, reach.names, reads_all)
        self._before[opening.index] = before
        mentioned = [*read, *reach.names, *names.bound, *(_changeable(namespace) if reads_all else ())]
        unknown = [name for name in mentioned if self._is_unknown(name, namespace)]
        if unknown:
            look = self._known.look(unknown, namespace, until=start + before_s(opening))
            self._known.keep(look, Fates())

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Look at all that the cell could reach, and compare."""
        start = perf_counter()
        before = self._before.pop(opening.index, None)
        if before is None:
            return {}
        names, namespace = opening.names, opening.namespace
        at_once = read_at_once(opening.python)
        called = names.bound if at_once is None else [name for name in names.bound if name in at_once]
        reach = reach_of(called, namespace)
        reached, reads_all = before.reached | reach.names, before.reads_all or reach.reads_all
        now = Namespace(namespace)
        moved, gone = now.since(before.namespace)
        touched = dict.fromkeys((*before.read, *sorted(reached), *names.bound, *sorted(moved)))
        if reads_all:
            touched |= dict.fromkeys(_changeable(namespace))
        look = self._known.look_around(touched, gone, namespace, until=start + after_s(opening))
        told = _Told(opening, before, self._known, look, moved)
        told.judge()
        self._known.keep(look, told.fates)
        self._known.forget(gone)
        # What becomes of modules is global state.
        not_told = gone | {name for name in told.changed | told.suspected if _is_module(namespace.get(name))}
        return {
            "bound": tuple(sorted({*names.bound, *told.rebound} - gone)),
            "reached": tuple(sorted(reached)),
            "reads_all": reads_all,
            "rebound": tuple(sorted(told.rebound | gone)),
            "deleted": tuple(sorted(gone)),
            "changed": tuple(sorted(told.changed - not_told)),
            "suspected": tuple(sorted(told.suspected - told.changed - not_told)),
        }

    def close(self) -> None:
        """Nothing was put into the kernel."""

    def _is_unknown(self, name: str, namespace: Mapping[str, object]) -> bool:
        if name not in namespace or is_shells(name):
            return False
        seen = self._known.names.get(name)
        if seen is None or seen.place != id(namespace[name]):
            return True
        if seen.whole:
            return False
        self._tries[name] = self._tries.get(name, 0) + 1  # what is too large for a short look stays so
        return self._tries[name] <= _MAX_TRIES

    def _is_own(self, name: str) -> bool:
        found = self._own.get(name)
        if found is None:
            found = self._own[name] = own_source(name, modules.get(name), self._installed) is not None
        return found


def _changeable(namespace: Mapping[str, object]) -> list[str]:
    """Return the names of the user's whose values can change in place, those of functions and classes last."""
    kinds = map(id, map(type, namespace.values()))
    names = [name for name, kind in zip(namespace, kinds, strict=True) if kind not in _FIXED]
    names = [name for name in names if type(name) is str and not is_shells(name)]
    code = {name for name in names if is_one_of(type(namespace[name]), _CODE)}
    return [*(name for name in names if name not in code), *(name for name in names if name in code)]


def _is_module(value: object) -> bool:
    return issubclass(type(value), ModuleType)


class _Told:
    """What one look after a cell tells."""

    def __init__(self, opening: Opening, before: _Before, known: Known, look: Look, moved: set[str]) -> None:
        self.rebound: set[str] = set()
        self.changed: set[str] = set()
        self.suspected: set[str] = set()
        self.fates = known.fates(look)
        self._opening = opening
        self._before = before
        self._known = known
        self._look = look
        self._moved = moved
        self._plainly: Plainly | None = None

    def judge(self) -> None:
        """Tell what was bound anew, and whom the changes concern."""
        self._judge_bindings()
        self._judge_unknown()
        self._judge_modules()
        known, bound = self._known, self._opening.names.bound
        changed = (self.changed | known.leading_to(self.fates.changed)) - self.rebound
        suspected = (self.suspected | known.leading_to(self.fates.unknown)) - self.rebound - changed
        self.changed = {name for name in changed if not is_shells(name) or name in bound}
        self.suspected = {name for name in suspected if not is_shells(name)}

    def _judge_bindings(self) -> None:
        bound, sure = set(self._opening.names.bound), self._surely_bound()
        for name, seen in self._look.names.items():
            last = self._known.names.get(name)
            other = name in self._moved
            if not other and last is not None and last.place == seen.place:
                other = last.digest != seen.digest  # another value lies where one was
            if (other and (name in bound or not is_shells(name))) or name in sure:
                self.rebound.add(name)

    def _surely_bound(self) -> set[str]:
        """Return the names that the straight line of the text has bound, as far as it ran."""
        failed_at = self._opening.failed_at
        return {
            name
            for name, line in self._opening.names.sure
            if (failed_at is None or line < failed_at) and name in self._look.names
        }

    def _judge_unknown(self) -> None:
        """Let the text tell where the look could not."""
        fates, known = self.fates, self._known
        changed, suspected = set[int](), set[int]()
        for name in (*self._look.names, *self._look.skipped):
            if name in self.rebound and name not in self._before.read and name not in self._text.changed:
                continue
            seen, last = self._look.names.get(name), known.names.get(name)
            reach = seen.reach if seen is not None else frozenset[int]()
            if last is not None and (seen is None or not seen.whole):
                reach |= last.reach
            is_new = last is None and name not in self.rebound
            unknown, moved = fates.unknown & reach, fates.moved & reach
            if not (unknown or moved or is_new):
                continue
            text = self._text
            if name in text.changed and fates.changed.isdisjoint(reach):
                changed |= unknown | moved
                self.changed |= {name} if is_new else set()
                continue
            if name not in text.read or name in self._before.reached:
                suspected |= unknown
                self.suspected |= {name} if is_new else set()
            if moved and name not in text.asked:
                (changed if name in self._before.read else suspected).update(moved)
        fates.changed |= changed
        fates.unknown = suspected - changed
        fates.moved = set()

    def _judge_modules(self) -> None:
        """Take the text's word for the attributes that it sets on a library's module, which is not followed."""
        for name in {found[1] for found in _SETS.finditer(self._opening.python)} & set(self._before.read):
            value = self._opening.namespace.get(name)
            if issubclass(type(value), ModuleType) and name in self._text.set_on and name not in self.rebound:
                self.changed.add(name)

    @property
    def _text(self) -> Plainly:
        if self._plainly is None:
            from mlexp.dataflow.plainly import Plainly, plainly  # with all rules about texts, first needed here

            tree = parse(self._opening.python)
            self._plainly = Plainly() if tree is None else plainly(tree)
        return self._plainly
