"""`with mlexp.track()` as people use it: it begins a block's run, and is a reader of it afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType

from mlexp.capture.guard import warn_user
from mlexp.capture.hosts import Host
from mlexp.capture.plain import BlockRun, is_inside
from mlexp.capture.track import TrackOptions
from mlexp.errors import MlexpError
from mlexp.project.project import Project
from mlexp.project.readers import Run

HostOf = Callable[[], tuple[Project, Host, bool]]
"""Gives the project, the session, and whether a tracked cell is under way there."""


class Track:
    """A block that is recorded as a run; the block runs as it would without, whatever hinders the recording."""

    def __init__(self, options: TrackOptions, host_of: HostOf) -> None:
        self._options = options
        self._host_of = host_of
        self._block: BlockRun | None = None
        self._run: Run | None = None

    def __enter__(self) -> Run | None:
        """Begin the run and return its reader; None where nothing is recorded, of which a warning tells."""
        frame: FrameType = _callers_frame()
        try:
            project, host, has_run = self._host_of()
            if has_run or is_inside():
                warn_user("mlexp.track: a run is under way already, and goes on; this block is a part of it")
                return None
            self._block = BlockRun(host, self._options, frame)
            self._run = project.reader(self._block.run)
        except (MlexpError, OSError) as error:
            warn_user(f"mlexp.track: the block is not recorded: {error}")
        return self._run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run; the block's exception goes on."""
        block, self._block = self._block, None
        if block is not None:
            block.end(error)
            if self._run is not None:
                self._run.record = block.run


def _callers_frame() -> FrameType:
    """Return the frame that enters the block: the nearest that is neither ours nor `contextlib`'s."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_back is not None and frame.f_globals.get("__name__") == "contextlib":
        frame = frame.f_back
    assert frame is not None
    return frame
