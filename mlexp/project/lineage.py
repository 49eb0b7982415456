"""What made a run, or a name in its session, what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mlexp.capture.notebooks import saved_notebook
from mlexp.dataflow.document import Document, document_of
from mlexp.dataflow.lineage import Histories, Lineage, Step, Summary, names_bound
from mlexp.errors import RunNotFoundError
from mlexp.records import Execution, RunRecord, SessionId

if TYPE_CHECKING:
    from mlexp.project.project import Project


class LineageOf(Mapping[str, Lineage]):
    """The histories of the names of a session, as they were after one of its executions."""

    def __init__(self, project: Project, session_id: SessionId, *, run: RunRecord | None = None) -> None:
        every = project.store.executions(session_id)
        self._run = run
        self.executions: Sequence[Execution] = (
            every if run is None else tuple(e for e in every if e.index <= run.execution)
        )
        self._histories = Histories(self.executions, _document(project, session_id, every))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The executions behind the run, oldest first, itself the last."""
        target = next((e for e in self.executions if self._run is not None and e.index == self._run.execution), None)
        if target is None:
            return ()
        return self._histories.behind(target)

    def __getitem__(self, name: str) -> Lineage:
        """Return the history of a name.

        Raises:
            UnknownNameError: No cell has made it.
        """
        return self._histories.of(name)

    def __contains__(self, name: object) -> bool:
        return name in names_bound(self.executions)

    def __iter__(self) -> Iterator[str]:
        return iter(names_bound(self.executions))

    def __len__(self) -> int:
        return len(names_bound(self.executions))

    def all(self) -> tuple[Summary, ...]:
        """Return what there is to say of each variable, the stale ones first."""
        return self._histories.all()

    def __repr__(self) -> str:
        from mlexp.render.lineage import steps_text

        if self._run is None:
            return f"<lineage of {len(self)} names>"
        return steps_text(self._run.reference, self.steps)


def lineage_at_work(project: Project) -> LineageOf:
    """Return the histories of the names of the kernel's session; outside a kernel, of the newest run's.

    Raises:
        RunNotFoundError: There is no run.
    """
    if project.session_id is not None:
        return LineageOf(project, SessionId(project.session_id))
    for record in project.store.find_runs():
        return LineageOf(project, record.session_id)
    raise RunNotFoundError("there is no run yet. Put %%track on the first line of a cell and run it.")


def _document(project: Project, session_id: SessionId, executions: Sequence[Execution]) -> Document:
    """Return the session's notebook as it is saved now."""
    path = project.store.get_session(session_id).notebook
    return document_of(executions, saved_notebook(path, executions, clean=project.redactor.code))
