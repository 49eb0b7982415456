"""How many figures of pyplot's the inline backend showed and closed when an execution ended."""

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
        """Tell how many of those that were open are so no more."""
        return {"n_figures": max(0, self._n_open - _n_open())}

    def close(self) -> None:
        """Take the callback away."""
        if self._count in self._callbacks:
            self._callbacks.remove(self._count)

    def _count(self) -> None:
        with guarded("count figures"):
            self._n_open = _n_open()


def _n_open() -> int:
    helpers: Any = imported("matplotlib._pylab_helpers")
    return len(helpers.Gcf.figs) if helpers is not None else 0
