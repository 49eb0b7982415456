"""The executions that a tracked one needs: those whose effects reach it, no more and never less."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from mlexp.records import Execution


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
    earlier = [e.index for e in executions if e.index < target.index]
    return Slice((*earlier, target.index), ())
