"""The params that an execution declares: `mlexp.param`."""

from __future__ import annotations

from collections.abc import Mapping

from mlexp.capture.declare import Declared, close_execution, open_execution
from mlexp.capture.opening import Opening


class DeclaredProbe:
    """Listens while an execution runs."""

    def __init__(self) -> None:
        self._open: dict[int, Declared] = {}

    def before(self, opening: Opening) -> None:
        """Begin to listen."""
        self._open[opening.index] = declared = Declared()
        open_execution(declared)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Tell what was declared."""
        declared = self._open.pop(opening.index, None)
        if declared is None:
            return {}
        close_execution(declared)
        return {"declared": tuple(declared.params)}

    def close(self) -> None:
        """Hear of nothing any more."""
        for declared in self._open.values():
            close_execution(declared)
        self._open.clear()
