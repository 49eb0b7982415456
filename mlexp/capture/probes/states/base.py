"""What a look is: a function that gives a kind's state as a mapping of plain values, cheap to take and to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any

from mlexp.fingerprint.asking import imported, names_in

State = Mapping[str, object] | Mapping[bytes, object]
"""The details of one kind with their values; a kind of one value has the detail ""."""

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Look:
    """One kind of global state."""

    kind: str
    take: Callable[[], State | None]
    """None: its library is not imported."""
    given: Callable[[], State | None] = lambda: None
    """The state that the library begins with: what was there before the execution that imported it."""
    drifts: bool = True
    """Whether a change between two executions is one; a front end changes some things itself."""
    comes: bool = False
    """Whether details come and go by what an execution does; else those that are new are a library's own."""

    spread: Callable[[State], dict[Any, Any]] = dict
    """Gives the details of a state that is taken in another form."""

    def differences(self, before: State | None, after: State | None) -> Iterator[str]:
        """Yield what differs between two states, as texts such as "env:LANG"."""
        if before is None:
            before = self.given()
        if before is None or after is None or before is after or before == after:
            return
        was, now = self.spread(before), self.spread(after)
        for detail in was.keys() | now.keys() if self.comes else was.keys() & now.keys():
            if was.get(detail, _NOTHING) != now.get(detail, _NOTHING):
                yield f"{self.kind}:{_text(detail)}" if detail else self.kind


def _text(detail: object) -> str:
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)


def function_of(module: str, name: str) -> Callable[[], Any] | None:
    """Return a function of a library that is imported; None where the user has put something in its place."""
    found = imported(module)
    function = names_in(found).get(name) if found is not None else None
    if type(function) is FunctionType:
        home = dict.get(function.__globals__, "__name__")
        return function if type(home) is str and home.partition(".")[0] == module.partition(".")[0] else None
    return function if type(function) is BuiltinFunctionType else None


def plain(value: object) -> object:
    """Return a value by which it can be told from another later: itself if it is plain, else who it is."""
    cls = type(value)
    if value is None or cls is str or cls is bool or cls is int or cls is float or cls is bytes:
        return value
    if cls is tuple or cls is list:
        return cls, tuple(map(plain, value))  # type: ignore[call-overload]  # a tuple or a list
    return "object", id(value)
