"""Random number generators: what state an execution found and left, without drawing.

Looked at are the global ones of `random`, NumPy and torch, and those that the execution can reach. Remembered between
the two looks are states, never the generators.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.capture.probes.reach import generators_in_reach
from mlexp.fingerprint.asking import imported, name_of, names_in
from mlexp.records import GeneratorState
from mlexp.snapshot import BlobStore

_getstate = random.Random.getstate
_global_random: random.Random = random._inst  # behind the functions of the module


@dataclass(frozen=True, slots=True)
class _Place:
    """A generator: its kind and, of one that is no global, where it lies."""

    kind: str
    variable: str = ""


class RandomnessProbe:
    """Compares the states before and after; of a generator that moved, or before a tracked cell, both are kept."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._before: dict[int, dict[_Place, Any]] = {}

    def before(self, opening: Opening) -> None:
        """Take the states."""
        self._before[opening.index] = _states(opening.names.loaded, opening.namespace)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Compare them."""
        found = self._before.pop(opening.index, None)
        if found is None:
            return {}
        names = dict.fromkeys((*opening.names.loaded, *opening.names.bound))
        generators = []
        for place, after in _states(names, opening.namespace).items():
            made = place not in found or place.variable in opening.names.bound
            before = (_first_state(place, opening.namespace) if made else None) or found.get(place)
            if before is None or (_same(before, after) and opening.track is None):
                continue
            first, last = (self._blobs.put(state_text(place.kind, state).encode()) for state in (before, after))
            generators.append(GeneratorState(generator=place.kind, variable=place.variable, before=first, after=last))
        return {"generators": tuple(generators)}

    def close(self) -> None:
        """Nothing was put into the kernel."""


def _states(names: Iterable[str], namespace: Mapping[str, object]) -> dict[_Place, Any]:
    # By the classes' own methods: the user may have put anything in place of `random.getstate`.
    states: dict[_Place, Any] = {_Place("random"): _getstate(_global_random)}
    if (global_numpy := _global_numpy()) is not None:
        states[_Place("numpy")] = type(global_numpy).get_state(global_numpy, legacy=False)
    states.update((_Place(kind), state) for kind, state in _torch_states())
    for kind, variable, generator in generators_in_reach(names, namespace):
        if generator is not _global_numpy() and (state := _state_of(kind, generator)) is not None:
            states[_Place(kind, variable)] = state
    return states


@contextmanager
def unmoved_generators() -> Iterator[None]:
    """Give the global generators of `random` and NumPy back the states that they had before the block."""
    before, global_numpy = _getstate(_global_random), _global_numpy()
    numpy_before = type(global_numpy).get_state(global_numpy, legacy=False) if global_numpy is not None else None
    try:
        yield
    finally:
        if _getstate(_global_random) != before:
            random.Random.setstate(_global_random, before)
        if numpy_before is not None:
            numpy_after = type(global_numpy).get_state(global_numpy, legacy=False)
            if not _same(numpy_after, numpy_before):
                type(global_numpy).set_state(global_numpy, numpy_before)


def _torch_states() -> Iterator[tuple[str, bytes]]:
    torch: Any = imported("torch")
    generator = names_in(torch).get("default_generator") if torch is not None else None
    if generator is None:  # not there, or in the middle of its import
        return
    yield "torch", generator.get_state().numpy().tobytes()
    cuda: Any = imported("torch.cuda")
    if names_in(torch).get("cuda") is cuda and cuda is not None and cuda.is_initialized():
        for index, state in enumerate(cuda.get_rng_state_all()):
            yield f"torch.cuda:{index}", state.numpy().tobytes()


def _global_numpy() -> Any:
    """Return the object behind NumPy's global functions; None without NumPy."""
    module = imported("numpy.random.mtrand")
    found = names_in(module).get("_rand") if module is not None else None
    return found if name_of(type(found)) == "numpy.random.mtrand.RandomState" else None


def _state_of(kind: str, generator: Any) -> Any:
    """Return a generator's state by the methods of its library's own class, or None where that has none."""
    if kind == "random.Random":
        return None if issubclass(type(generator), random.SystemRandom) else _getstate(generator)
    if kind == "torch.Generator":
        torch: Any = imported("torch")
        state = torch.Generator.get_state(generator)
        return state.cpu().numpy().tobytes()
    numpy_random: Any = imported("numpy.random")
    cls = getattr(numpy_random, kind.rpartition(".")[2])
    if kind == "numpy.random.RandomState":
        return cls.get_state(generator, legacy=False)
    bits = cls.bit_generator.__get__(generator)
    return bits.state if type(bits).__module__.startswith("numpy.random") else None


def _first_state(place: _Place, namespace: Mapping[str, object]) -> Any:
    """Return the state with which a generator of NumPy's began that was not there before the cell.

    None: it cannot be told. One that nobody has seeded since still holds the entropy that it began with.
    """
    if place == _Place("numpy"):
        bits = getattr(_global_numpy(), "_bit_generator", None)
        state = _seeded_anew(bits)
        return None if state is None else {**state, "has_gauss": 0, "gauss": 0.0}
    if place.kind == "numpy.random.Generator" and (generator := namespace.get(place.variable)) is not None:
        numpy_random: Any = imported("numpy.random")
        return _seeded_anew(numpy_random.Generator.bit_generator.__get__(generator))
    return None


def _seeded_anew(bits: Any) -> dict[str, Any] | None:
    sequence = getattr(bits, "_seed_seq", None)
    if not type(sequence).__module__.startswith("numpy.random") or not type(bits).__module__.startswith("numpy.random"):
        return None
    return dict(type(bits)(sequence).state)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if hasattr(a, "tobytes") and hasattr(b, "tobytes"):
        return bool(a.tobytes() == b.tobytes())
    return bool(a == b)


def state_text(kind: str, state: Any) -> str:
    """Return a state as JSON: what `random.setstate`, `numpy.random.set_state` or a bit generator's `state` takes.

    Of torch's generators it is the bytes in base64.
    """
    if kind.startswith("random"):
        return json.dumps([state[0], list(state[1]), state[2]])
    if kind.startswith("torch"):
        return json.dumps(base64.b64encode(state).decode())
    return json.dumps(_plain(state))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
