"""The smallest slice whose script is proven.

The first script holds what is known to be needed. If a clean process does not give the run's values with it, the slice
grows: by what the failure asks for, by what is doubtful, by all that ran. What was then added is dropped again as far
as the proof holds without it. The number of runs is bounded, and each is told.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from typing import Generic, Protocol, TypeVar

from mlexp.dataflow.slice import Slice, effects_of, slice_of
from mlexp.pipeline.clean import CleanRun
from mlexp.pipeline.proof import NEEDS_MORE
from mlexp.records import Execution, Outcome, Proof, Verdict

_MOST_HINTS = 6
_MOST_DROPS = 16
_LEAST_S = 20.0
_PATIENCE = 4
"""So many times the time that the session's code took may be spent on making the slice smaller, at least _LEAST_S."""
_LEAST_GROWTH_S = 120.0
_GROWTH_PATIENCE = 10
"""As many times that time may have been spent when the slice is still made larger."""

_NAME = re.compile(r"name '(\w+)' is not defined")
_FILE = re.compile(r"No such file or directory: '([^']+)'|unable to open file|does not exist: '?([^'\s]+)")
_ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")


class Tried(Protocol):
    """A script that was tried."""

    @property
    def proof(self) -> Proof | None:
        """What came of it; None: it was only built."""

    @property
    def clean(self) -> CleanRun | None:
        """Its first run."""


T = TypeVar("T", bound=Tried)


def find_slice(executions: Sequence[Execution], target: Execution, attempt: Callable[[Slice, str], T]) -> T:
    """Return the smallest script found that is proven; where none is, the one that tells most.

    Args:
        executions: Those of the run's session, in order.
        target: The tracked one.
        attempt: Builds and proves the script of some executions, given why they are tried.
    """
    return _Search(executions, target, attempt).go()


def cautious_slice(executions: Sequence[Execution], target: Execution) -> Slice:
    """Return the executions that a script should hold that is not proven: with all that is doubtful."""
    also: set[int] = set()
    while more := set(slice_of(executions, target, also=also).doubtful) - also:
        also |= more
    return slice_of(executions, target, also=also)


_Key = tuple[tuple[int, ...], tuple[tuple[int, frozenset[str]], ...]]


class _Search(Generic[T]):
    def __init__(self, executions: Sequence[Execution], target: Execution, attempt: Callable[[Slice, str], T]) -> None:
        self._executions = [e for e in executions if e.index < target.index and e.outcome is not Outcome.NOT_RUN]
        self._target = target
        self._attempt = attempt
        self._tried: dict[_Key, T] = {}
        self._numbers = {e.index: e.number for e in executions}
        self._took_s = sum(e.elapsed_s for e in (*self._executions, target))
        self._began = time.monotonic()

    def go(self) -> T:
        least = self._slice(set())
        also: set[int] = set()
        found = self._try(least, "")
        for _ in range(_MOST_HINTS):
            if _holds(found) or not self._may_grow(found):
                break
            more = set(self._asked_for(found, self._slice(also)))
            if not more:
                break
            also |= more
            found = self._try(self._slice(also), self._with(more))
        hinted = frozenset(also)
        for wider in self._wider(also):
            if _holds(found) or not self._may_grow(found):
                break
            also = wider
            found = self._try(self._slice(also), self._with(also - set(least.needed)))
        if _holds(found):
            return self._smaller(found, also, hinted)
        return min(self._tried.values(), key=_rank)

    def _may_grow(self, found: Tried) -> bool:
        spent_s = time.monotonic() - self._began
        return _can_be_cured(found) and spent_s < max(_LEAST_GROWTH_S, _GROWTH_PATIENCE * self._took_s)

    def _slice(self, also: Set[int]) -> Slice:
        return slice_of(self._executions, self._target, also=also)

    def _try(self, found: Slice, why: str) -> T:
        key = _key(found)
        if key not in self._tried:
            self._tried[key] = self._attempt(found, why)
        return self._tried[key]

    def _wider(self, also: Set[int]) -> Iterator[set[int]]:
        wider = set(also)
        while more := set(slice_of(self._executions, self._target, also=wider).doubtful) - wider:
            wider |= more
        if wider != also:
            yield wider
        if not any(_is_late(tried) for tried in self._tried.values()):
            yield {e.index for e in self._executions}

    def _asked_for(self, found: Tried, tried: Slice) -> Iterator[int]:
        """Yield the executions that would give what a script failed for: the last that bound the name, say."""
        error = found.clean.error if found.clean is not None else ""
        others = [e for e in reversed(self._executions) if e.index not in tried.needed or e.index in tried.imports]
        if match := _NAME.search(error):
            for execution in others:
                effects = effects_of(execution)
                if match[1] in {*effects.bound, *effects.changed, *execution.bound}:
                    yield execution.index
                    if match[1] in effects.rebound or execution.rebound is None:
                        return
        elif match := _ATTRIBUTE.search(error):
            module = f"{match[1]}.{match[2]}"
            yield from [e.index for e in others if module in e.python][:1]
        elif match := _FILE.search(error):
            name = os.path.basename(match[1] or match[2] or "")
            for execution in others:
                if any(os.path.basename(path) == name for path in execution.writes):
                    yield execution.index
                    return

    def _smaller(self, found: T, also: Set[int], hinted: Set[int]) -> T:
        """Drop what was only added, half by half, as long as the proof holds; what a failure asked for stays."""
        kept = sorted(also - hinted)
        size = len(kept)
        started = time.monotonic()
        patience_s = max(_LEAST_S, _PATIENCE * self._took_s)
        n_drops = 0
        while size and kept:
            for start in range(len(kept) - size, -size, -size):
                chunk = kept[max(start, 0) : start + size]
                rest = [index for index in kept if index not in chunk]
                larger, smaller = self._slice(hinted | set(kept)), self._slice(hinted | set(rest))
                if _key(smaller) == _key(larger):
                    kept = rest
                    continue
                is_new = _key(smaller) not in self._tried
                if is_new and (n_drops >= _MOST_DROPS or time.monotonic() - started > patience_s):
                    return found
                n_drops += is_new
                tried = self._try(smaller, self._without(set(larger.needed) - set(smaller.needed)))
                if _holds(tried):
                    found, kept = tried, rest
            size = min(size, len(kept) + 1) // 2
        return found

    def _with(self, indices: Collection[int]) -> str:
        return f", with {self._named(indices)}"

    def _without(self, indices: Collection[int]) -> str:
        return f", without {self._named(indices)}"

    def _named(self, indices: Collection[int]) -> str:
        numbers = [f"In {self._numbers[index]}" for index in sorted(indices)]
        return ", ".join(numbers) if len(numbers) <= 3 else f"{len(numbers)} more"


def _key(found: Slice) -> _Key:
    return found.needed, tuple(sorted(found.imports.items()))


def _holds(tried: Tried) -> bool:
    return tried.proof is not None and tried.proof.verdict is Verdict.REPRODUCED


def _can_be_cured(tried: Tried) -> bool:
    """Tell whether more executions may help: not where the network is refused or a secret is missing.

    They may where time was up: what would have been waited for may be what was left out.
    """
    if tried.clean is None or tried.proof is None:
        return False
    if tried.proof.verdict is Verdict.NOT_REPRODUCED:
        return True
    return (_is_late(tried) or tried.clean.status not in (None, 0, NEEDS_MORE)) and not tried.clean.refused


def _is_late(tried: Tried) -> bool:
    return tried.clean is not None and tried.clean.is_late


def _rank(tried: Tried) -> int:
    """Order what was tried by what it tells: a difference before a script that did not come to its end."""
    return 0 if tried.proof is not None and tried.proof.verdict is Verdict.NOT_REPRODUCED else 1
