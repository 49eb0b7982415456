"""What made a cell's names, beside what would make them in a run of the notebook from the top: where the two differ."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from mlexp.dataflow.document import Document, Standing, text_of
from mlexp.dataflow.slice import Effects, Slice, effects_of, reads_of, slice_of
from mlexp.dataflow.virtual import Virtual, run_from_top
from mlexp.records import Execution


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against it."""

    text: str
    is_sure: bool = True
    """Whether it is known; else it is only possible."""


@dataclass(frozen=True)
class Side:
    """What is needed on one side, up to the target."""

    executions: tuple[Execution, ...]
    target: Execution
    imports: Mapping[int, frozenset[str]]
    """Of those that are there for nothing but imports, what these import, by index."""

    @cached_property
    def imported(self) -> frozenset[str]:
        """All that is imported: names, and modules."""
        bindings = [effects_of(execution).imports for execution in self.executions]
        found = frozenset(name for names in bindings for name in (*names.keys(), *names.values()))
        return found.union(*self.imports.values())

    def contributions(self, *, only: Set[int] | None = None) -> list[tuple[Execution, frozenset[str]]]:
        """Return the executions with what they made of what was needed after them.

        These are imports, names, else files, else global state, else generators of random numbers.

        Args:
            only: Indices of those whose own needs count; None: all.
        """
        wanted, files = set(reads_of(self.target)), set(self.target.reads)
        found = []
        for execution in reversed(self.executions):
            effects = effects_of(execution)
            imports = self.imports.get(execution.index)
            what = imports or frozenset(made_by(effects) & wanted)
            what = what or frozenset(os.path.basename(p) for p in files.intersection(_written_by(execution)))
            what = what or frozenset(execution.state) or _moved_by(execution)
            found.append((execution, what))
            if imports is None and (only is None or execution.index in only):
                wanted = (wanted - effects.rebound) | reads_of(execution)
                files |= set(execution.reads)
        return found[::-1]


class Laid:
    """What ran, and what would run, side by side."""

    def __init__(
        self,
        executions: Sequence[Execution],
        target: Execution,
        document: Document,
        *,
        stop: int,
        only_run: bool = False,
        actual: Slice | None = None,
    ) -> None:
        """Lay them side by side.

        Args:
            executions: Those of the session, in order.
            target: What reads the names.
            document: The notebook.
            stop: The position of the target in it.
            only_run: Whether cells that never ran count as not there.
            actual: What the target needs, where that is known already.
        """
        self.document = document
        self.stop = stop
        self.target_place = document.own_place(target)
        actual = actual or slice_of(executions, target)
        by_index = {e.index: e for e in executions}
        needed = [target if i == target.index else by_index[i] for i in actual.needed]
        self.names = frozenset().union(*(reads_of(e) | made_by(effects_of(e)) for e in needed))
        """All that those who are needed find and make."""
        self.virtual = run_from_top(
            executions,
            document,
            stop=stop,
            preferred=frozenset((*actual.needed, *actual.doubtful)),
            names=self.names,
            only_run=only_run,
        )
        from_top = slice_of([v.execution for v in self.virtual], replace(target, index=stop))
        by_place = {v.place: v for v in self.virtual}
        self.ran = Side(tuple(by_index[i] for i in actual.needed if i != target.index), target, actual.imports)
        self.cells = [by_place[i] for i in from_top.needed if i != stop]
        """The cells that would be needed."""
        self.would = Side(tuple(v.execution for v in self.cells), replace(target, index=stop), from_top.imports)
        self._ran_perhaps = [by_index[i] for i in actual.doubtful]
        self._would_perhaps = [by_place[i] for i in from_top.doubtful]
        self.pairs = self._paired()

    def _paired(self) -> list[tuple[Execution, Virtual]]:
        """Return each execution with the cell that would do the same, the newest execution of a cell for it."""
        free = {v.place: v for v in self.cells}
        pairs = []
        for execution in reversed(self.ran.executions):
            place = next((p for p in reversed(self.document.places(execution)) if p in free), None)
            if place is not None:
                pairs.append((execution, free.pop(place)))
        return pairs[::-1]

    def reasons(self) -> Iterator[Reason]:
        """Yield what differs; of what follows from a difference only the difference itself."""
        places = {v.place for _, v in self.pairs}
        told: set[int] = set()
        extra = [r for execution, what in self._unlike_ran() for r in self._of_extra(execution, what, told)]
        known = places | told
        missing = [
            self._of_missing(cell, what)
            for cell, what in self._unlike_would(places)
            if what and cell.place not in known
        ]
        found = [*extra, *missing, *self._of_order()]
        if not found and (any(True for _ in self._unlike_ran()) or any(True for _ in self._unlike_would(None))):
            found = [Reason("a run from the top would take other cells", is_sure=False)]
        yield from found

    def _unlike_ran(self) -> Iterator[tuple[Execution, frozenset[str]]]:
        """Yield the executions that no cell would do again, with what they made."""
        paired = {e.index for e, _ in self.pairs}
        unlike = [e.index for e in self.ran.executions if e.index not in paired]
        for execution, what in self.ran.contributions() if unlike else ():
            imports = self.ran.imports.get(execution.index)
            if execution.index not in paired and (imports is None or not imports <= self.would.imported):
                yield execution, what

    def _unlike_would(self, only: Set[int] | None) -> Iterator[tuple[Virtual, frozenset[str]]]:
        """Yield the cells that would be needed and were not, with what they would make."""
        paired = {v.place: v for _, v in self.pairs}
        cells = {v.place: v for v in self.cells if v.place not in paired}
        for execution, what in self.would.contributions(only=only) if cells else ():
            imports = self.would.imports.get(execution.index)
            if execution.index in cells and (imports is None or not imports <= self.ran.imported):
                yield cells[execution.index], what

    def _of_extra(self, execution: Execution, what: Set[str], told: set[int]) -> Iterator[Reason]:
        """Yield why an execution that was needed would not be in a run from the top."""
        standing = self.document.standing(execution)
        verb = _verb(execution, what)
        own = self.document.own_place(execution)
        if standing is Standing.EDITED and own is not None:
            told.add(own)
            whose = "this cell, which was edited since" if own == self.target_place else "a cell that was edited since"
            yield Reason(f"{_quoted(what)} {verb} {whose} ({in_(execution)})")
        elif standing is Standing.DELETED:
            yield Reason(f"{_quoted(what)} {verb} a cell that was deleted ({in_(execution)})")
        elif standing is Standing.GONE:
            told |= {v.place for v in self.cells if v.origin is None and made_by(effects_of(v.execution)) & what}
            yield Reason(f"{_quoted(what)} {verb} a cell that no longer stands in the notebook ({in_(execution)})")
        elif standing is Standing.UNKNOWN:
            why = "whose cell is not in the notebook as last saved"
            if self.document.is_inner(execution):
                why = "which another cell ran"
            elif not execution.observed:
                why = "which ran before mlexp was loaded"
            yield Reason(f"{_quoted(what)} {verb} {in_(execution)}, {why}", is_sure=False)
        else:
            yield from self._of_standing(execution, what, told)

    def _of_standing(self, execution: Execution, what: Set[str], told: set[int]) -> Iterator[Reason]:
        places = self.document.places(execution)
        siblings = [e for e in self._all_ran() if set(self.document.places(e)) & set(places)]
        if len(siblings) > len(places):
            is_sure = self.document.is_known or execution.cell_id is not None
            numbers = _listed([in_(e) for e in siblings])
            times = "twice" if len(siblings) == 2 else f"{len(siblings)} times"
            if execution.index == siblings[0].index:  # of the others, the first one speaks
                yield Reason(f"{_quoted(what)} {_verb(execution, what)} a cell that ran {times}: {numbers}", is_sure)
        elif min(places) >= self.stop:
            is_sure = self.document.is_known and self.document.cells[places[0]].is_placed
            yield Reason(f"{_quoted(what)} {_verb(execution, what)} a cell below this one ({in_(execution)})", is_sure)
        else:
            rivals = [v for v in self.cells if v.place > places[0] and made_by(effects_of(v.execution)) & what]
            told |= {v.place for v in rivals}
            for rival in rivals[:1]:
                by = f"{cell_called(rival, self.document)} stands below that and sets it, too"
                is_sure = self._are_placed(*places, *(v.place for v in rivals))
                yield Reason(f"{_quoted(what)} {_verb(execution, what)} {in_(execution)}, but {by}", is_sure)

    def _of_missing(self, virtual: Virtual, what: Set[str]) -> Reason:
        """Return why a cell that would be needed in a run from the top was not."""
        ran = ", which never ran, would change" if virtual.origin is None else " ran too early to change"
        is_sure = self._are_placed(virtual.place)
        return Reason(f"{cell_called(virtual, self.document)}{ran} {_quoted(what)}", is_sure)

    def _of_order(self) -> Iterator[Reason]:
        """Yield pairs of executions that ran in another order than their cells stand in, where that matters."""
        for i, (first, above) in enumerate(self.pairs):
            for second, below in self.pairs[i + 1 :]:
                if below.place < above.place and (what := _conflict(first, second)):
                    is_sure = self._are_placed(above.place, below.place)
                    yield Reason(
                        f"{in_(first)} ran before {in_(second)}, which stands above it and shares {what}", is_sure
                    )

    def suspicions(self) -> Iterator[Reason]:
        """Yield what may have had a part on one side only."""
        known = {v.place for v in (*self.cells, *self._would_perhaps)}
        for execution in self._ran_perhaps:
            places = self.document.places(execution)
            if not known.intersection(places) and not any(place < self.stop for place in places):
                yield Reason(f"{in_(execution)} may have changed {_suspects(execution)}", is_sure=False)
        ran = {p for e in (*self.ran.executions, *self._ran_perhaps) for p in self.document.places(e)}
        for virtual in self._would_perhaps:
            if virtual.place not in ran:
                when = "which never ran, " if virtual.origin is None else ""
                yield Reason(
                    f"{cell_called(virtual, self.document)}, {when}may change {_suspects(virtual.execution)}",
                    is_sure=False,
                )

    def _all_ran(self) -> list[Execution]:
        return [*self.ran.executions, self.ran.target]

    def _are_placed(self, *places: int) -> bool:
        return self.document.is_known and all(self.document.cells[p].is_placed for p in places)


def made_by(effects: Effects) -> frozenset[str]:
    """Return the names that an execution bound or changed."""
    return effects.bound | effects.changed


def _moved_by(execution: Execution) -> frozenset[str]:
    return frozenset(s.variable or s.generator for s in execution.generators if s.before != s.after)


def _written_by(execution: Execution) -> tuple[str, ...]:
    return (*execution.writes, *execution.removes)


def _conflict(one: Execution, other: Execution) -> str:
    """Return what of two executions makes their order matter; nothing if it does not."""
    made = [made_by(effects_of(e)) for e in (one, other)]
    modules = [effects_of(e).imports for e in (one, other)]
    names = (made[0] & (made[1] | reads_of(other))) | (made[1] & reads_of(one))
    told = {n for n in names if n not in modules[0] or modules[0][n] != modules[1].get(n)}
    if told:
        return _quoted(told)
    written = [set(_written_by(e)) for e in (one, other)]
    files = (written[0] & (written[1] | set(other.reads))) | (written[1] & set(one.reads))
    shared = {os.path.basename(path) for path in files} or set(one.state).intersection(other.state)
    return _quoted(shared) if shared else ""


def _verb(execution: Execution, what: Set[str]) -> str:
    effects = effects_of(execution)
    is_plural = len(what) > 1
    if what and what <= (effects.changed - effects.bound) | (made_by(effects) & reads_of(execution)):
        return "were changed by" if is_plural else "was changed by"
    return "come from" if is_plural else "comes from"


def _suspects(execution: Execution) -> str:
    return _quoted(effects_of(execution).suspected or frozenset(execution.state))


def _quoted(names: Set[str]) -> str:
    if not names:
        return "what it found"
    known = sorted(names)
    shown = [f"`{name}`" for name in known[:3]]
    return _listed([*shown, f"{len(known) - 3} more"] if len(known) > 3 else shown)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def in_(execution: Execution) -> str:
    """Return how an execution is called."""
    return f"In [{execution.number}]"


def cell_called(virtual: Virtual, document: Document) -> str:
    """Return how a cell is called: by its newest execution, else by its first line of code."""
    if virtual.origin is not None:
        return in_(virtual.origin)
    lines = (line.strip() for line in text_of(document.cells[virtual.place].text).split("\n"))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return f"the cell `{first if len(first) <= 40 else first[:39] + '…'}`"
