"""Whether running the notebook from the top would give the same as the run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import ClassVar

from mlexp.capture.notebooks import saved_notebook, size_of
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.capture.place import notebook_path
from mlexp.fingerprint.keys import content_digest
from mlexp.records import Execution, InputFile

_SHARE = 0.05
"""Of the cell's time for reading the notebook's file."""
_READ_BYTES_PER_S = 200 * 2**20
_LEAST_BYTES = 4 * 2**20
"""A file up to this size is read in any case."""
_DIGEST_BYTES = 16 * 2**20
"""How much of files that were written since is read again to see whether their content is another."""


class CleanlinessPart:
    """Lays what the run rests on beside the notebook as it stands."""

    what: ClassVar[str] = "tell whether the notebook would give the same from the top"

    def begin(self, tracked: Tracked) -> None:
        """Nothing."""

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Tell it; a block within a cell, or in a program, is no run of a notebook."""
        if end is None or end.texts or tracked.shell is None:
            return {}
        from mlexp.dataflow.document import document_of  # with the analysis, which only a tracked cell needs
        from mlexp.dataflow.tidy import tidiness

        place = tracked.place
        path = notebook_path(place.settings, tracked.shell.user_ns)
        size = size_of(path) if path is not None else None
        most = max(_LEAST_BYTES, _SHARE * tracked.opening.elapsed_s * _READ_BYTES_PER_S)
        if path is not None and size is not None and size > most:
            return {"clean_notes": (f"the notebook's file is too large to be read in time: {size:,} bytes",)}
        executions = [e for e in end.executions if e.index <= end.execution.index]
        document = document_of(executions, saved_notebook(path, executions, clean=place.redactor.code))
        found = tidiness(executions, end.execution, document, changed_files=changed_files(executions))
        return {"clean": found.clean, "clean_notes": found.notes}


def changed_files(executions: Sequence[Execution]) -> dict[tuple[str, str | None], bool]:
    """Return the inputs whose files are others by now, by path and digest, with whether that is sure."""
    found: dict[tuple[str, str | None], bool] = {}
    left = _DIGEST_BYTES
    for execution in executions:
        for file in execution.inputs:
            ended = execution.started.timestamp() + execution.elapsed_s if execution.started is not None else 0.0
            sure = _is_changed(file, ended, left)
            if sure is not None:
                found[file.resolved, file.digest] = sure
                left -= file.size_bytes
    return found


def _is_changed(file: InputFile, ended: float, most_bytes: int) -> bool | None:
    """Tell whether a file is surely another one (True) or perhaps (False); None: it is as it was."""
    try:
        stat = os.stat(file.resolved)
        if stat.st_size != file.size_bytes:
            return True
        if stat.st_mtime <= ended:
            return None
        if file.digest is None or stat.st_size > most_bytes:
            return False
        with open(file.resolved, "rb") as opened:
            return True if content_digest(opened.read()) != file.digest else None
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
