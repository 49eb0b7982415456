"""The notebook as far as it is known: which cells stand in it, in which order, and whose executions are which.

The file tells the cells and their order as of the last save. An execution tells the text that its cell had then, and
front ends that give cells ids tell which were deleted. Of both, the later word counts. Where a front end gives no ids,
or others than the file's, cells are known by their texts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from mlexp.dataflow.cell import parse, peel, without_peeled
from mlexp.records import Execution, Outcome


@dataclass(frozen=True, slots=True)
class SavedNotebook:
    """The code cells of a notebook's file, in their order."""

    cells: tuple[tuple[str | None, str], ...]
    """(id, text) of each; files of older formats have no ids."""
    saved: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that stands in the notebook."""

    text: str
    """As it is last known, without `%%track`."""
    id: str | None = None
    is_placed: bool = True
    """Whether it is known where it stands: False for one that was made since the last save."""


class Standing(StrEnum):
    """What became of the text that an execution ran."""

    STANDS = "stands"
    EDITED = "edited since"
    DELETED = "deleted"
    GONE = "no longer in the notebook"
    """Edited or deleted."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Document:
    """A notebook."""

    cells: tuple[Cell, ...]
    """In their order; those without a known place stand where they first ran."""
    is_known: bool
    """Whether a file told the cells; else they are gathered from what ran, and others may stand among them."""
    _by_id: Mapping[str, int] = field(default_factory=dict)
    _by_text: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    _deleted: frozenset[str] = frozenset()
    _saved: datetime | None = None
    _inner: frozenset[int] = frozenset()
    _known: dict[tuple[str | None, str], tuple[int, ...]] = field(default_factory=dict)
    """Answers that were given, for they are asked for again and again."""

    def places(self, execution: Execution) -> tuple[int, ...]:
        """Return the positions at which the text that an execution ran stands; its own cell's alone, if it does."""
        if self.is_inner(execution):
            return ()
        key = execution.cell_id, execution.source
        if key not in self._known:
            own = self.own_place(execution)
            text = text_of(execution.source)
            stands = own is not None and same_code(self.cells[own].text, text)
            self._known[key] = (own,) if own is not None and stands else self._by_text.get(text, ())
        return self._known[key]

    def own_place(self, execution: Execution) -> int | None:
        """Return the position of the cell that an execution ran, whatever its text is by now; None: not known."""
        if execution.cell_id is None or self.is_inner(execution):
            return None
        return self._by_id.get(execution.cell_id)

    def is_inner(self, execution: Execution) -> bool:
        """Tell whether another execution ran this one, by `get_ipython().run_cell`: it is of no cell."""
        return execution.index in self._inner

    def standing(self, execution: Execution) -> Standing:
        """Tell what became of the text that an execution ran."""
        if self.places(execution):
            return Standing.STANDS
        if self.is_inner(execution):
            return Standing.UNKNOWN
        if self.own_place(execution) is not None:
            return Standing.EDITED
        if execution.cell_id in self._deleted:
            return Standing.DELETED
        if self._saved is None or (execution.started is not None and execution.started > self._saved):
            return Standing.UNKNOWN
        return Standing.GONE


def document_of(executions: Sequence[Execution], saved: SavedNotebook | None) -> Document:
    """Return the notebook as it stood when the last of these executions ran, or was saved later.

    Args:
        executions: Those of a session, in order.
        saved: Its file; None where there is none.
    """
    inner = _inner(executions)
    executions = [execution for execution in executions if execution.index not in inner]
    latest: dict[str, Execution] = {}
    deleted: dict[str, datetime | None] = {}
    for execution in executions:
        for cell_id in execution.deleted_cells:
            deleted[cell_id] = execution.started
        if execution.cell_id is not None:
            latest[execution.cell_id] = execution
            deleted.pop(execution.cell_id, None)
    if saved is None:
        return _gathered(executions, latest, deleted, inner)
    cells = [Cell(text_of(text), cell_id) for cell_id, text in saved.cells]
    places = _places(cells, executions, latest)
    gone = {cell_id for cell_id, when in deleted.items() if cell_id not in places or _is_later(when, saved.saved)}
    by_ids = any(cell.id in latest for cell in cells)
    for cell_id, execution in latest.items():
        place = places.get(cell_id)
        text = text_of(execution.source)
        if place is not None:
            if _is_later(execution.started, saved.saved) or same_code(cells[place].text, text):
                cells[place] = Cell(text, cell_id)
        elif cell_id not in gone and not _is_later(execution.started, saved.saved) and by_ids:
            gone.add(cell_id)
    order = [i for i, cell in enumerate(cells) if cell.text and cell.id not in gone]
    found = [cells[i] for i in order]
    moved = {place: position for position, place in enumerate(order)}
    by_id = {cell_id: moved[place] for cell_id, place in places.items() if place in moved and cell_id not in gone}
    new = [e for cell_id, e in latest.items() if cell_id not in by_id and cell_id not in gone]
    _insert(new, found, by_id, executions, saved.saved)
    return Document(
        tuple(found),
        is_known=True,
        _by_id=by_id,
        _by_text=_by_text(found),
        _deleted=frozenset(gone),
        _saved=saved.saved,
        _inner=inner,
    )


def text_of(source: str) -> str:
    """Return a cell's text without `%%track` and what else only stands around its body."""
    return _text_of(source)


@lru_cache(maxsize=4096)
def _text_of(source: str) -> str:
    return without_peeled(peel(source).body) if source.strip() else ""


@lru_cache(maxsize=1024)
def same_code(one: str, other: str) -> bool:
    """Tell whether two texts run as the same code: comments and blank lines are nothing to it."""
    if one == other:
        return True
    trees = parse(one), parse(other)
    return None not in trees and ast.dump(trees[0]) == ast.dump(trees[1])  # type: ignore[arg-type]  # none is None


def _places(cells: Sequence[Cell], executions: Sequence[Execution], latest: Mapping[str, Execution]) -> dict[str, int]:
    """Return where the cells stand that have run, by the front end's ids."""
    by_id = {cell.id: i for i, cell in enumerate(cells) if cell.id is not None}
    if not by_id.keys().isdisjoint(latest):
        return by_id
    free: dict[str, list[int]] = {}
    for i, cell in enumerate(cells):
        free.setdefault(cell.text, []).append(i)
    places: dict[str, int] = {}
    for execution in reversed(executions):  # the newest text of a cell first
        cell_id = execution.cell_id
        if cell_id is not None and cell_id not in places and free.get(text_of(execution.source)):
            places[cell_id] = free[text_of(execution.source)].pop(0)
    return places


def _insert(
    new: Iterable[Execution],
    cells: list[Cell],
    by_id: dict[str, int],
    executions: Sequence[Execution],
    saved: datetime,
) -> None:
    """Put cells that were made since the last save behind the cell that ran before them."""
    for execution in new:
        if not _is_later(execution.started, saved) or not text_of(execution.source):
            continue
        before = [by_id[e.cell_id] for e in executions if e.index < execution.index and e.cell_id in by_id]
        place = before[-1] + 1 if before else 0
        cells.insert(place, Cell(text_of(execution.source), execution.cell_id, is_placed=False))
        for cell_id, position in by_id.items():
            if position >= place:
                by_id[cell_id] = position + 1
        by_id[str(execution.cell_id)] = place


def _gathered(
    executions: Sequence[Execution],
    latest: Mapping[str, Execution],
    deleted: Mapping[str, datetime | None],
    inner: frozenset[int],
) -> Document:
    """Return what is known without a file: the cells that ran, in the order in which they first did."""
    cells: list[Cell] = []
    by_id: dict[str, int] = {}
    texts: set[str] = set()
    for execution in executions:
        cell_id = execution.cell_id
        text = text_of((latest[cell_id] if cell_id is not None else execution).source)
        is_new = cell_id not in by_id and cell_id not in deleted if cell_id is not None else text not in texts
        if not text or not is_new or execution.outcome is Outcome.NOT_RUN:
            continue
        if cell_id is not None:
            by_id[cell_id] = len(cells)
        texts.add(text)
        cells.append(Cell(text, cell_id, is_placed=False))
    return Document(
        tuple(cells), is_known=False, _by_id=by_id, _by_text=_by_text(cells), _deleted=frozenset(deleted), _inner=inner
    )


def _inner(executions: Iterable[Execution]) -> frozenset[int]:
    """Return the indices of executions that began and ended while another one of the same cell was under way."""
    found = set()
    outer: tuple[Execution, float] | None = None
    for execution in sorted(executions, key=lambda e: e.index):
        if execution.started is None or not execution.observed:
            continue
        start = execution.started.timestamp()
        within = outer is not None and start + execution.elapsed_s < outer[1]
        if outer is not None and within and execution.cell_id == outer[0].cell_id:
            found.add(execution.index)
        else:
            outer = execution, start + execution.elapsed_s
    return frozenset(found)


def _by_text(cells: Sequence[Cell]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for position, cell in enumerate(cells):
        found[cell.text] = (*found.get(cell.text, ()), position)
    return found


def _is_later(when: datetime | None, saved: datetime) -> bool:
    return when is not None and when > saved
