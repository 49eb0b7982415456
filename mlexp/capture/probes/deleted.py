"""The cells that the front end says were deleted; JupyterLab tells them with the next cell that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlexp.capture.opening import Opening

_MAX = 1000


class DeletedCellsProbe:
    """Reads the kernel's message that asked for the execution."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._found: dict[int, tuple[str, ...]] = {}

    def before(self, opening: Opening) -> None:
        """Read it: once the cell runs, another message may have come."""
        if opening.request is None:
            return
        told = (self._shell.get_parent() or {}).get("metadata", {}).get("deletedCells")
        if isinstance(told, list) and told:
            self._found[opening.index] = tuple(str(cell_id) for cell_id in told[:_MAX])

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Tell them."""
        return {"deleted_cells": self._found.pop(opening.index, ())}

    def close(self) -> None:
        """Nothing was put into the kernel."""
