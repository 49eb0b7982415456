"""Which executions can see which kind of global state, by their texts."""

from __future__ import annotations

from enum import IntEnum

from mlexp.records import Execution


class Sight(IntEnum):
    """How likely an execution sees a change of global state."""

    NONE = 0
    MAYBE = 1
    SURE = 2


def sight(kind: str, changer: Execution, reader: Execution) -> Sight:  # noqa: ARG001
    """Tell how likely `reader` sees what `changer` did to a kind of state."""
    return Sight.MAYBE


def kills(kind: str) -> bool:  # noqa: ARG001
    """Tell whether a change of that kind makes earlier ones invisible."""
    return False
