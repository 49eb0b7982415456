"""What was heard while a tracked cell ran: which calls were the user's, and where they stand."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import FrameType

from mlexp.capture.adapters.base import Listening, Told

_MAX_CALLS = 100_000
_REPEATS = "<magic-timeit>"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands in a file that Python has compiled; lines from 1, columns in UTF-8 bytes from 0."""

    file: str
    line: int
    end_line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the user's, and one thing that it gave."""

    told: Told
    place: Place | None
    nth: int
    """Which of the calls at its place, from 1."""


class Heard:
    """Collects the user's own calls, in the order of their ends; threads may add at once."""

    def __init__(self, namespace: Mapping[str, object], libraries: frozenset[str]) -> None:
        self.calls: list[Call] = []
        self._namespace = getattr(namespace, "maps", [namespace])[-1]  # of a function its module's
        self._libraries = libraries
        self._counts: dict[Place, int] = {}

    def listen(self, listening: Listening, frame: FrameType, value: object) -> None:
        """Hear that a function returns; only numbers and places are kept of it."""
        caller = self._caller(frame, listening.through)
        if caller is None or len(self.calls) >= _MAX_CALLS:
            return
        place = _place_of(caller)
        nth = 1
        if place is not None:
            nth = self._counts[place] = self._counts.get(place, 0) + 1
        if self._is_users(caller):
            self.calls += [Call(told, place, nth) for told in listening.hear(frame, value)]

    def _caller(self, frame: FrameType, through: tuple[str, ...]) -> FrameType | None:
        """Return the frame of the user's code that made the call, or None if something else did."""
        caller = frame.f_back
        while caller is not None:
            name = caller.f_globals.get("__name__")
            if caller.f_globals is self._namespace or name == "__main__":
                return caller
            if not (isinstance(name, str) and _is_in(name, through)):
                return caller if is_own_file(caller.f_code.co_filename) else None
            caller = caller.f_back
        return None

    def _is_users(self, caller: FrameType) -> bool:
        """Tell whether no library that we know has called the user's code in turn, as a search does with a scorer."""
        frame: FrameType | None = caller
        while frame is not None:
            name = frame.f_globals.get("__name__")
            if isinstance(name, str) and name.partition(".")[0] in self._libraries:
                return False
            if frame.f_code.co_filename == _REPEATS:
                return False
            frame = frame.f_back
        return True


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _place_of(frame: FrameType) -> Place | None:
    code = frame.f_code
    found = next(islice(code.co_positions(), frame.f_lasti // 2, None), None)
    if found is None or any(position is None for position in found):
        return None
    line, end_line, column, end_column = found
    return Place(code.co_filename, line or 0, end_line or 0, column or 0, end_column or 0)


@lru_cache(maxsize=1024)
def is_own_file(file: str) -> bool:
    """Tell whether a source file is of a module of the user's own, and not an installed one."""
    if not file.endswith(".py") or not os.path.isabs(file) or file.startswith(_not_own()):
        return False
    return not any(f"{os.sep}{folder}{os.sep}" in file for folder in ("site-packages", "dist-packages"))


@lru_cache(maxsize=1)
def _not_own() -> tuple[str, ...]:
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return tuple(os.path.abspath(folder) + os.sep for folder in [*folders, ours] if folder)
