"""The notebook's file as it was last saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json import loads  # by name: the user may put others in their place
from typing import Any

from mlexp.dataflow.document import SavedNotebook
from mlexp.records import Execution

LIMIT_BYTES = 64 * 2**20
"""Of a larger file nothing is read."""
AT_ONCE_BYTES = 2**20
"""A file up to this size is read in a moment."""


def size_of(path: str) -> int | None:
    """Return the size of a file; None if there is none."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return None


def saved_notebook(
    path: str | None, executions: Sequence[Execution], *, clean: Callable[[str], str]
) -> SavedNotebook | None:
    """Return the code cells of a notebook's file; None where it is no notebook, too large, or cannot be read.

    Args:
        path: The file.
        executions: Those of its session: a text that stands there has no secrets.
        clean: Takes secrets out of code, as it was taken out of what ran.
    """
    if path is None or not path.endswith(".ipynb"):
        return None
    try:
        stat = os.stat(path)
        cells = _cells(path, stat.st_mtime_ns, stat.st_size) if stat.st_size <= LIMIT_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    if cells is None:
        return None
    known = {execution.source for execution in executions}
    saved = datetime.fromtimestamp(stat.st_mtime_ns / 1e9, UTC)
    return SavedNotebook(tuple((i, text if text in known else clean(text)) for i, text in cells), saved)


@lru_cache(maxsize=2)
def _cells(path: str, mtime_ns: int, size: int) -> tuple[tuple[str | None, str], ...] | None:  # noqa: ARG001  (key)
    """Return (id, text) of each code cell; None for another file than a notebook of format 4."""
    with open(path, "rb") as file:
        found: Any = loads(file.read())
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list):
        return None
    return tuple(
        (cell["id"] if isinstance(cell.get("id"), str) else None, _text(cell.get("source")))
        for cell in cells
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )


def _text(source: Any) -> str:
    """Return a cell's text, which a file holds as one text or as a list of lines."""
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")
