"""Runs whose process has died: closed as killed, with all that they had logged and most of what they had printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mlexp.capture.place import is_alive
from mlexp.capture.spill import spilled_paths
from mlexp.errors import RunFinishedError
from mlexp.records import Metric, MetricOrigin, RunRecord, RunStatus
from mlexp.snapshot import BlobStore
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
    spilled = spilled_paths(log.parent, run.id)
    blobs = BlobStore(log.parents[1] / "blobs")
    printed: dict[str, Any] = {name: blobs.put(path.read_bytes()) for name, path in spilled.items() if path.exists()}
    try:
        store.finish_run(replace(run, status=RunStatus.KILLED, metrics=metrics, **printed), points)
    except RunFinishedError:
        return  # another process came first
    for path in (log, *spilled.values()):
        path.unlink(missing_ok=True)
