"""Readers: runs and their data, read as needed. Nothing can be changed through them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlexp.comparison import Side
from mlexp.dataflow.cell import peel, without_peeled
from mlexp.project.kept import Artifacts, Data
from mlexp.project.outputs import Figure, Outputs, figures_of, stream_text
from mlexp.records import (
    Environment,
    ErrorRecord,
    Execution,
    InputFile,
    Labels,
    LateOutput,
    Proof,
    Resources,
    RunRecord,
    RunStatus,
)

if TYPE_CHECKING:
    import pandas as pd

    from mlexp.project.lineage import LineageOf
    from mlexp.project.project import Project


class Run:
    """A run, read as needed. Nothing can be changed through it."""

    def __init__(self, record: RunRecord, project: Project) -> None:
        self.record = record
        self._project = project

    def __repr__(self) -> str:
        metrics = ", ".join(f"{metric.name}={metric.value!r}" for metric in self.record.metrics)
        return f"<Run {self.ref} {self.name} {self.status}: {metrics}>"

    @property
    def ref(self) -> str:
        """The reference, such as "r3"."""
        return self.record.reference

    @property
    def id(self) -> str:
        """The id, the same in every store."""
        return self.record.id

    @cached_property
    def labels(self) -> Labels:
        """Name, tags and note."""
        return self._project.store.labels(self.record.id)

    @property
    def name(self) -> str:
        """What it is called; may be empty."""
        return self.labels.name

    @property
    def status(self) -> RunStatus:
        """Running, finished, failed, interrupted or killed."""
        return self.record.status

    @property
    def is_clean(self) -> bool | None:
        """Whether running the notebook from the top to the cell would give the same; None: that cannot be known."""
        return self.record.clean

    @property
    def dirty(self) -> tuple[str, ...]:
        """Why running the notebook from the top would not give the same; empty where it would, or nobody can tell."""
        return self.record.clean_notes if self.record.clean is False else ()

    @property
    def experiment(self) -> str:
        """The experiment it belongs to."""
        return self.record.experiment

    @property
    def started(self) -> datetime:
        """When it started, in UTC."""
        return self.record.started

    @property
    def elapsed_s(self) -> float | None:
        """Seconds it took; None while it runs."""
        return self.record.elapsed_s

    @property
    def params(self) -> dict[str, object]:
        """Chosen inputs by name."""
        return {param.name: param.value for param in self.record.params}

    @property
    def metrics(self) -> dict[str, float]:
        """Measured numbers by name; of logged ones the last."""
        return {metric.name: metric.value for metric in self.record.metrics}

    @property
    def timings(self) -> dict[str, float]:
        """Clock readings by name, in the unit of the cell."""
        return {timing.name: timing.value for timing in self.record.timings}

    def history(self, metric: str) -> pd.DataFrame:
        """Return the logged points of a metric: columns step, time (seconds since the epoch), value; as they came."""
        import pandas as pd

        for points in self._project.store.points(self.record.id):
            if points.name == metric:
                return pd.DataFrame({"step": points.steps, "time": points.times, "value": points.values})
        known = ", ".join(points.name for points in self._project.store.points(self.record.id)) or "none"
        raise LookupError(f"{self.ref} has logged no metric {metric!r}; logged: {known}")

    @property
    def data(self) -> Data:
        """The data that the cell read, by name, as it was when the cell began."""
        return Data(self.record.data, self._project.blobs)

    @property
    def models(self) -> Data:
        """The fitted estimators and networks that the cell made or changed, by name."""
        return Data(self.record.models, self._project.blobs)

    @property
    def results(self) -> Data:
        """Tables of nested results, by name, such as "search.cv_results"; each is a frame."""
        return Data(self.record.results, self._project.blobs)

    @property
    def artifacts(self) -> Artifacts:
        """What was given to `mlexp.artifact`, by name: bytes of files and figures, objects as they were."""
        return Artifacts(self.record.artifacts, self._project.blobs)

    @cached_property
    def executions(self) -> tuple[Execution, ...]:
        """All executions of its session up to it, oldest first."""
        return self._project.store.executions(self.record.session_id, stop=self.record.execution + 1)

    @property
    def lineage(self) -> LineageOf:
        """The executions behind it, as `steps`, and the history of each variable as it was then, by name."""
        from mlexp.project.lineage import LineageOf  # with the analysis, which only this needs

        return LineageOf(self._project, self.record.session_id, run=self.record)

    @property
    def code(self) -> str:
        """The tracked cell, as it was typed."""
        return self.record.source

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        """The files from outside that its session had read by then; the newest content of a path counts."""
        return inputs_of(self.executions)

    @property
    def stdout(self) -> str:
        """What the cell printed, and what came after its end."""
        return self._text_of("stdout")

    @property
    def stderr(self) -> str:
        """What the cell wrote to stderr, and what came after its end."""
        return self._text_of("stderr")

    @property
    def outputs(self) -> Outputs:
        """The rich outputs, in the order in which they were shown."""
        return Outputs(self.record, self._project.blobs)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The outputs that have a picture, with `.png` and `.svg`."""
        return figures_of(self.outputs)

    @property
    def error(self) -> ErrorRecord | None:
        """The error of a run that failed, with its traceback; else None."""
        return self.record.error

    @property
    def late_outputs(self) -> tuple[LateOutput, ...]:
        """Records of the text that came after its end."""
        return self._project.store.late_outputs(self.record.id)

    def _text_of(self, stream: str) -> str:
        return stream_text(self.record, self.late_outputs, stream, self._project.blobs)

    @property
    def environment(self) -> Environment | None:
        """Packages and git state; None while they are being read."""
        return self._project.store.environment(self.record.id)

    @property
    def uncommitted(self) -> str:
        """What was not committed in the git checkout, as a diff; empty while the environment is being read."""
        environment = self.environment
        digest = environment.git_diff if environment is not None else None
        return self._project.blobs.get(digest).decode("utf-8", "replace") if digest else ""

    @property
    def modules(self) -> dict[str, str]:
        """The source of the user's own modules that its session had imported by then, by name."""
        found = {module.name: module.digest for execution in self.executions for module in execution.modules}
        return {name: self._project.blobs.get(digest).decode("utf-8", "replace") for name, digest in found.items()}

    @property
    def resources(self) -> Resources | None:
        """What the cell cost; None while it runs."""
        return self.record.resources

    def usage(self) -> pd.DataFrame:
        """Return what was sampled while the cell ran: t_s, cpu (1.0 is one core), memory_bytes, gpu, gpu_memory_bytes.

        Without rows if the cell was too short; the two of the GPU only where one was in use.
        """
        import json

        import pandas as pd

        samples = self.record.resources.samples if self.record.resources is not None else None
        if samples is None:
            return pd.DataFrame({"t_s": [], "cpu": [], "memory_bytes": []})
        return pd.DataFrame(json.loads(self._project.blobs.get(samples)))

    @property
    def proof(self) -> Proof | None:
        """The newest proof, or None."""
        proofs = self._project.store.proofs(self.record.id)
        return proofs[0] if proofs else None


def inputs_of(executions: Sequence[Execution]) -> tuple[InputFile, ...]:
    """Return the files from outside that executions read; of a path that was read again, the last content."""
    return tuple({file.resolved: file for execution in executions for file in execution.inputs}.values())


def earlier_texts(executions: Sequence[Execution], run: RunRecord) -> tuple[str, ...]:
    """Return the texts of the earlier cells that a run rests on; of one that ran several times, once."""
    target = next((execution for execution in executions if execution.index == run.execution), None)
    from mlexp.dataflow.graph import rests_on  # with the rules, which only a comparison needs here

    chain = rests_on(executions, target)[:-1] if target is not None else ()
    texts = [without_peeled(peel(execution.source).body) for execution in chain]
    return tuple(reversed(dict.fromkeys(reversed(texts))))


class Runs(Sequence[Run]):
    """Runs, newest first, or in the order of the query."""

    def __init__(self, runs: Sequence[Run], project: Project) -> None:
        self._runs = tuple(runs)
        self._project = project

    def __getitem__(self, index: Any) -> Any:
        """Return a run, or the runs of a slice."""
        found = self._runs[index]
        return Runs(found, self._project) if isinstance(index, slice) else found

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        from mlexp.render.runs import runs_table

        return runs_table(self.sides(), states=self.states(), goals=self._project.store.goals())

    def sides(self) -> list[Side]:
        """Return them as sides of a comparison, without what only a comparison needs."""
        return [Side(run=run.record, labels=run.labels) for run in self._runs]

    def states(self) -> dict[str, str]:
        """Return the state of each in one word, by id."""
        from mlexp.render.runs import state_of

        return {run.id: state_of(run.record, self._project.verdict(run.record.id)) for run in self._runs}

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a run, with the references as index, and columns `params.NAME` and `metrics.NAME`."""
        import pandas as pd

        rows = []
        for run in self._runs:
            row: dict[str, object] = {
                "name": run.name,
                "status": str(run.status),
                "experiment": run.experiment,
                "started": run.started,
                "elapsed_s": run.elapsed_s,
            }
            row |= {f"params.{name}": value for name, value in run.params.items()}
            row |= {f"metrics.{name}": value for name, value in run.metrics.items()}
            rows.append(row)
        return pd.DataFrame(rows, index=pd.Index([run.ref for run in self._runs], name="run"))
