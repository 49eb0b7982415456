"""Random number generators: what state an execution found and left, without drawing.

Looked at are the global ones of `random`, NumPy and torch, and those that the execution can reach. Remembered between
the two looks are states, never the generators.
"""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps  # by name: the user may put others in their place
from typing import Any

from mlexp.capture.opening import Opening
from mlexp.capture.probes.reach import generators_in_reach
from mlexp.fingerprint.asking import imported, name_of, names_in
from mlexp.records import GeneratorState
from mlexp.snapshot import BlobStore

_getstate = random.Random.getstate
_global_random: random.Random = random._inst  # behind the functions of the module
_LEAST_BITS = 64
"""What the system gives is longer, seeds that people choose are shorter; but for one in 2**64."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A generator: its kind and, of one that is no global, where it lies."""

    kind: str
    variable: str = ""


_NUMPY = _Place("numpy")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look found at a place."""

    state: Any
    object: int = 0
    """The identity of an object, which is not kept."""


class RandomnessProbe:
    """Compares the states before and after; of a generator that moved, or before a tracked cell, both are kept.

    A name at which a generator was once found is looked at around every later cell: a function may draw from it, or a
    thread, without the cell's text saying so.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._before: dict[int, dict[_Place, _Found]] = {}
        self._roots: dict[str, None] = {}

    def before(self, opening: Opening) -> None:
        """Take the states."""
        self._before[opening.index] = self._look(opening.names.loaded, opening.namespace)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Compare them."""
        before = self._before.pop(opening.index, None)
        if before is None:
            return {}
        generators = []
        after = self._look((*opening.names.loaded, *opening.names.bound), opening.namespace)
        for place, found in after.items():
            was = before.get(place)
            is_new = was is None or was.object != found.object
            first, entropy = _beginning(place, opening.namespace) if is_new or was is None else (was.state, "")
            made = is_new and (bool(place.variable) or first is None)  # a library's began when it was loaded
            if not made and opening.track is None and _same(first, found.state):
                continue
            begun = found.state if first is None else first
            generators.append(self._kept(place, begun, found.state, made=made, entropy=entropy))
        return {"generators": tuple(generators)}

    def close(self) -> None:
        """Nothing was put into the kernel."""

    def _look(self, names: Iterable[str], namespace: Mapping[str, object]) -> dict[_Place, _Found]:
        found = _states(dict.fromkeys((*self._roots, *names)), namespace)
        roots = (_root(place) for place in found if place.variable)
        self._roots = {root: None for root in (*self._roots, *roots) if root in namespace}
        return found

    def _kept(self, place: _Place, before: Any, after: Any, *, made: bool, entropy: str) -> GeneratorState:
        first, last = (self._blobs.put(state_text(place.kind, state).encode()) for state in (before, after))
        return GeneratorState(
            generator=place.kind, variable=place.variable, before=first, after=last, made=made, entropy=entropy
        )


def _root(place: _Place) -> str:
    """Return the name at which a place begins."""
    return re.split(r"[.\[]", place.variable, maxsplit=1)[0]


def _states(names: Iterable[str], namespace: Mapping[str, object]) -> dict[_Place, _Found]:
    # By the classes' own methods: the user may have put anything in place of `random.getstate`.
    global_numpy = _global_numpy()
    states: dict[_Place, _Found] = {_Place("random"): _Found(_getstate(_global_random))}
    if global_numpy is not None:
        states[_NUMPY] = _Found(type(global_numpy).get_state(global_numpy, legacy=False))
    states.update((_Place(kind), _Found(state)) for kind, state in _torch_states())
    known = {id(found) for found in (_global_random, global_numpy, _bits_of(global_numpy), _global_torch())} - {
        id(None)
    }
    for kind, variable, generator in generators_in_reach(names, namespace):
        if id(generator) in known or id(bits := _bits_of(generator)) in known:
            continue
        if (state := _state_of(kind, generator)) is not None:
            states[_Place(kind, variable)] = _Found(state, id(generator))
            known |= {id(bits)} if bits is not None else set()
    return states


def _bits_of(generator: Any) -> Any:
    """Return the bit generator behind one of NumPy's: two generators may share it."""
    numpy_random: Any = imported("numpy.random")
    if numpy_random is None:
        return None
    if issubclass(type(generator), numpy_random.Generator):
        return numpy_random.Generator.bit_generator.__get__(generator)
    if issubclass(type(generator), numpy_random.RandomState):
        return getattr(generator, "_bit_generator", None)
    return generator if issubclass(type(generator), numpy_random.BitGenerator) else None


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
    generator = _global_torch()
    if generator is None:  # not there, or in the middle of its import
        return
    yield "torch", generator.get_state().numpy().tobytes()
    cuda: Any = imported("torch.cuda")
    if names_in(torch).get("cuda") is cuda and cuda is not None and cuda.is_initialized():
        for index, state in enumerate(cuda.get_rng_state_all()):
            yield f"torch.cuda:{index}", state.numpy().tobytes()


def _global_torch() -> Any:
    torch = imported("torch")
    return names_in(torch).get("default_generator") if torch is not None else None


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
    if kind == "numpy.random.RandomState":
        numpy_random: Any = imported("numpy.random")
        return numpy_random.RandomState.get_state(generator, legacy=False)
    bits = _bits_of(generator)
    return bits.state if type(bits).__module__.startswith("numpy.random") else None


def _beginning(place: _Place, namespace: Mapping[str, object]) -> tuple[Any, str]:
    """Return the state with which a generator began that was not there before the cell, and its entropy if NumPy's.

    None: it cannot be told. One of NumPy's that nobody has seeded since still holds the entropy that it began with, and
    one of torch's the seed that it was given last.
    """
    if place == _NUMPY:
        state = _seeded_anew(_bits_of(_global_numpy()))
        return ({**state, "has_gauss": 0, "gauss": 0.0} if state is not None else None), ""
    if place == _Place("torch"):
        return _begun_torch(_global_torch()), ""
    if not place.variable or place.kind == "random.Random":
        return None, ""
    found = next((g for _, where, g in generators_in_reach([_root(place)], namespace) if where == place.variable), None)
    if place.kind == "torch.Generator":
        return _begun_torch(found), ""
    bits = _bits_of(found)
    state = _seeded_anew(bits)
    if state is None:
        return None, ""
    entropy = bits._seed_seq.entropy
    is_long = type(entropy) is int and entropy.bit_length() > _LEAST_BITS
    if place.kind == "numpy.random.RandomState":
        state = {**state, "has_gauss": 0, "gauss": 0.0}
    return state, str(entropy) if is_long else ""


def _begun_torch(generator: Any) -> bytes | None:
    torch: Any = imported("torch")
    if generator is None or generator.device.type != "cpu":
        return None
    begun = torch.Generator()
    begun.manual_seed(generator.initial_seed())
    return begun.get_state().numpy().tobytes()  # type: ignore[no-any-return]  # bytes


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
        return dumps([state[0], list(state[1]), state[2]])
    if kind.startswith("torch"):
        return dumps(base64.b64encode(state).decode())
    return dumps(_plain(state))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
