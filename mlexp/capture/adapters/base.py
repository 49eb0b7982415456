"""What an adapter is: it tells what a library's functions gave to the user, and what the library's objects are.

An adapter is a module of its own with one object, named in the entry-point group `mlexp.adapters` after the library's
import name. It is loaded when the library is there, and may import it. It never calls code of the user's: a subclass
may have overridden any method, so an adapter reads attributes from `vars(value)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType, FunctionType
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number that a function has given."""

    name: str
    value: float
    reading: str = ""
    """Python that makes the number of what the function gave: "{}.mean()"; empty where it is the number itself."""
    is_readable: bool = True
    """Whether the number can be had from what the function gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Numbers that came one after another, such as a loss by round; its last one is a metric."""

    name: str
    values: tuple[float, ...]
    is_metric: bool = True


Told = Score | Curve
Hear = Callable[[FrameType, object], Iterable[Told]]
"""Makes of a function's own frame and of what it is about to return the scores and curves in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A function of the library that is listened to while a tracked cell runs."""

    function: FunctionType
    hear: Hear
    through: tuple[str, ...] = ()
    """Modules that may stand between the user's call and the function. What others call is not the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to tell of an object that the tracked cell has made or changed."""

    summary: str | None = None
    """Of a model: its extent in a few words, such as "30 features, 2 classes". None: it is no model."""
    params: Mapping[str, object] = field(default_factory=dict)
    """What was chosen: values that are not the default, by name."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Numbers that it holds, by attribute."""
    tables: Mapping[str, Mapping[str, list[object]]] = field(default_factory=dict)
    """Nested results by attribute: lists of equal length by column."""


class Adapter(Protocol):
    """What mlexp asks about one library."""

    library: str
    """Its import name."""

    def listenings(self) -> Iterable[Listening]:
        """Return the functions to listen to, of what has been imported; asked before each cell, and as modules come."""

    def mark(self, value: object) -> object:
        """Return what changes when the object is fitted or trained, to be compared; None: there is nothing to tell."""

    def see(self, value: object) -> Seen | None:
        """Tell of an object that the cell has made or changed, of a type that this library defines or derives."""
