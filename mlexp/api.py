"""The public functions: what the magics and the command line do, for Python."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlexp.comparison import Goal
from mlexp.errors import UsageError
from mlexp.live import current_extension, current_project, environ_at_load
from mlexp.pipeline import export as pipeline
from mlexp.project import Comparison, Project, Run, Runs
from mlexp.records import Proof, RunRecord

if TYPE_CHECKING:  # what a program that only asks does not need
    from mlexp.capture.hosts import Host, ProgramHost
    from mlexp.project.track import Track


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
    run, options = _run(project, reference), _options(project, verify=verify, network=allow_network)
    found = pipeline.export(
        project.store, project.blobs, run, Path(path), options=options, tell=lambda step: None, force=force
    )
    return found.proof


def verify(reference: str | Run, *, allow_network: bool = False) -> Proof:
    """Run a run's script in a clean process and return the proof, which is kept with the run."""
    project = _project()
    run, options = _run(project, reference), _options(project, network=allow_network)
    found = pipeline.verify(project.store, project.blobs, run, options=options, tell=lambda step: None)
    assert found.proof is not None
    return found.proof


def metric_goal(metric: str, goal: str) -> None:
    """Say whether a metric is better large ("max") or small ("min"), where its name does not tell."""
    if goal not in tuple(Goal):
        raise UsageError(f'metric_goal({metric!r}, {goal!r}): the goal is "max" or "min"')
    _project().store.put_goal(metric, goal)


def track(
    name: str = "", *, experiment: str = "", tags: Sequence[str] = (), note: str = "", data: bool = True
) -> Track:
    """Record a block as a run: `with mlexp.track("base") as run:` in a script, in a function, or in a cell.

    Args:
        name: What the run is called.
        experiment: The group of runs it belongs to; by default the script's path in the project.
        tags: Words.
        note: A text.
        data: Whether the data that the block reads is kept.

    Inside a run the block is a part of that run, and a warning says so. `run` is its reader: full when the block has
    ended, and None where nothing could be recorded.

    Raises:
        UsageError: The name reads like a reference.
    """
    from mlexp.capture.track import TrackOptions, check_name
    from mlexp.project.track import Track

    check_name(name)
    words = (tags,) if isinstance(tags, str) else tuple(tags)
    options = TrackOptions(name=name, experiment=experiment, tags=words, note=note, with_data=data)
    return Track(options, _host)


def experiment(name: str) -> Experiment:
    """Let the runs that follow in this kernel or program belong to an experiment.

    As a context manager it is so within the block: `with mlexp.experiment("depth"):`.
    """
    if not name:
        raise UsageError("experiment(''): an experiment has a name")
    chosen = Experiment(_experiment())
    _choose(name)
    return chosen


class Experiment:
    """Goes back to the experiment before, at the end of a `with` block."""

    def __init__(self, before: str | None) -> None:
        self._before = before

    def __enter__(self) -> None:
        """Nothing more: the experiment is chosen already."""

    def __exit__(self, *error: object) -> None:
        """Go back."""
        _choose(self._before)


def tag(reference: str | Run, *tags: str, remove: bool = False) -> None:
    """Give a run tags, or take them away."""
    project = _project()
    project.tag(_run(project, reference), tags, remove=remove)


def note(reference: str | Run, text: str) -> None:
    """Set a run's note."""
    project = _project()
    labels = project.store.labels(_run(project, reference).id)
    project.store.put_labels(replace(labels, note=text))


def alias(name: str, reference: str | Run) -> None:
    """Let `@name` stand for a run within its experiment; differences are taken against `@baseline`."""
    project = _project()
    project.set_alias(name, _run(project, reference))


class _Program:
    """What a program without a kernel has: its session, begun by its first block, and the experiment it chose."""

    project: Project | None = None
    host: ProgramHost | None = None
    experiment: str | None = None
    process = 0


def _host() -> tuple[Project, Host, bool]:
    from mlexp.capture.hosts import KernelHost, ProgramHost

    extension = current_extension()
    if extension is not None:
        return extension.project, KernelHost(extension.session), extension.session.has_run_under_way
    if _Program.host is None or _Program.project is None or _Program.process != os.getpid():
        project = Project.open()
        _Program.project, _Program.host = project, ProgramHost(project.workplace)
        _Program.process = os.getpid()  # a forked child has a session of its own: the database's handle is its parent's
        if project.word:
            print(f"mlexp: {project.word}", file=sys.stderr)
    if _Program.experiment is not None:
        _Program.host.experiment = _Program.experiment
    return _Program.project, _Program.host, False


def _experiment() -> str | None:
    extension = current_extension()
    return extension.session.experiment if extension is not None else _Program.experiment


def _choose(name: str | None) -> None:
    extension = current_extension()
    if extension is not None:
        extension.session.experiment = name
    else:
        _Program.experiment = name
        if name is None and _Program.host is not None:
            _Program.host.experiment = _Program.host.default_experiment


def _run(project: Project, reference: str | Run) -> RunRecord:
    return reference.record if isinstance(reference, Run) else project.find(reference).record


def _options(project: Project, *, network: bool, verify: bool = True) -> pipeline.Options:
    limit_s = float(project.settings.proof_limit_s)
    return pipeline.Options(
        verify=verify, network=network, limit_s=limit_s, environ=environ_at_load(), redactor=project.redactor
    )


def _project() -> Project:
    """Return the kernel's project, else one that is open for as long as a run or a comparison of it is about."""
    project = current_project()
    if project is None and _Program.process == os.getpid():
        project = _Program.project
    if project is None:
        project = Project.open(make=False)
        weakref.finalize(project, project.store.close)
    extension = current_extension()
    project.experiment = extension.session.experiment if extension is not None else _Program.experiment
    return project
