"""The sessions that a block's run may belong to: the kernel's, or one for the whole program."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlexp.capture.declare import params_of_program
from mlexp.capture.environments import Environments
from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening, Probe
from mlexp.capture.place import experiment_of, interpreter, new_session
from mlexp.capture.probes.files import FilesProbe
from mlexp.capture.probes.modules import ModulesProbe
from mlexp.capture.probes.randomness import RandomnessProbe
from mlexp.capture.program import INDEX, paths_named, running_program
from mlexp.capture.tracking import Finished
from mlexp.capture.workplace import Workplace
from mlexp.capture.writer import Writer
from mlexp.records import Execution, Interpreter, Outcome, SessionRecord

if TYPE_CHECKING:
    from mlexp.capture.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The execution in which a block stands, and those before it."""

    index: int
    source: str
    executions: tuple[Execution, ...] = ()
    text: Execution | None = None
    """The execution itself, as far as it is known."""
    declared: tuple[tuple[str, str], ...] = ()
    """Params that were declared before the block."""
    obstacle: str = ""
    """Why no script can be made of it; empty if one can."""


class Host(Protocol):
    """The session to which a block's run belongs."""

    shell: Any
    place: Workplace
    experiment: str
    interpreter: Interpreter
    record: SessionRecord

    def around(self) -> Around:
        """Return where the block stands."""

    def before(self, opening: Opening) -> None:
        """Look before the block."""

    def after(self, opening: Opening) -> None:
        """Look after it."""

    def finish(self, finished: Finished) -> None:
        """Keep its run."""


class KernelHost:
    """A kernel's session: the block stands in the cell that is under way, which the session looks at itself."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.shell = session.shell
        self.place = session.place
        self.experiment = session.experiment
        self.interpreter = session.interpreter
        self.record = session.record

    def around(self) -> Around:
        """Return the cell that is under way."""
        opening, executions = self._session.opening, self._session.executions
        if opening is None:
            return Around(index=len(executions), source="", obstacle="it was called by no cell")
        before = tuple(execution for execution in executions if execution.index < opening.index)
        text = Execution(
            session_id=self.record.id,
            index=opening.index,
            number=0,
            source=opening.source,
            python=opening.python,
            outcome=Outcome.OK,
        )
        return Around(index=opening.index, source=opening.source, executions=before, text=text)

    def before(self, opening: Opening) -> None:
        """Nothing."""

    def after(self, opening: Opening) -> None:
        """Nothing."""

    def finish(self, finished: Finished) -> None:
        """Keep the run as that of a tracked cell."""
        self._session.finish(finished)


class ProgramHost:
    """The session of a program without a kernel, begun by its first block."""

    shell = None

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.interpreter = interpreter()
        self.program = running_program(place.redactor)
        path = str(self.program.path) if self.program.path is not None else None
        self.default_experiment = experiment_of(place.settings, path, place.root, Path.cwd())
        self.experiment = self.default_experiment
        self.record = new_session(path)
        place.store.put_session(self.record)
        self._facts: dict[str, Any] = {}
        writer = Writer()
        self._environments = Environments(place, writer)
        atexit.register(writer.close)
        files = FilesProbe(place)
        self._probes: tuple[Probe, ...] = (
            ModulesProbe(place.blobs, place.redactor),
            files,
            RandomnessProbe(place.blobs),
        )
        if not self.program.obstacle:
            with guarded("keep the files that the program names"):
                found = (files.named(path) for path in paths_named(self.program))  # read before the first block, unseen
                self._facts["inputs"] = tuple(file for file in found if file is not None)

    def around(self) -> Around:
        """Return the file."""
        executions = self.program.executions(self.record.id)
        return Around(
            index=INDEX,
            source=self.program.text,
            executions=executions[:INDEX],
            text=executions[INDEX] if executions else None,
            declared=params_of_program(),
            obstacle=self.program.obstacle,
        )

    def before(self, opening: Opening) -> None:
        """Let the probes look; blocks that run at once in several threads share what is seen."""
        for probe in self._probes:
            with guarded("look before the block"):
                probe.before(opening)

    def after(self, opening: Opening) -> None:
        """Let the probes look again, and add what they saw to what is known of the file."""
        for probe in reversed(self._probes):
            with guarded("look after the block"):
                self._add(probe.after(opening))

    def _add(self, facts: Mapping[str, Any]) -> None:
        for name, value in facts.items():
            if name == "generators":  # only the first block's: the file begins once
                self._facts.setdefault(name, tuple(state for state in value if not state.variable))
            else:
                known = self._facts.get(name, ())
                self._facts[name] = tuple(dict.fromkeys((*known, *value)))

    def finish(self, finished: Finished) -> None:
        """Keep the run and the program."""
        store, facts = self.place.store, dict(self._facts)
        executions = self.program.executions(self.record.id)
        if executions:
            started, elapsed_s = finished.run.started, finished.run.elapsed_s or 0.0
            last = replace(executions[INDEX], **facts, started=started, elapsed_s=elapsed_s)
            first = [replace(execution, started=self.record.started) for execution in executions[:INDEX]]
            store.put_executions((*first, last))
        finished.put(store)
        self._environments.keep(finished.run.id)
