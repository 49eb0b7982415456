"""How many figures pyplot had open when an execution ended, before the inline backend shows and closes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.fingerprint.asking import imported


class FiguresProbe:
    """Counts in the first `post_execute` callback; the inline backend closes figures in a later one."""

    def __init__(self, shell: Any) -> None:
        self._callbacks = shell.events.callbacks["post_execute"]
        self._n_open = 0
        self._callbacks.insert(0, self._count)

    def before(self, opening: Opening) -> None:  # noqa: ARG002  (the protocol's)
        """Begin at none."""
        self._n_open = 0

    def after(self, opening: Opening) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Tell the count."""
        return {"n_figures": self._n_open}

    def close(self) -> None:
        """Take the callback away."""
        if self._count in self._callbacks:
            self._callbacks.remove(self._count)

    def _count(self) -> None:
        with guarded("count figures"):
            helpers: Any = imported("matplotlib._pylab_helpers")
            self._n_open = len(helpers.Gcf.figs) if helpers is not None else 0
