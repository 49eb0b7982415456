"""The path of `mlexp.log`: each call is one line in the run's own file, written by one system call.

What `append` has returned from survives the process's death. When the run ends, or the store is next opened after a
crash, the file is folded into the store. A line cut short by the crash was never acknowledged, and is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from json import dumps, loads  # by name: the user may put others in their place
from pathlib import Path

from mlexp.errors import InvalidRecordError
from mlexp.records import RunId
from mlexp.storage.base import MetricPoints


class Journal:
    """The open log of a running run. Threads may append at once; a forked child appends to the same file."""

    def __init__(self, folder: Path, run_id: RunId, *, clean: Callable[[str], str] = str) -> None:
        """Open it.

        Args:
            folder: Where it lies.
            run_id: The run.
            clean: Takes out of a metric's name what may not be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{run_id}.log"
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644
        )
        self._mend = b""
        self._clean = clean
        self._names: dict[str, str] = {}

    def append(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """Write one point of each metric in `values`.

        Raises:
            InvalidRecordError: The step is beyond 64 bits.
            OSError: It could not be written; points before and after stand.
        """
        if not -(2**63) <= step < 2**63:
            raise InvalidRecordError(f"step {step} is beyond 64 bits")
        named = {self._names.get(name) or self._cleaned(name): value for name, value in values.items()}
        line = self._mend + dumps([step, time_s, named]).encode() + b"\n"
        n_written = os.write(self._descriptor, line)
        self._mend = b"" if n_written == len(line) else b"\n"  # what comes next begins a line of its own
        if self._mend:
            raise OSError(f"{self.path}: a point was not written whole; is the disk full?")

    def _cleaned(self, name: str) -> str:
        if len(self._names) < 10_000:
            return self._names.setdefault(name, self._clean(name))
        return self._clean(name)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def forget(self) -> None:
        """Take the file away: its points are in the store."""
        self.path.unlink(missing_ok=True)


def read_journal(path: Path) -> tuple[MetricPoints, ...]:
    """Return the points of a log, by metric in the order in which the metrics first came."""
    columns: dict[str, list[tuple[int, float, float]]] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    for line in lines[:-1]:
        try:
            step, time_s, values = loads(line)
            points = [(name, (step, time_s, float(value))) for name, value in values.items()]
        except (ValueError, TypeError, AttributeError):
            continue  # a line torn by a death or a full disk
        for name, point in points:
            columns.setdefault(name, []).append(point)
    return tuple(_metric(name, points) for name, points in columns.items())


def _metric(name: str, points: list[tuple[int, float, float]]) -> MetricPoints:
    steps, times, values = zip(*points, strict=True)
    return MetricPoints(name=name, steps=steps, times=times, values=values)
