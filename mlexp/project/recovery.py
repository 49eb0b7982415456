"""Runs whose process has died: closed as killed, with all the points that they had logged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlexp.capture.place import is_alive
from mlexp.errors import RunFinishedError
from mlexp.records import Metric, MetricOrigin, RunRecord, RunStatus
from mlexp.storage import RunStore
from mlexp.storage.journal import read_journal


def recover(store: RunStore, folder: Path) -> None:
    """Close every run that says it is running and whose process is dead."""
    for run in store.find_runs(status=RunStatus.RUNNING):
        if not is_alive(store.get_session(run.session_id).process):
            _close(store, run, folder / "logs" / f"{run.id}.log")


def _close(store: RunStore, run: RunRecord, log: Path) -> None:
    points = read_journal(log)
    metrics = tuple(Metric(name=p.name, value=p.values[-1], origin=MetricOrigin.LOGGED) for p in points)
    try:
        store.finish_run(replace(run, status=RunStatus.KILLED, metrics=metrics), points)
    except RunFinishedError:
        return  # another process came first
    log.unlink(missing_ok=True)
