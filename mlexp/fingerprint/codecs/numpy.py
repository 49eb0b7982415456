"""NumPy: arrays of every plain dtype (structured ones too), arrays of objects, and scalars."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from mlexp.errors import NotWalkableError

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Restorer, Walker


class ArrayCodec:
    """Arrays: dtype, shape, order and the elements' bytes; of objects, one description an element."""

    kind = "numpy.ndarray"

    def handles(self, value: object) -> bool:
        """Take plain arrays; masked arrays, matrices and memory maps carry more."""
        return type(value) is np.ndarray

    def describe(self, value: Any, walker: Walker) -> object:
        """Return dtype, shape, order and content."""
        if value.dtype == object:
            return ["O", list(value.shape), "C", [walker.child(item) for item in value.ravel(order="C").tolist()]]
        dtype = _dtype_text(value.dtype)
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        flat = value.ravel(order=order)  # a view where the elements lie so, else a copy
        content = flat.view(np.uint8).data if flat.size and value.dtype.itemsize else b""
        return [dtype, list(value.shape), order, walker.buffer(content)]

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return an array of its own memory."""
        dtype, shape, order, content = fields
        shape = tuple(int(n) for n in shape)
        if dtype == "O":
            flat = np.empty(len(content), dtype=object)
            for index, item in enumerate(content):
                flat[index] = restorer.child(item)
            return flat.reshape(shape)
        data = bytearray(restorer.buffer(content))
        return (
            np.frombuffer(data, dtype=_dtype_of(dtype)).reshape(shape, order=order)
            if data
            else np.empty(shape, dtype=_dtype_of(dtype), order=order)
        )

    def summary(self, value: Any) -> str:
        """Return the shape."""
        return " × ".join(f"{n:,}" for n in value.shape)


class ScalarCodec:
    """Scalars such as `np.float32(0.1)`."""

    kind = "numpy.scalar"

    def handles(self, value: object) -> bool:
        """Take every NumPy scalar whose dtype is plain."""
        return isinstance(value, np.generic) and type(value).__module__ == "numpy"

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return dtype and bytes."""
        return [_dtype_text(value.dtype), value.tobytes()]

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Return the scalar."""
        return np.frombuffer(fields[1], dtype=_dtype_of(fields[0]))[0]

    def summary(self, value: Any) -> str:  # noqa: ARG002  (the protocol's)
        """Return nothing: a number has no extent."""
        return ""


class DtypeCodec:
    """Dtypes themselves, as frames and settings hold them."""

    kind = "numpy.dtype"

    def handles(self, value: object) -> bool:
        """Take every dtype."""
        return isinstance(value, np.dtype)

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return its text."""
        return "O" if value.kind == "O" else _dtype_text(value)

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Return the dtype."""
        return np.dtype(object) if fields == "O" else _dtype_of(fields)

    def summary(self, value: Any) -> str:
        """Return its name."""
        return str(value)


def _dtype_text(dtype: np.dtype[Any]) -> str:
    if dtype.hasobject or dtype.kind not in "biufcmMSUV" or type(dtype).__module__ != "numpy.dtypes":
        raise NotWalkableError(f"no codec for arrays of dtype {dtype}")
    if dtype.metadata:
        raise NotWalkableError(f"no codec for dtype {dtype} with metadata")
    text = repr(dtype.descr) if dtype.names is not None else dtype.str
    if _dtype_of(text) != dtype:
        raise NotWalkableError(f"no codec for dtype {dtype}: its text does not give it back")
    return text


def _dtype_of(text: Any) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(ast.literal_eval(text) if text.startswith("[") else text)
    except (TypeError, ValueError, SyntaxError, AttributeError) as error:
        raise NotWalkableError(f"a stored array has an unknown dtype: {text!r}") from error
    if dtype.hasobject:
        raise NotWalkableError(f"a stored array has dtype {text!r}")
    return dtype


codecs = (ArrayCodec(), ScalarCodec(), DtypeCodec())
