"""NumPy: arrays of every plain dtype (structured ones too), arrays of objects, and scalars."""

from __future__ import annotations

import ast
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import module_of
from mlexp.fingerprint.codecs.identity import IdentityCodec

if TYPE_CHECKING:
    from mlexp.fingerprint.walk import Restorer, Walker

_PER_COPIED_BYTE_S = 1e-9


class ArrayCodec:
    """Arrays: dtype, shape, order and the elements' bytes; of objects, one description an element."""

    kind = "numpy.ndarray"

    def handles(self, value: object) -> bool:
        """Take plain arrays; masked arrays, matrices and memory maps carry more."""
        return type(value) is np.ndarray

    def describe(self, value: Any, walker: Walker) -> object:
        """Return dtype, shape, order and content."""
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        if value.dtype == object:
            walker.ahead(value.size)
        elif not (value.flags.c_contiguous or value.flags.f_contiguous):
            walker.ahead(value.nbytes, _PER_COPIED_BYTE_S)
        flat = value.ravel(order=order)  # a view where the elements lie so, else a copy
        if value.dtype == object:
            return ["O", list(value.shape), order, [walker.child(item) for item in flat.tolist()]]
        dtype = _dtype_text(value.dtype)
        content = _bytes_of(flat).data if flat.size and value.dtype.itemsize else b""
        return [dtype, list(value.shape), order, walker.buffer(content)]

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return an array of its own memory."""
        text, shape, order, content = fields
        shape = tuple(int(n) for n in shape)
        if text == "O":
            flat = np.empty(len(content), dtype=object)
            for index, item in enumerate(content):
                flat[index] = restorer.child(item)
            return flat.reshape(shape, order=order)
        dtype, data = _dtype_of(text), bytearray(restorer.buffer(content))
        if prod(shape) * dtype.itemsize != len(data):
            raise NotWalkableError(f"a stored array of shape {shape} and dtype {dtype} has {len(data)} bytes")
        return np.ndarray(shape, dtype, buffer=data or None, order=order)

    def summary(self, value: Any) -> str:
        """Return the shape."""
        return " × ".join(f"{n:,}" for n in value.shape)


class MaskedCodec(IdentityCodec):
    """Masked arrays, for identity alone: what lies behind the mask does not count."""

    kind = "numpy.ma.MaskedArray"

    def handles(self, value: object) -> bool:
        """Take plain masked arrays."""
        return type(value) is np.ma.MaskedArray

    def describe(self, value: Any, walker: Walker) -> object:
        """Return the values and the mask."""
        mask = np.ma.getmaskarray(value)
        data = np.asarray(value.data).copy()
        data[mask] = np.zeros((), data.dtype) if data.dtype != object else None
        return [walker.child(data), walker.child(mask)]

    def summary(self, value: Any) -> str:
        """Return the shape."""
        return " × ".join(f"{n:,}" for n in value.shape)


class ScalarCodec:
    """Scalars such as `np.float32(0.1)`."""

    kind = "numpy.scalar"

    def handles(self, value: object) -> bool:
        """Take every NumPy scalar whose dtype is plain."""
        return issubclass(type(value), np.generic) and module_of(type(value)) == "numpy"

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return dtype and bytes; of texts, which arrays would strip of NULs at their ends, the text."""
        dtype = _dtype_text(value.dtype)
        if isinstance(value, np.str_):
            return ["U", value.encode("utf-8", "surrogatepass")]
        if isinstance(value, np.bytes_):
            return ["S", bytes(value)]
        return [dtype, _bytes_of(np.atleast_1d(value)).tobytes()]

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Return the scalar."""
        text, data = fields
        if text == "U":
            return np.str_(data.decode("utf-8", "surrogatepass"))
        if text == "S":
            return np.bytes_(data)
        return np.frombuffer(data, dtype=_dtype_of(text))[0]

    def summary(self, value: Any) -> str:  # noqa: ARG002  (the protocol's)
        """Return nothing: a number has no extent."""
        return ""


class DtypeCodec:
    """Dtypes themselves, as frames and settings hold them."""

    kind = "numpy.dtype"

    def handles(self, value: object) -> bool:
        """Take every dtype."""
        return issubclass(type(value), np.dtype)

    def describe(self, value: Any, walker: Walker) -> object:  # noqa: ARG002  (the protocol's)
        """Return its text."""
        return "O" if value.kind == "O" else _dtype_text(value)

    def restore(self, fields: Any, restorer: Restorer) -> object:  # noqa: ARG002  (the protocol's)
        """Return the dtype."""
        return np.dtype(object) if fields == "O" else _dtype_of(fields)

    def summary(self, value: Any) -> str:
        """Return its name."""
        return str(value)


def _bytes_of(flat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the bytes of a flat array as numbers; those that only fill up an extended float are 0."""
    data = flat.view(np.uint8)
    if flat.dtype.char in "gG" and np.finfo(np.longdouble).nmant == 63:
        data = data.reshape(-1, np.dtype(np.longdouble).itemsize).copy()
        data[:, 10:] = 0
    return data.reshape(-1)


def _dtype_text(dtype: np.dtype[Any]) -> str:
    if dtype.hasobject or dtype.kind not in "biufcmMSUV" or type(dtype).__module__ != "numpy.dtypes":
        raise NotWalkableError(f"no codec for arrays of dtype {dtype}")
    if dtype.metadata:
        raise NotWalkableError(f"no codec for dtype {dtype} with metadata")
    try:
        text = repr(dtype.descr) if dtype.names is not None else dtype.str
        exact = _dtype_of(text) == dtype and dtype.type is not np.record
    except (ValueError, NotWalkableError):
        exact = False
    if not exact or (dtype.names is not None and _has_padding(dtype)):
        raise NotWalkableError(f"no codec for dtype {dtype}: its text does not give it back")
    return text


def _has_padding(dtype: np.dtype[Any]) -> bool:
    inner = [field[0] for field in (dtype.fields or {}).values()]
    return dtype.base.char in "gG" or any(map(_has_padding, inner if dtype.subdtype is None else [dtype.base]))


def _dtype_of(text: Any) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(ast.literal_eval(text) if text.startswith("[") else text)
    except (TypeError, ValueError, SyntaxError, AttributeError) as error:
        raise NotWalkableError(f"a stored array has an unknown dtype: {text!r}") from error
    if dtype.hasobject:
        raise NotWalkableError(f"a stored array has dtype {text!r}")
    return dtype


codecs = (ArrayCodec(), ScalarCodec(), DtypeCodec(), MaskedCodec())
