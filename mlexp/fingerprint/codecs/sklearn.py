"""scikit-learn: what its classes in C hold. For identity alone: an estimator's own attributes are plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import attributes_of, bases_of, members_of, module_of, simple_name_of
from mlexp.fingerprint.codecs.identity import IdentityCodec

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Walker


class CodeInCCodec(IdentityCodec):
    """Trees, neighbour indexes, losses and criteria: by what they give for a copy."""

    kind = "sklearn"

    def handles(self, value: object) -> bool:
        """Take the classes of its extension modules."""
        cls = type(value)
        return module_of(cls).rpartition(".")[2].startswith("_") and _giver(cls) != "" and not attributes_of(value)

    def describe(self, value: Any, walker: Walker) -> object:
        """Return class and state."""
        cls = type(value)
        given = getattr(value, _giver(cls))()
        state = given[1:] if type(given) is tuple and _giver(cls) == "__reduce__" else given
        return [simple_name_of(cls), walker.child(_plain(state))]


def _giver(cls: type) -> str:
    """Return the method by which a class gives the state of its objects."""
    own = [members_of(base) for base in bases_of(cls) if base is not object]
    return next((name for name in ("__getstate__", "__reduce__") if any(name in members for members in own)), "")


def _plain(state: Any) -> Any:
    """Return a state whose structured arrays, whose padding is nobody's, are taken field by field."""
    import numpy as np

    if isinstance(state, dict):
        return {key: _plain(item) for key, item in state.items()}
    if isinstance(state, (list, tuple)):
        return [_plain(item) for item in state]
    if isinstance(state, np.ndarray) and state.dtype.names:
        return [[name, np.ascontiguousarray(state[name])] for name in state.dtype.names]
    if isinstance(state, memoryview):
        return np.asarray(state).copy()
    return state


codecs = (CodeInCCodec(),)
