"""`mlexp.param`, `mlexp.dataset`, `mlexp.artifact`: what a user says outright, instead of leaving it to be found.

Whatever is given, the user's code goes on: a call that can keep nothing gives one warning a cell and never raises.
"""

from __future__ import annotations

import io
import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mlexp.capture.guard import reason_of, warn_user
from mlexp.capture.numbers import as_number
from mlexp.fingerprint import kind_of, summary_of
from mlexp.fingerprint.asking import is_one_of
from mlexp.records import DataRecord, Digest
from mlexp.redaction.credentials import LARGEST, holds_credentials, is_credential_file
from mlexp.snapshot import BlobStore, keep

FILE = "file"
PNG = "image/png"
"""Kinds of artifacts that are bytes as they are; any other kind is an object's."""

_MAX_LITERAL = 2000
_MAX_DEPTH = 5
_MAX_PARAMS = 1000
_SUMMARY = 80
T = TypeVar("T")


@dataclass(slots=True)
class Declared:
    """What was declared while one execution ran."""

    params: dict[tuple[str, str], None] = field(default_factory=dict)
    """(name, literal) in the order in which each was last given."""

    def add(self, name: str, literal: str) -> None:
        """Add a param."""
        self.params.pop((name, literal), None)
        self.params[name, literal] = None
        if len(self.params) > _MAX_PARAMS:
            del self.params[next(iter(self.params))]


@dataclass(slots=True, kw_only=True)
class Kept:
    """What was given to one run."""

    blobs: BlobStore
    object_limit: int
    """Bytes; larger objects are not kept."""
    file_limit: int
    """Bytes; larger files are not kept."""
    data: dict[str, DataRecord] = field(default_factory=dict)
    artifacts: dict[str, DataRecord] = field(default_factory=dict)


class _Open:
    """What listens in this process. All that are open hear of a call: a notebook run by a cell is part of the cell."""

    executions: list[Declared] = []  # noqa: RUF012  (the one list of the process)
    program = Declared()
    """Where no execution is under way: a script gives its params before its block begins."""
    runs: list[Kept] = []  # noqa: RUF012
    warned = False
    lock = threading.RLock()


def open_execution(declared: Declared) -> None:
    """Let `mlexp.param` be heard there."""
    with _Open.lock:
        _Open.executions.append(declared)
        _Open.warned = False


def close_execution(declared: Declared) -> None:
    """Let it be heard there no more."""
    with _Open.lock:
        _Open.executions[:] = [other for other in _Open.executions if other is not declared]


def open_run(kept: Kept) -> None:
    """Let `mlexp.dataset` and `mlexp.artifact` be heard there."""
    with _Open.lock:
        _Open.runs.append(kept)


def close_run(kept: Kept) -> None:
    """Let them be heard there no more."""
    with _Open.lock:
        _Open.runs[:] = [other for other in _Open.runs if other is not kept]


def params_of_program() -> tuple[tuple[str, str], ...]:
    """Return the params that were given while no execution was under way."""
    return tuple(_Open.program.params)


def param(name: str, default: T) -> T:
    """Return `default`, and record it as a param of the run: `lr = mlexp.param("lr", 0.1)`.

    Args:
        name: What the param is called; a script exported from the run has a flag of that name.
        default: Its value: a number, text, boolean, None, or a small container of these.

    In a cell that is not tracked it is kept for the runs that rest on the cell, in a script for the blocks below. Given
    twice, the last value counts.
    """
    literal = plain_literal(default)
    if not issubclass(type(name), str):
        _warn(f"mlexp.param: a param's name is a text, not a {type(name).__name__}; it is not recorded")
    elif literal is None:
        _warn(f"mlexp.param: {name} is no plain value but a {type(default).__name__}; it is not recorded")
    else:
        with _Open.lock:
            for declared in _Open.executions or (_Open.program,):
                declared.add(str(name), literal)
    return default


def dataset(name: str, value: T) -> T:
    """Return `value`, and keep it as it is now as an input of the run: `run.data[name]` gives it back.

    For data that is not found by itself, such as what a function fetches inside the cell.
    """

    def record(kept: Kept) -> DataRecord:
        return _kept_object(str(name), value, kept)

    _keep("dataset", record, lambda kept: kept.data)
    return value


def artifact(value: object, name: str | None = None) -> None:
    """Keep a file or an object with the run: `run.artifacts[name]` gives it back.

    Args:
        value: The path of a file; a figure, kept as PNG; or an object that can be taken apart, such as a frame.
        name: What it is called; by default the file's name, or that of the object's type. Given twice, the last counts.
    """

    def record(kept: Kept) -> DataRecord:
        called = None if name is None else str(name)
        if issubclass(type(value), (str, os.PathLike)):
            return _kept_file(called, Path(os.fsdecode(value)), kept)  # type: ignore[arg-type]  # just asked
        if _is_figure(value):
            return _kept_figure(called or "figure", value, kept)
        return _kept_object(called or type(value).__name__, value, kept)

    _keep("artifact", record, lambda kept: kept.artifacts)


def plain_literal(value: object) -> str | None:
    """Return a plain value as Python text, or None for any other; types are asked, no code of the user's runs."""
    plain = _plain(value, _MAX_DEPTH)
    if plain is _NOT_PLAIN:
        return None
    from mlexp.dataflow.bindings import literal_of  # with the rules, which only a tracked cell needs

    literal = literal_of(plain)
    return literal if len(literal) <= _MAX_LITERAL else None


_NOT_PLAIN = object()


def _plain(value: object, depth: int) -> object:
    """Return the value with NumPy's numbers as Python's, or `_NOT_PLAIN`."""
    if value is None or is_one_of(type(value), (bool, int, str)):
        return value
    if is_one_of(type(value), (list, tuple, set)):
        items = [_plain(item, depth - 1) for item in value] if depth else [_NOT_PLAIN]  # type: ignore[attr-defined]
        return _NOT_PLAIN if any(item is _NOT_PLAIN for item in items) else type(value)(items)  # type: ignore[call-arg]
    if type(value) is dict:
        keys, values = (_plain(list(part), depth) for part in (value.keys(), value.values()))
        if keys is _NOT_PLAIN or values is _NOT_PLAIN:
            return _NOT_PLAIN
        return dict(zip(keys, values, strict=True))  # type: ignore[call-overload]  # two lists
    number = as_number(value)
    return number if number is not None and math.isfinite(number) else _NOT_PLAIN


def _keep(what: str, record: Callable[[Kept], DataRecord], place: Callable[[Kept], dict[str, DataRecord]]) -> None:
    if not _Open.runs:
        _warn(f"mlexp.{what}: no run is under way, so nothing is kept. Put %%track above the cell.")
        return
    for kept in tuple(_Open.runs):
        try:
            found = record(kept)
            with _Open.lock:
                place(kept)[found.name] = found
            if not found.kept:
                _warn(f"mlexp.{what}: {found.name} is not kept: {found.reason}")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # code of the user's may have run: a path's or a figure's
            _warn(f"mlexp.{what}: nothing is kept: {reason_of(error)}")


def _kept_object(name: str, value: object, kept: Kept) -> DataRecord:
    try:
        found = keep(value, kept.blobs, limit_bytes=kept.object_limit)
    except Exception as error:
        return _record(name, kind_of(value), summary_of(value), reason=reason_of(error))
    return _record(name, kind_of(value), summary_of(value), size=found.size_bytes, digest=found.digest)


def _kept_file(name: str | None, path: Path, kept: Kept) -> DataRecord:
    name = name or path.name
    if path.is_dir():
        return _record(name, FILE, "", reason=f"{path} is a folder: give a file of it, or an archive")
    try:
        size = path.stat().st_size
        if is_credential_file(str(path)) or (size <= LARGEST and holds_credentials(path.read_bytes())):
            return _record(name, FILE, path.name, size=size, reason="it holds credentials")
        if size > kept.file_limit:
            reason = f"larger than the limit of {kept.file_limit // 2**20} MB (max_file_mb)"
            return _record(name, FILE, path.name, size=size, reason=reason)
        digest, size = kept.blobs.put_file(path)
    except OSError as error:
        return _record(name, FILE, "", reason=f"{str(path)[:_SUMMARY]}: {error.strerror or error}")
    return _record(name, FILE, path.name, size=size, digest=digest)


def _kept_figure(name: str, value: Any, kept: Kept) -> DataRecord:
    image = io.BytesIO()
    value.savefig(image, format="png", bbox_inches="tight")
    content = image.getvalue()
    return _record(name, PNG, "figure", size=len(content), digest=kept.blobs.put(content))


def _is_figure(value: object) -> bool:
    """Tell whether it is a figure of matplotlib's, or of a library that draws with it and saves in the same way."""
    return any(cls.__module__ == "matplotlib.figure" for cls in type(value).__mro__)


def _record(
    name: str, kind: str, summary: str, *, size: int = 0, digest: Digest | None = None, reason: str | None = None
) -> DataRecord:
    return DataRecord(
        name=name, kind=kind, summary=summary, size_bytes=size, digest=digest, kept=digest is not None, reason=reason
    )


def _warn(message: str) -> None:
    """Warn once a cell."""
    if not _Open.warned:
        _Open.warned = True
        warn_user(message)
