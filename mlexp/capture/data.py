"""The data that a tracked cell reads, kept before it runs, and the digests of what it bound or changed, after it.

An object that cannot be taken apart, for whatever reason, is recorded with that reason; it costs no other object.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from mlexp.capture.guard import reason_of
from mlexp.errors import NotInTimeError
from mlexp.fingerprint import digest_of, kind_of, summary_of
from mlexp.fingerprint.asking import imported, is_one_of
from mlexp.records import DataRecord
from mlexp.snapshot import BlobStore, keep

_CONTAINERS = (list, tuple, dict, set, frozenset)
_MANY = 100
_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, partial)
"""Types of what the cell's own text makes again: no values."""


def keep_data(
    objects: Mapping[str, object], blobs: BlobStore, *, limit_bytes: int, until: float | None = None
) -> tuple[DataRecord, ...]:
    """Keep those of the objects that are data, as they are now; begin nothing that lasts beyond `until`."""
    records = []
    for name, value in objects.items():
        try:
            if not is_data(value):
                continue
            kept = keep(value, blobs, limit_bytes=limit_bytes, until=until)
            reason, digest, size = None, kept.digest, kept.size_bytes
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a library may meet code of the user's inside
            reason, digest, size = reason_of(error), None, 0
        records.append(
            DataRecord(
                name=name,
                kind=kind_of(value),
                summary=summary_of(value),
                size_bytes=size,
                digest=digest,
                kept=digest is not None,
                reason=reason,
            )
        )
    return tuple(records)


def digest_values(
    names: Iterable[str], namespace: Mapping[str, object], *, until: float
) -> tuple[tuple[DataRecord, ...], tuple[str, ...]]:
    """Return the digests of the values behind `names`, and the names for which no time was left.

    Args:
        names: Names that the cell bound, and those of data that it read.
        namespace: The user's variables.
        until: `time.perf_counter()` after which no value is begun, and none that would last beyond it.
    """
    records, late = [], []
    for name in names:
        if name not in namespace:
            continue
        value = namespace[name]
        if issubclass(type(value), _CODE):
            continue
        if time.perf_counter() > until:
            late.append(name)
            continue
        try:
            digest, reason = digest_of(value, until=until), None
        except NotInTimeError:
            late.append(name)
            continue
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a library may meet code of the user's inside
            digest, reason = None, reason_of(error)
        records.append(
            DataRecord(
                name=name,
                kind=kind_of(value),
                summary=summary_of(value),
                size_bytes=0,
                digest=digest,
                kept=False,
                reason=reason,
            )
        )
    return tuple(records), tuple(late)


def is_data(value: object) -> bool:
    """Tell whether a value is data: a frame, series, index or array, or a container of these or of many values.

    Types are asked, never values: `isinstance` would run the `__class__` of a value that has one.
    """
    if is_one_of(type(value), _CONTAINERS):
        items: Iterable[object] = value.values() if isinstance(value, dict) else value  # type: ignore[assignment]
        return len(value) > _MANY or any(_is_table(item) for item in items)  # type: ignore[arg-type]
    return _is_table(value)


def _is_table(value: object) -> bool:
    numpy, pandas = imported("numpy"), imported("pandas")
    if numpy is not None and issubclass(type(value), numpy.ndarray):
        return True
    return pandas is not None and issubclass(type(value), (pandas.DataFrame, pandas.Series, pandas.Index))
