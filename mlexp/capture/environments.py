"""Reads the environments of a session's runs, each after its run, when nobody waits for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlexp.capture.aside import Aside
from mlexp.capture.workplace import Workplace
from mlexp.capture.writer import Writer
from mlexp.records import RunId

if TYPE_CHECKING:
    from mlexp.installed import Surroundings


class Environments:
    """Keeps them through the session's writer."""

    def __init__(self, place: Workplace, writer: Writer, *, aside: Aside | None = None) -> None:
        """Begin with nothing read.

        Args:
            place: Where they are kept.
            writer: Who reads them.
            aside: Who asks git; None: a child of this process.
        """
        self._place = place
        self._writer = writer
        self._aside = aside
        self._surroundings: Surroundings | None = None

    def keep(self, run_id: RunId) -> None:
        """Have a run's environment kept soon; the modules that count are those imported by now."""
        modules = tuple(name for name in list(sys.modules) if type(name) is str)
        self._writer.add("read the installed packages", lambda: self._read(run_id, modules))

    def _read(self, run_id: RunId, modules: tuple[str, ...]) -> None:
        if self._surroundings is None:
            from mlexp.installed import Surroundings  # what it imports takes 15 ms, in the writer's thread here

            run = self._aside.run if self._aside is not None else None
            self._surroundings = Surroundings(self._place.root, keep=self._place.keep_text, run=run)
        self._place.store.put_environment(self._surroundings.environment_of(run_id, modules))
