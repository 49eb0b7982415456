"""Which of the user's live objects a cell reads, through functions and classes of the notebook too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

_MAIN = "__main__"


def live_reads(names: tuple[str, ...], namespace: Mapping[str, object]) -> dict[str, object]:
    """Return the objects behind `names`, and behind the global names that functions among them load, and so on."""
    found: dict[str, object] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in found or name not in namespace:
            continue
        value = found[name] = namespace[name]
        pending.extend(_names_in(value))
    return dict(sorted(found.items()))


def _names_in(value: object) -> Iterator[str]:
    if type(value) is FunctionType:
        if value.__globals__.get("__name__") == _MAIN:
            yield from _names_in_code(value.__code__)
    elif isinstance(value, type) and vars(value).get("__module__") == _MAIN:
        for member in vars(value).values():
            function: Any = (
                getattr(member, "__func__", member) if isinstance(member, (staticmethod, classmethod)) else member
            )
            if type(function) is FunctionType:
                yield from _names_in_code(function.__code__)


def _names_in_code(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in_code(constant)
