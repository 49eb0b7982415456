"""The public functions: what the magics and the command line do, for Python."""

from __future__ import annotations

import weakref
from pathlib import Path

from mlexp.comparison import Goal
from mlexp.errors import UsageError
from mlexp.live import current_project
from mlexp.pipeline import export as pipeline
from mlexp.project import Comparison, Project, Run, Runs
from mlexp.records import Proof


def runs(query: str = "", *, experiment: str | None = None) -> Runs:
    """Return the runs that match a query, newest first: of all experiments, or of one.

    Raises:
        QueryError: There is a mistake in the query; a caret stands under it.
    """
    return _project().runs(query, experiment=experiment)


def run(reference: str) -> Run:
    """Return a run: r3, a name, the beginning of an id, @last, @best:METRIC, @min:METRIC, @max:METRIC.

    Raises:
        RunNotFoundError: There is no such run.
    """
    return _project().find(reference)


def compare(*references: str | Run, baseline: str | Run | None = None) -> Comparison:
    """Compare two runs or more; differences are taken against the first, or against `baseline`."""
    return Comparison(_project().compare(references, baseline=baseline))


def export(
    reference: str | Run,
    path: str | Path,
    *,
    verify: bool = True,
    force: bool = False,
    allow_network: bool = False,
) -> Proof | None:
    """Write a run as a script, prove it, and return the proof; None without `verify`.

    Raises:
        ExportError: There is no script for this run.
        UsageError: `path` cannot be written, or holds something else.
    """
    project = _project()
    chosen = reference if isinstance(reference, Run) else project.find(reference)
    options = pipeline.Options(verify=verify, network=allow_network, limit_s=float(project.settings.proof_limit_s))
    found = pipeline.export(
        project.store, project.blobs, chosen.record, Path(path), options=options, tell=lambda step: None, force=force
    )
    return found.proof


def verify(reference: str | Run, *, allow_network: bool = False) -> Proof:
    """Run a run's script in a clean process and return the proof, which is kept with the run."""
    project = _project()
    chosen = reference if isinstance(reference, Run) else project.find(reference)
    options = pipeline.Options(network=allow_network, limit_s=float(project.settings.proof_limit_s))
    found = pipeline.verify(project.store, project.blobs, chosen.record, options=options, tell=lambda step: None)
    assert found.proof is not None
    return found.proof


def metric_goal(metric: str, goal: str) -> None:
    """Say whether a metric is better large ("max") or small ("min"), where its name does not tell."""
    if goal not in tuple(Goal):
        raise UsageError(f'metric_goal({metric!r}, {goal!r}): the goal is "max" or "min"')
    _project().store.put_goal(metric, goal)


def _project() -> Project:
    """Return the kernel's project, else one that is open for as long as a run or a comparison of it is about."""
    project = current_project()
    if project is None:
        project = Project.open(make=False)
        weakref.finalize(project, project.store.close)
    return project
