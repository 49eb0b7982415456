"""What the cell costs: processor time, memory, and the GPU where one is in use, sampled while it runs.

A thread of ours looks ten times a second at first. Whenever it has many samples it drops every second one and looks
half as often, so that a run of a week has as many as one of a minute.
"""

from __future__ import annotations

import _thread
import os
import sys
import time
from collections.abc import Callable, Mapping
from json import dumps  # by name: the user may put others in their place
from pathlib import Path
from typing import ClassVar

from mlexp.capture.background import Background
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.records import Resources

_INTERVAL_S = 0.1
_MANY = 512
_KB = 1024


class ResourcesPart:
    """Samples in a thread that lives as long as the cell runs."""

    what: ClassVar[str] = "look at what the cell costs"

    def __init__(self) -> None:
        self._sampler: Sampler | None = None
        self._cpu_s = 0.0
        self._peak = 0

    def begin(self, tracked: Tracked) -> None:  # noqa: ARG002  (the protocol's)
        """Begin to look."""
        self._cpu_s, self._peak = cpu_time(), peak_memory()
        self._sampler = Sampler()

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Tell what was seen."""
        if self._sampler is None:
            return {}
        cpu_s, peak = cpu_time() - self._cpu_s, peak_memory()
        columns = self._sampler.stop()
        seen = [memory_now(), *columns["memory_bytes"]]
        if peak > self._peak:  # the system's own mark is that of the whole process: exact where this cell moved it
            seen.append(peak)
        samples = None
        if columns["t_s"]:
            samples = tracked.place.blobs.put(dumps(columns).encode())
        return {
            "resources": Resources(cpu_s=max(0.0, cpu_s), peak_memory_bytes=int(max(seen)) or None, samples=samples)
        }


class Sampler:
    """Looks from its making to `stop`."""

    def __init__(self) -> None:
        self._goes_on = _thread.allocate_lock()
        self._goes_on.acquire()
        self._columns: dict[str, list[float]] = {"t_s": [], "cpu": [], "memory_bytes": []}
        self._thread = Background("look at what the cell costs", self._run)

    def stop(self) -> dict[str, list[float]]:
        """Return what was seen, as columns of equal length."""
        self._goes_on.release()
        self._thread.join(1.0)
        return self._columns

    def _run(self) -> None:
        began = before = time.perf_counter()
        cpu_before, interval_s = cpu_time(), _INTERVAL_S
        gpu: Callable[[], tuple[float, float]] | None = None
        while not self._goes_on.acquire(timeout=interval_s):
            now, cpu = time.perf_counter(), cpu_time()
            row = {"t_s": now - began, "cpu": (cpu - cpu_before) / (now - before), "memory_bytes": memory_now()}
            before, cpu_before = now, cpu
            gpu = gpu or gpu_reader()
            if gpu is not None:
                row["gpu"], row["gpu_memory_bytes"] = gpu()
            self._add(row)
            if len(self._columns["t_s"]) >= _MANY:
                interval_s *= 2
                self._columns = {name: column[1::2] for name, column in self._columns.items()}

    def _add(self, row: Mapping[str, float]) -> None:
        n_before = len(self._columns["t_s"])
        for name, value in row.items():  # a GPU may come into use later
            self._columns.setdefault(name, [0.0] * n_before).append(round(value, 4))


def cpu_time() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_now() -> int:
    """Return the resident size of this process in bytes; where the system does not tell, its largest so far."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return peak_memory()


def peak_memory() -> int:
    """Return the largest resident size of this process so far in bytes; 0 where the system does not tell."""
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KB


def gpu_reader() -> Callable[[], tuple[float, float]] | None:
    """Return what reads the GPU, if this process computes on one; None while it does not."""
    if not any(name in sys.modules for name in ("torch", "jax", "tensorflow", "cupy", "xgboost", "numba")):
        return None
    if not os.path.exists("/dev/nvidiactl"):
        return None
    from mlexp.capture.probes.gpu import reader

    return reader()
