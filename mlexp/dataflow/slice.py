"""The executions that a tracked one needs: those whose effects reach it, no more and never less.

The walk goes backwards from the tracked execution. It carries what is still wanted (names, files, results, global
state) and takes an execution in when that one made or changed any of it; what the execution itself found is then wanted
in turn. A name is wanted no more before an execution that bound it anew, nor a file before one that wrote it whole.

What an execution is *known* to have done is told from what it *may* have done: the latter makes it doubtful, and a run
of the script decides. Generators of random numbers are no reason to keep an execution, but for the one that seeded:
their states are restored.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.imports import importers_of, imports_in
from mlexp.dataflow.late import bound_before_calls, defined_in, read_at_once
from mlexp.dataflow.names import changed_in_place
from mlexp.dataflow.results import producers_of
from mlexp.dataflow.seeds import seeders_of
from mlexp.dataflow.surely import bound_surely
from mlexp.dataflow.visible import Sight, kills, sight
from mlexp.records import Execution, Outcome


@dataclass(frozen=True, slots=True)
class Slice:
    """The executions that a run needs, by index, each tuple ascending."""

    needed: tuple[int, ...]
    """Known to be needed, the tracked one included."""
    doubtful: tuple[int, ...]
    """Others that may be needed: nothing could tell."""
    imports: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Those of `needed` of which nothing is needed but imports: names bound by them, or modules."""


def slice_of(executions: Sequence[Execution], target: Execution, *, also: Set[int] = frozenset()) -> Slice:
    """Return what the target needs of the executions before it.

    Args:
        executions: Those of its session, in order.
        target: The tracked one.
        also: Indices of executions that are wanted in any case, with what they need in turn.
    """
    earlier = [e for e in executions if e.index < target.index and e.outcome is not Outcome.NOT_RUN]
    ran = [*earlier, target]
    wanted, importing = set(also), set[int]()
    imports: dict[int, frozenset[str]] = {}
    definitions: dict[int, tuple[str, ...]] = {}
    while True:
        walk = _Walk(earlier, target, wanted, importing, definitions)
        walk.go()
        before, imports = imports, importers_of(walk.imports, walk.needed, ran)
        seeders = seeders_of(ran, walk.needed)
        if imports == before and not seeders:
            needed = walk.needed | imports.keys()
            return Slice(tuple(sorted(needed)), tuple(sorted(walk.doubtful - needed)), imports)
        wanted |= seeders
        importing |= imports.keys()


@dataclass(slots=True)
class _Walk:
    """One walk from the target to the first execution."""

    earlier: Sequence[Execution]
    target: Execution
    also: Set[int]
    importing: Set[int]
    """Executions that are kept for their imports: what these read is wanted, such as a module that was written."""
    definitions: dict[int, tuple[str, ...]]
    """The texts that define what executions call, as far as anybody has asked."""
    needed: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    imports: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """What is to be imported, by name or module: the executions any one of which does it."""
    _names: set[str] = field(default_factory=set)
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)
    _results: set[int] = field(default_factory=set)
    _readers: list[Execution] = field(default_factory=list)
    """Executions taken in."""
    _settled: dict[str, int] = field(default_factory=dict)
    """Kinds of global state that a later execution had set whole, with its index: what follows sees nothing earlier."""
    _imported: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    """Names wanted that are bound by an import: what of, and by which executions so far."""
    _deleted: dict[str, int] = field(default_factory=dict)
    _reads_all: bool = False

    def go(self) -> None:
        self._take(self.target)
        for execution in reversed(self.earlier):
            effects = effects_of(execution)
            known, perhaps = self._names_touched(execution, effects)
            for is_known, is_perhaps in (
                self._files_touched(execution),
                self._state_touched(execution),
                (execution.index in self._results or execution.index in self.also, False),
            ):
                known, perhaps = known or is_known, perhaps or is_perhaps
            if known:
                self._forget(execution, effects)
                self._take(execution)
            elif execution.index in self.importing:
                self._files |= set(execution.reads)
            elif perhaps or (self._reads_all and (effects.bound or effects.changed or effects.suspected)):
                self.doubtful.add(execution.index)
        for name, (module, indices) in self._imported.items():
            self._want_import(name, module, indices)

    def _want_import(self, name: str, module: str, indices: Sequence[int]) -> None:
        label = name if name not in self.imports else f"{name}={module}"  # it stood for another module before
        self.imports[label] = tuple(indices)

    def _take(self, execution: Execution) -> None:
        """Take an execution in: what it found is wanted."""
        self.needed.add(execution.index)
        self._readers.append(execution)
        self._names |= reads_of(execution)
        self._files |= set(execution.reads)
        self._folders |= set(execution.listed)
        self._results |= producers_of(execution, self.earlier)
        self._reads_all = self._reads_all or execution.reads_all
        for name in execution.bound:
            if name in self._deleted:  # what it binds was deleted again
                self.doubtful.add(self._deleted.pop(name))

    def _definitions(self, reader: Execution) -> tuple[str, ...]:
        """Return the texts that define the functions and classes which an execution calls."""
        if reader.index not in self.definitions:
            self.definitions[reader.index] = tuple(self._defining(reader))
        return self.definitions[reader.index]

    def _defining(self, reader: Execution) -> Iterator[str]:
        left = set(reads_of(reader))
        for other in reversed(self.earlier):
            if not left:
                return
            if other.index < reader.index and not left.isdisjoint(other.bound):
                if not left.isdisjoint(defined_in(other.python)):
                    yield other.python
                left.difference_update(other.bound)

    def _names_touched(self, execution: Execution, effects: Effects) -> tuple[bool, bool]:
        """Tell whether an execution is known to have made or changed a wanted name, and whether it may have."""
        known = not self._names.isdisjoint(effects.changed)
        for name in self._names & effects.bound:
            module = effects.imports.get(name)
            if name in self._imported:
                wanted, indices = self._imported[name]
                if module == wanted:
                    indices.append(execution.index)
                else:  # from here on the name stood for something else
                    self._want_import(name, wanted, indices)
                    del self._imported[name]
                    self._names.discard(name)
            elif module is not None:
                self._imported[name] = (module, [execution.index])
            else:
                known = True
        gone = self._names & effects.deleted
        self._names -= gone
        self._deleted |= dict.fromkeys(effects.deleted, execution.index)
        return known, not self._names.isdisjoint(effects.suspected)

    def _files_touched(self, execution: Execution) -> tuple[bool, bool]:
        known = not self._files.isdisjoint((*execution.writes, *execution.removes))
        listed = any(os.path.dirname(path) in self._folders for path in (*execution.writes, *execution.removes))
        return known, listed

    def _state_touched(self, execution: Execution) -> tuple[bool, bool]:
        seen = Sight.NONE
        for kind in execution.state:
            until = self._settled.get(kind, self.target.index)
            readers = [reader for reader in self._readers if reader.index <= until]
            sights = [sight(kind, execution, r, self._definitions(r)) for r in readers] or [Sight.NONE]
            family, _, module = kind.partition(":")
            if family == "import":
                if max(sights) is Sight.SURE:
                    self.imports[module] = (*self.imports.get(module, ()), execution.index)
                continue
            if kills(kind):
                self._settled[kind] = execution.index
            seen = max([seen, *sights])
        return seen is Sight.SURE, seen is Sight.MAYBE

    def _forget(self, execution: Execution, effects: Effects) -> None:
        """Forget what an execution made anew: before it, nobody wants it."""
        self._names -= {name for name in effects.rebound if name not in self._imported}
        self._files -= set(execution.writes) - set(execution.appends)
        self._files -= set(execution.removes)


@dataclass(frozen=True, slots=True)
class Effects:
    """What an execution did to names."""

    bound: frozenset[str]
    """Bound by it, as far as it got."""
    rebound: frozenset[str]
    """Whose earlier values are gone."""
    changed: frozenset[str]
    suspected: frozenset[str]
    deleted: frozenset[str]
    imports: Mapping[str, str]
    """Names that it binds by nothing but an import: what they stand for, such as "numpy" or "math:sqrt"."""


def effects_of(execution: Execution) -> Effects:
    """Return what an execution did to names: as observed, or, of one that was not observed, by its text."""
    imports = imports_in(execution.python)
    if execution.rebound is not None:
        rebound = frozenset(execution.rebound)
        deleted = frozenset(execution.deleted)
        return Effects(
            bound=rebound.intersection(execution.bound) - deleted,
            rebound=rebound,
            changed=frozenset(execution.changed),
            suspected=frozenset(execution.suspected),
            deleted=deleted,
            imports=imports,
        )
    told = _told(execution.python)
    bound = frozenset(execution.bound)
    others = frozenset(execution.loaded) - told.changed - told.fixed
    whole = execution.outcome in (Outcome.OK, Outcome.UNKNOWN)
    return Effects(
        bound=bound,
        rebound=told.first & bound if whole else frozenset(),
        changed=told.changed - bound,
        suspected=others - bound,
        deleted=frozenset(),
        imports=imports,
    )


def reads_of(execution: Execution) -> frozenset[str]:
    """Return the names that an execution found: read by its own text at once, or by the code that it called."""
    at_once = read_at_once(execution.python)
    read, reached = frozenset(execution.read), frozenset(execution.reached)
    return (read if at_once is None else read & at_once) | (reached - bound_before_calls(execution.python))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a text tells of itself."""

    first: frozenset[str]
    changed: frozenset[str]
    fixed: frozenset[str]
    """Names of modules, functions and classes of its own: to mention them changes nothing."""


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def _told(python: str) -> _Told:
    tree = parse(python)
    if tree is None:
        return _Told(frozenset(), frozenset(), frozenset())
    first = frozenset(bound_surely(tree, {}, frozenset()))
    return _Told(first, changed_in_place(tree), frozenset(imports_in(python)))
