"""mlexp: track notebook cells as runs, compare them, and export them as scripts that are proven.

In a notebook: `%load_ext mlexp`, then `%%track` on the first line of a cell.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlexp.api import alias, compare, experiment, export, metric_goal, note, run, runs, tag, track, verify
    from mlexp.capture.declare import artifact, dataset, param
    from mlexp.capture.log import log

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "alias",
    "artifact",
    "compare",
    "dataset",
    "experiment",
    "export",
    "log",
    "metric_goal",
    "note",
    "param",
    "run",
    "runs",
    "tag",
    "track",
    "verify",
]

_HOMES = {
    "alias": "mlexp.api",
    "artifact": "mlexp.capture.declare",
    "compare": "mlexp.api",
    "dataset": "mlexp.capture.declare",
    "experiment": "mlexp.api",
    "export": "mlexp.api",
    "log": "mlexp.capture.log",
    "metric_goal": "mlexp.api",
    "note": "mlexp.api",
    "param": "mlexp.capture.declare",
    "run": "mlexp.api",
    "runs": "mlexp.api",
    "tag": "mlexp.api",
    "track": "mlexp.api",
    "verify": "mlexp.api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mlexp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Load mlexp into a live IPython: `%load_ext mlexp`."""
    from mlexp.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take mlexp out again: `%unload_ext mlexp`."""
    from mlexp.magics import unload

    unload(shell)


def _load_into_live_shell() -> None:
    """In a live IPython, `import mlexp` does what `%load_ext mlexp` does; where that fails, it is still imported."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython is not None else None
    if shell is not None and not hasattr(shell, "_mlexp_waits"):  # which `mlexp enable` has set
        try:
            shell.extension_manager.load_extension("mlexp")
        except Exception as error:
            import logging

            logging.getLogger("mlexp").warning("mlexp was imported but not loaded: %s", error)


_load_into_live_shell()
