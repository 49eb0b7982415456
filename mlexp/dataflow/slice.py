"""The executions that a tracked one needs: those whose effects reach it, no more and never less.

The walk goes backwards from the tracked execution. It carries what is still wanted (names, files, results, global
state) and takes an execution in when that one made or changed any of it; what the execution itself found is then wanted
in turn. A name is wanted no more before an execution that bound it anew, nor a file before one that wrote it whole.

What an execution is *known* to have done is told from what it *may* have done: the latter makes it doubtful, and a run
of the script decides. Generators of random numbers are
no reason to keep an execution, but for the one that seeded: their states are restored.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.late import bound_before_calls, read_at_once
from mlexp.dataflow.names import changed_in_place
from mlexp.dataflow.results import producers_of
from mlexp.dataflow.seeds import seeders_of
from mlexp.dataflow.surely import bound_first
from mlexp.dataflow.visible import Sight, kills, sight
from mlexp.records import Execution, Outcome


@dataclass(frozen=True, slots=True)
class Slice:
    """The executions that a run needs, by index, each tuple ascending."""

    needed: tuple[int, ...]
    """Known to be needed, the tracked one included."""
    doubtful: tuple[int, ...]
    """Others that may be needed: nothing could tell."""


def slice_of(executions: Sequence[Execution], target: Execution, *, also: Set[int] = frozenset()) -> Slice:
    """Return what the target needs of the executions before it.

    Args:
        executions: Those of its session, in order.
        target: The tracked one.
        also: Indices of executions that are wanted in any case, with what they need in turn.
    """
    earlier = [e for e in executions if e.index < target.index and e.outcome is not Outcome.NOT_RUN]
    wanted = set(also)
    while True:
        walk = _Walk(earlier, target, wanted)
        walk.go()
        more = _importers(walk.imports, walk.needed) | seeders_of([*earlier, target], walk.needed)
        if not more:
            return Slice(tuple(sorted(walk.needed)), tuple(sorted(walk.doubtful - walk.needed)))
        wanted |= more


@dataclass(slots=True)
class _Walk:
    """One walk from the target to the first execution."""

    earlier: Sequence[Execution]
    target: Execution
    also: Set[int]
    needed: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    imports: list[tuple[int, ...]] = field(default_factory=list)
    """For each module that is wanted under a name: executions any one of which imports it."""
    _names: set[str] = field(default_factory=set)
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)
    _results: set[int] = field(default_factory=set)
    _readers: list[Execution] = field(default_factory=list)
    _settled: set[str] = field(default_factory=set)
    """Kinds of global state that a later execution had set whole."""
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
            elif perhaps or (self._reads_all and (effects.bound or effects.changed or effects.suspected)):
                self.doubtful.add(execution.index)
        self.imports += [tuple(indices) for _, indices in self._imported.values()]

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
                    self.imports.append(tuple(indices))
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
            if kind in self._settled:
                continue
            sights = [sight(kind, execution, reader) for reader in self._readers]
            if kills(kind):
                self._settled.add(kind)
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
    imports = _imports(execution.python)
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
    first = frozenset(bound_first(tree, {}, frozenset()))
    return _Told(first, changed_in_place(tree), frozenset(_imports(python)))


@lru_cache(maxsize=4096)
def _imports(python: str) -> Mapping[str, str]:
    """Return the names that a text binds at top level by one import and nothing else, with what each stands for."""
    tree = parse(python)
    found: dict[str, str] = {}
    others: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            named = {a.asname or a.name.partition(".")[0]: a.name if a.asname else "" for a in node.names}
            named = {name: module or name for name, module in named.items()}
        elif isinstance(node, ast.ImportFrom):
            named = {a.asname or a.name: f"{'.' * node.level}{node.module or ''}:{a.name}" for a in node.names}
        else:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                others.add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                others.add(node.name)
            continue
        others |= {name for name, module in named.items() if found.get(name, module) != module}
        found |= named
    return {name: module for name, module in found.items() if name not in others and name != "*"}


def _importers(wanted: Iterable[tuple[int, ...]], needed: Set[int]) -> set[int]:
    """Return executions to be taken in so that each wanted module is imported: few, and the earliest.

    Any execution that imports the module will do, so one that is needed anyway is best.
    """
    open_ = [set(indices) for indices in wanted if needed.isdisjoint(indices)]
    found: set[int] = set()
    while open_:
        counts: dict[int, int] = {}
        for indices in open_:
            for index in indices:
                counts[index] = counts.get(index, 0) + 1
        best = min(counts, key=lambda index: (-counts[index], index))
        found.add(best)
        open_ = [indices for indices in open_ if best not in indices]
    return found
