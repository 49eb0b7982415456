"""What `mlexp enable` has IPython do when it starts: load mlexp where it is in use, else wait until it is used.

In a project that has a store, every execution is heard of from the first on. Elsewhere nothing is made, read or
written until a cell mentions mlexp or one of its magics.
"""

from __future__ import annotations

import re
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.track import strip_track
from mlexp.live import MARK


def load_when_used() -> None:
    """Load mlexp into the live shell, or wait for the first cell that uses it."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or getattr(shell, MARK, None) is not None:
        return
    del shell._mlexp_waits
    with guarded("load mlexp when IPython starts"):
        if _has_store():
            _load(shell)
        else:
            _Waiting(shell)


class _Waiting:
    """Reads each cell's text before it runs, until one of them uses mlexp."""

    def __init__(self, shell: Any) -> None:
        from mlexp.commands import COMMANDS

        names = "|".join(command.name for command in COMMANDS if command.magic)
        self._uses = re.compile(rf"\bmlexp\b|^\s*%%track\b|%({names})\b", re.MULTILINE)
        self._shell = shell
        # IPython transforms a cell before the first hook: by then the line must be off already.
        shell.input_transformer_manager.cleanup_transforms.append(strip_track)
        shell.events.register("pre_run_cell", self.pre_run_cell)

    def pre_run_cell(self, info: Any) -> None:
        """Load mlexp before a cell that uses it; the cell is then the first that it hears of."""
        with guarded("load mlexp before the first cell that uses it"):
            shell = self._shell
            loaded = getattr(shell, MARK, None) is not None
            if not loaded and not self._uses.search(info.raw_cell or ""):
                return
            shell.events.unregister("pre_run_cell", self.pre_run_cell)
            shell.input_transformer_manager.cleanup_transforms.remove(strip_track)
            if not loaded:
                _load(shell)
                getattr(shell, MARK).session.pre_run_cell(info)


def _has_store() -> bool:
    from pathlib import Path

    from mlexp.config import load_settings
    from mlexp.storage.place import store_folder

    folder = Path.cwd()
    return (store_folder(folder, load_settings(folder)) / "runs.db").exists()


def _load(shell: Any) -> None:
    shell.extension_manager.load_extension("mlexp")
