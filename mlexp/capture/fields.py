"""The plain values in objects of settings and of results, read without running any code of their classes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MemberDescriptorType
from typing import Any

from mlexp.dataflow.constants import literal_of
from mlexp.fingerprint.asking import attributes_of, bases_of, imported, is_one_of, members_of, name_of

_MAX_ITEMS = 100
_MAX_LITERAL = 2000
_MAX_DEPTH = 4
_MAX_NUMBERS = 20
_PLAIN = (bool, int, str, type(None))


def literal_if_plain(value: object) -> str | None:
    """Return the literal of a number, text, bool, None or small container of these; None for anything else."""
    if not _is_plain(value, _MAX_DEPTH):
        return None
    try:
        literal = literal_of(value)
    except (ValueError, RecursionError):  # an int of more digits than Python writes
        return None
    return literal if len(literal) <= _MAX_LITERAL else None


def _is_plain(value: object, depth: int) -> bool:
    kind = type(value)
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]  # just asked
    if is_one_of(kind, _PLAIN):
        return True
    if not depth or not is_one_of(kind, (list, tuple, set, dict)) or len(value) > _MAX_ITEMS:  # type: ignore[arg-type]
        return False
    parts: Any = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(part, depth - 1) for part in parts)


def fields_of(value: Any) -> Mapping[str, object] | None:
    """Return the fields of an object that is made to hold some, or None for any other.

    These are argparse's and `types`' namespaces, dataclasses, named tuples, models of attrs and pydantic, dicts that
    have their items as attributes, and classes that serve as namespaces, or instances of these.
    """
    kind = type(value)
    if kind is type:
        return _public(members_of(value))
    if issubclass(kind, dict):
        return None if kind is dict else {k: v for k, v in dict.items(value) if type(k) is str}
    classes = _classes(kind)
    if issubclass(kind, tuple):
        names = next((c["_fields"] for c in classes if type(c.get("_fields")) is tuple), None)
        return dict(zip(names, tuple.__iter__(value), strict=False)) if names else None
    own = _own_fields(value, classes)
    if name_of(kind) in ("argparse.Namespace", "types.SimpleNamespace"):
        return _public(own)
    declared = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__", "model_fields")
    if any(name in c for c in classes for name in declared):
        return _public(own)
    if classes and all(_is_namespace(c) for c in classes):
        merged: dict[str, object] = {}
        for attributes in reversed(classes):
            merged |= _public(attributes)
        return merged | _public(own)
    return None


def _classes(kind: type) -> list[Mapping[str, Any]]:
    return [members_of(cls) for cls in bases_of(kind) if cls is not object]


def _own_fields(value: object, classes: list[Mapping[str, Any]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for attributes in reversed(classes):
        for name, member in attributes.items():
            if type(member) is MemberDescriptorType:
                try:
                    found[name] = member.__get__(value)
                except AttributeError:
                    continue  # a slot that holds nothing
    own = found.pop("__dict__", None)  # of `types.SimpleNamespace` it is a member like others
    return found | attributes_of(value) | (own if type(own) is dict else {})


def _is_namespace(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a class has plain values and nothing else; at least one."""
    public = _public(attributes)
    machinery = {"__init__", "__new__", "__getattr__", "__getattribute__", "__call__"}
    return bool(public) and machinery.isdisjoint(attributes) and all(_is_value(value) for value in public.values())


def _is_value(value: object) -> bool:
    return not callable(value) and not any("__get__" in members_of(cls) for cls in bases_of(type(value)))


def _public(attributes: Mapping[str, Any]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if type(name) is str and not name.startswith("_")}


def leaves_of(name: str, value: object, depth: int = _MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the name and the literal of each plain field of an object of settings, fields of fields too."""
    fields = fields_of(value)
    numpy: Any = imported("numpy")
    if numpy is not None and type(value) is numpy.ndarray and value.size <= _MAX_NUMBERS and value.dtype.kind in "fiub":  # type: ignore[attr-defined]
        value = value.tolist()  # type: ignore[attr-defined]  # just asked
    if fields is None:
        literal = literal_if_plain(value)
        if literal is not None:
            yield name, literal
    elif depth:
        for field, inner in list(fields.items())[:_MAX_ITEMS]:
            yield from leaves_of(f"{name}.{field}", inner, depth - 1)
