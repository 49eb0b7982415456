"""What counts as one number."""

from __future__ import annotations

from typing import Any

from mlexp.fingerprint.asking import imported, is_one_of, module_of, name_of


def as_number(value: object) -> float | None:
    """Return a number as an int or a float of the same value, or None for anything else; no code of the user's runs.

    An array, a Series or a tensor of one real number is that number.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]  # just asked
    if kind is int:
        return value if abs(value) < 2**1000 else None  # type: ignore[arg-type, return-value]  # just asked
    library = module_of(kind).partition(".")[0]
    if library in ("numpy", "pandas"):
        return _of_numpy(value)
    if library == "torch":
        return _of_torch(value)
    if _is_exact(kind):
        try:
            return float(value)  # type: ignore[arg-type]  # both have one
        except (OverflowError, ValueError):
            return None
    return None


def _of_numpy(value: Any) -> float | None:
    numpy: Any = imported("numpy")
    pandas: Any = imported("pandas")
    if numpy is None:
        return None
    if pandas is not None and type(value) is pandas.Series and len(value) == 1:
        value = value.array[0]
    if type(value) is numpy.ndarray and value.size == 1 and not value.dtype.hasobject:
        value = value.reshape(())[()]
    kind = type(value)
    if module_of(kind) == "numpy" and issubclass(kind, numpy.floating) and value.dtype.itemsize <= 8:
        return float(value)
    if module_of(kind) == "numpy" and issubclass(kind, numpy.integer) and not issubclass(kind, numpy.timedelta64):
        return int(value)
    return value if is_one_of(type(value), (float, int)) else None  # of an object Series


def _of_torch(value: Any) -> float | None:
    torch: Any = imported("torch")
    if torch is None or type(value) is not torch.Tensor or value.numel() != 1:
        return None
    if value.dtype in (torch.bool, torch.complex64, torch.complex128, torch.complex32) or value.is_meta:
        return None
    return value.detach().item()  # type: ignore[no-any-return]


def number_expression(value: object, expression: str) -> str:
    """Return Python that gives `as_number(value)`, from Python that gives the value.

    What has an `item` method is read by it, in the script too.
    """
    return f"float({expression})" if _is_exact(type(value)) else expression


def _is_exact(kind: type) -> bool:
    return name_of(kind) in ("decimal.Decimal", "fractions.Fraction")
