"""What made a name what it is: the executions behind it, and which of them stand no more in the notebook.

A name is *stale* when the cells that stand in the notebook would make something else of it: one that made it was edited
or deleted since, or something that it was made from has been changed since, by a cell that comes before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise

from mlexp.dataflow.document import Document, Standing
from mlexp.dataflow.laid import Laid, made_by
from mlexp.dataflow.slice import Slice, effects_of, reads_of, slice_of
from mlexp.errors import UnknownNameError
from mlexp.records import Execution, Outcome, SessionId


@dataclass(frozen=True, slots=True)
class Step:
    """One execution behind a name."""

    execution: Execution
    standing: Standing
    makes: tuple[str, ...]
    """Names that it made or changed, of those that count for what came after."""
    is_sure: bool = True
    """False: it may have had a part; nothing could tell."""
    again: tuple[int, ...] = ()
    """Numbers of later executions of the same cell."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """The history of a name."""

    name: str
    steps: tuple[Step, ...]
    """The executions behind it, oldest first."""
    stale: tuple[str, ...] = ()
    """Why the cells that stand in the notebook would make something else of it; empty: they would not."""

    @property
    def n_gone(self) -> int:
        """How many of the executions stand no more in the notebook."""
        gone = (Standing.EDITED, Standing.DELETED, Standing.GONE)
        return sum(step.standing in gone for step in self.steps)


@dataclass(frozen=True, slots=True)
class Summary:
    """A name in a list of all."""

    name: str
    made_by: tuple[int, ...]
    """Numbers of the executions that made or changed its value."""
    stale: tuple[str, ...]
    """As of a `Lineage`."""


class Histories:
    """The histories of the names of a session, as they are after the last of its executions."""

    def __init__(self, executions: Sequence[Execution], document: Document) -> None:
        self._executions = executions
        self._document = document
        self._by_index = {e.index: e for e in executions}
        self._has_order = document.is_known or any(e.cell_id is not None for e in executions)
        self._ran_at: dict[int, list[Execution]] = {}
        self._made: dict[str, list[Execution]] = {}
        for execution in executions:
            for place in self._places(execution):
                self._ran_at.setdefault(place, []).append(execution)
            effects = effects_of(execution)
            for name in made_by(effects) - effects.imports.keys():
                self._made.setdefault(name, []).append(execution)

    def of(self, name: str) -> Lineage:
        """Return the history of a name.

        Raises:
            UnknownNameError: No execution has bound it, or one has deleted it since.
        """
        known = names_bound(self._executions)
        if name not in known:
            close = get_close_matches(name, known, n=3)
            hint = f"Did you mean {', '.join(close)}?" if close else f"There are {', '.join(known[:12]) or 'none'}."
            raise UnknownNameError(f"no cell has made a variable {name!r}. {hint}")
        target = _reader_of(self._executions, name)
        found = slice_of(self._executions, target)
        return Lineage(name, self._steps(target, found), self._stale(target, found))

    def all(self) -> tuple[Summary, ...]:
        """Return what there is to say of each variable: the stale ones first, then in the order of their making."""
        found = [self._summary(name) for name in shown_names(self._executions)]
        return tuple(sorted(found, key=lambda each: not each.stale))

    def _summary(self, name: str) -> Summary:
        makers: list[int] = []
        for execution in reversed(self._made.get(name, ())):
            makers.append(execution.number)
            if name in effects_of(execution).rebound and name not in reads_of(execution):
                break
        target = _reader_of(self._executions, name)
        stale = () if self._is_in_order else self._stale(target, slice_of(self._executions, target))
        return Summary(name, tuple(makers[::-1]), stale)

    @cached_property
    def _is_in_order(self) -> bool:
        """Whether each cell ran once, in the order in which the cells stand: then nothing can be stale."""
        places = [next(iter(self._document.places(e)), -1) for e in self._executions if e.source.strip()]
        return self._has_order and -1 not in places and all(a < b for a, b in pairwise(places))

    def behind(self, target: Execution) -> tuple[Step, ...]:
        """Return the executions behind one of them, itself the last."""
        steps = self._steps(target, slice_of(self._executions, target))
        return (*steps, Step(target, self._document.standing(target), target.bound))

    def _steps(self, target: Execution, found: Slice) -> tuple[Step, ...]:
        sure = set(found.needed)
        wanted = set(reads_of(target))
        steps = []
        for index in sorted({*found.needed, *found.doubtful} - {target.index}, reverse=True):
            execution, is_sure = self._by_index[index], index in sure
            effects = effects_of(execution)
            makes = wanted & (effects.bound | effects.changed | effects.suspected) or found.imports.get(index, set())
            same = {e.index: e for place in self._places(execution) for e in self._ran_at[place]}
            again = tuple(e.number for i, e in sorted(same.items()) if i > index)
            steps.append(Step(execution, self._document.standing(execution), tuple(sorted(makes)), is_sure, again))
            if is_sure:
                wanted = (wanted - effects.rebound) | reads_of(execution)
        return tuple(steps[::-1])

    def _places(self, execution: Execution) -> Set[int]:
        own = self._document.own_place(execution)
        return {*self._document.places(execution)} | ({own} if own is not None else set())

    def _stale(self, target: Execution, found: Slice) -> tuple[str, ...]:
        behind = [self._by_index[index] for index in found.needed if index != target.index]
        stop = max((p for e in behind for p in self._document.places(e)), default=-1) + 1
        laid = Laid(self._executions, target, self._document, stop=stop, only_run=True, actual=found)
        reasons = [reason.text for reason in laid.reasons() if reason.is_sure]
        return tuple(dict.fromkeys(reasons or self._changed_since(behind)))

    def _changed_since(self, behind: Sequence[Execution]) -> Iterator[str]:
        """Yield what a name was made from and what another execution has changed since."""
        own = {e.index for e in behind}
        texts = {e.python for e in behind}
        for reader in behind:
            for name in sorted(reads_of(reader)):
                for later in self._made.get(name, ()):
                    if later.index <= reader.index or later.index in own:
                        continue
                    anew = later.python in texts and name not in reads_of(later) | effects_of(later).changed
                    if not anew and (not self._has_order or self._stands_above(later, reader)):
                        yield f"In [{reader.number}] used `{name}`, which In [{later.number}] has changed since"
                        break

    def _stands_above(self, one: Execution, other: Execution) -> bool:
        """Tell whether the cell of an execution stands above that of another."""
        above, below = self._document.places(one), self._document.places(other)
        return bool(above and below) and min(above) < max(below)


def names_bound(executions: Sequence[Execution]) -> list[str]:
    """Return the names that executions bound and none has deleted since, in the order in which they first came."""
    names: dict[str, None] = {}
    for execution in executions:
        for name in execution.deleted:
            names.pop(name, None)
        if execution.outcome is not Outcome.NOT_RUN:
            names |= dict.fromkeys(name for name in execution.bound if name not in execution.deleted)
    return list(names)


def shown_names(executions: Sequence[Execution]) -> list[str]:
    """Return those that are variables in the usual sense: no modules, nothing that begins with an underscore."""
    imported = {name for e in executions for name in effects_of(e).imports}
    return [name for name in names_bound(executions) if name not in imported and not name.startswith("_")]


def _reader_of(executions: Sequence[Execution], name: str) -> Execution:
    """Return an execution that would do nothing but read the name now."""
    return Execution(
        session_id=executions[-1].session_id if executions else SessionId(""),
        index=executions[-1].index + 1 if executions else 0,
        number=0,
        source=name,
        python=name,
        outcome=Outcome.OK,
        read=(name,),
        loaded=(name,),
        rebound=(),
    )
