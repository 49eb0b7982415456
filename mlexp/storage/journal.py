"""The path of `mlexp.log`: each call is one line in the run's own file, written by one system call.

What `append` has returned from survives the process's death. When the run ends, or the store is next opened after a
crash, the file is folded into the store. A line cut short by the crash was never acknowledged, and is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from mlexp.records import RunId
from mlexp.storage.base import MetricPoints


class Journal:
    """The open log of a running run. Threads may append at once; a forked child appends to the same file."""

    def __init__(self, folder: Path, run_id: RunId) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{run_id}.log"
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644
        )

    def append(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """Write one point of each metric in `values`."""
        line = json.dumps([step, time_s, values]).encode() + b"\n"
        if os.write(self._descriptor, line) != len(line):
            raise OSError(f"{self.path}: a point was not written whole")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def forget(self) -> None:
        """Take the file away: its points are in the store."""
        self.path.unlink(missing_ok=True)


def read_journal(path: Path) -> tuple[MetricPoints, ...]:
    """Return the points of a log, by metric in the order in which the metrics first came."""
    columns: dict[str, tuple[list[int], list[float], list[float]]] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    for line in lines[:-1]:
        try:
            step, time_s, values = json.loads(line)
        except ValueError:
            continue  # a child's line torn by its death
        for name, value in values.items():
            steps, times, numbers = columns.setdefault(name, ([], [], []))
            steps.append(step)
            times.append(time_s)
            numbers.append(float(value))
    return tuple(
        MetricPoints(name=name, steps=tuple(steps), times=tuple(times), values=tuple(values))
        for name, (steps, times, values) in columns.items()
    )
