"""Global random number generators: what state an execution found and left, without drawing."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.records import GeneratorState
from mlexp.snapshot import BlobStore


class RandomnessProbe:
    """Compares the states before and after; of a generator that moved, or before a tracked cell, both are kept."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._before: dict[int, dict[str, Any]] = {}

    def before(self, opening: Opening) -> None:
        """Take the states."""
        self._before[opening.index] = _states()

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Compare them."""
        found = self._before.pop(opening.index, {})
        after = _states()
        if found and "numpy" in after and "numpy" not in found and (fresh := _numpy_at_import()) is not None:
            found["numpy"] = fresh
        generators = []
        for name, before in found.items():
            if name not in after or (_same(before, after[name]) and opening.track is None):
                continue
            first, last = (self._blobs.put(state_text(name, state).encode()) for state in (before, after[name]))
            generators.append(GeneratorState(generator=name, before=first, after=last))
        return {"generators": tuple(generators)}

    def close(self) -> None:
        """Nothing was put into the kernel."""


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate()}
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        states["numpy"] = numpy_random.get_state(legacy=False)
    return states


def _numpy_at_import() -> dict[str, Any] | None:
    """Return the state that numpy's generator had when it was imported, or None where it has been seeded since.

    One that nobody has seeded still holds the entropy that it began with.
    """
    generator: Any = sys.modules["numpy.random.mtrand"]._rand._bit_generator
    sequence = getattr(generator, "_seed_seq", None)
    return None if sequence is None else {**type(generator)(sequence).state, "has_gauss": 0, "gauss": 0.0}


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if hasattr(a, "tobytes") and hasattr(b, "tobytes"):
        return bool(a.tobytes() == b.tobytes())
    return bool(a == b)


def state_text(generator: str, state: Any) -> str:
    """Return a state as JSON: what `random.setstate` or `numpy.random.set_state` takes, after `json.loads`."""
    if generator == "random":
        return json.dumps([state[0], list(state[1]), state[2]])
    return json.dumps(_plain(state))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
