"""Whether running the notebook from the top to a cell would give what the cell found, and if not, why.

The executions that really made what the cell found are laid beside those that would make it in a run from the top.
Where they are the same, in an order that makes no difference, the run is clean. A difference that is only suspected, or
hangs on what nobody told (the notebook was not saved since a cell was made), leaves the answer open.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlexp.dataflow.cell import parse
from mlexp.dataflow.document import Document
from mlexp.dataflow.laid import Laid, Reason, cell_called, in_, made_by
from mlexp.dataflow.rolled import rolls
from mlexp.dataflow.slice import effects_of
from mlexp.dataflow.unset import MOST, unset
from mlexp.records import Execution, Outcome

_MAX_NOTES = 5

ChangedFiles = Mapping[tuple[str, str | None], bool]
"""Inputs, as (absolute path, digest of what was read), with whether it is sure that their files are others by now."""


@dataclass(frozen=True, slots=True)
class Tidiness:
    """Whether a run from the top would give the same."""

    clean: bool | None
    """None: that cannot be known."""
    notes: tuple[str, ...] = ()
    """Why it would not, or why it cannot be known; empty where nothing tells which cells stand in the notebook."""


def tidiness(
    executions: Sequence[Execution],
    target: Execution,
    document: Document,
    *,
    changed_files: ChangedFiles | None = None,
) -> Tidiness:
    """Tell whether a tracked run is clean.

    Args:
        executions: Those of its session up to it, in order.
        target: The tracked one.
        document: The notebook as it stood when the target ran.
        changed_files: Inputs whose files are others by now.
    """
    if not document.is_known and all(e.cell_id is None for e in executions):
        return Tidiness(None)
    place = next(iter(document.places(target)), None)
    stop = place if place is not None else len(document.cells)
    laid = Laid(executions, target, document, stop=stop)
    reasons = [
        *_of_places(laid, place),
        *laid.reasons(),
        *laid.suspicions(),
        *_of_world(executions, laid, changed_files or {}),
    ]
    sure = tuple(dict.fromkeys(reason.text for reason in reasons if reason.is_sure))
    if sure:
        return Tidiness(False, _few(sure))
    open_ = tuple(dict.fromkeys(reason.text for reason in reasons))
    return Tidiness(True) if document.is_known and not open_ else Tidiness(None, _few(open_))


def _few(notes: tuple[str, ...]) -> tuple[str, ...]:
    more = len(notes) - _MAX_NOTES
    return (*notes[:_MAX_NOTES], f"and {more} more") if more > 0 else notes


def _of_places(laid: Laid, place: int | None) -> Iterator[Reason]:
    """Yield which cells stand nobody knows where, of those that count."""
    document, target = laid.document, laid.ran.target
    if not document.is_known:
        return
    if place is None:
        yield Reason("the tracked cell is not in the notebook as it was last saved", is_sure=False)
    paired = {cell.place for _, cell in laid.pairs}
    above = [
        v.origin
        for v in laid.virtual
        if not document.cells[v.place].is_placed
        and v.origin is not None
        and (v.place in paired or not laid.names.isdisjoint(made_by(effects_of(v.origin))))
    ]
    new = [target] if place is not None and not document.cells[place].is_placed else []
    for execution in [*above, *new]:
        yield Reason(f"the notebook was not saved since the cell of {in_(execution)} was made", is_sure=False)


def _of_world(executions: Sequence[Execution], laid: Laid, changed_files: ChangedFiles) -> Iterator[Reason]:
    """Yield what speaks against it besides the order of cells."""
    used, target, document = laid.ran.executions, laid.ran.target, laid.document
    for execution in (*used, target):
        if execution.answers:
            yield Reason(f"{in_(execution)} asked for input, which would have to be typed again")
        for file in execution.inputs:
            if (is_sure := changed_files.get((file.resolved, file.digest))) is not None:
                has = "has" if is_sure else "may have"
                yield Reason(f"`{os.path.basename(file.path)}` {has} changed since {in_(execution)} read it", is_sure)
    for execution in used:
        if execution.outcome is Outcome.INTERRUPTED:
            yield Reason(f"{in_(execution)} was interrupted, and what it had done by then counts")
        elif not execution.observed and not _is_plain(execution.python):
            yield Reason(f"{in_(execution)} ran before mlexp was loaded: what it did was not seen", is_sure=False)
    for each in laid.virtual if document.is_known else ():
        origin = each.origin
        if origin is not None and origin.outcome is Outcome.ERROR and origin.error is not None:
            is_sure = origin.error.type != "NameError" and document.cells[each.place].is_placed
            yield Reason(f"{in_(origin)} raised {origin.error.type}, and a run from the top would stop there", is_sure)
    if document.is_known:
        never = sum(cell.origin is None for cell in laid.virtual)
        if never > MOST:
            yield Reason(f"{never} cells above it never ran", is_sure=False)
        for cell, name in unset(executions, laid.virtual) if never <= MOST else ():
            text = f"{cell_called(cell, document)} reads `{name}`, which no cell above it sets"
            yield Reason(text, is_sure=cell.origin is not None and document.cells[cell.place].is_placed)
        needed = {execution.index for execution in (*used, target)}
        for text, is_sure in rolls(executions, target, needed, laid.virtual):
            yield Reason(text, is_sure)


def _is_plain(python: str) -> bool:
    """Tell whether a text only imports, defines, and binds names to constants: what it does, its text tells."""
    tree = parse(python)
    plain = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tree is not None and all(
        isinstance(s, plain) or (isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant)) for s in tree.body
    )
