"""How a cell binds each of its names: the text is walked once, and each value told by the rules.

Only what stands at a cell's top level can be a constant: one that an `if` or a `with` reaches is chosen, by its value
at the end. A name bound in several ways is what the strongest of them makes it; of readings the last counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mlexp.dataflow.changes import Change, changes_in, statements_of
from mlexp.dataflow.constants import NotConstantError, constant_value, literal_of
from mlexp.dataflow.rules import (
    READINGS,
    SETTINGS,
    Kind,
    Scope,
    called,
    is_namespace,
    is_score_table,
    is_settings,
    kind_of,
    names_in,
    says_model,
)

__all__ = ["Binding", "Kind", "NotConstantError", "bindings_of", "constant_value", "literal_of"]

_NOTHING_KNOWN: Mapping[str, Kind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Binding:
    """A name and how a cell binds it."""

    name: str
    kind: Kind
    value: object = None
    """Of a constant: its value; of a container that the cell fills: what it began with."""
    node: ast.expr | None = None
    """The expression that gives the value; of the last binding, where there are several."""
    in_loop: bool = False
    """Whether a loop binds it, last."""
    sums: bool = False
    """Of a counter: whether it adds up values, and does not only count."""
    updates: bool = False
    """Of a counter: whether it is moved by values, as in `w -= rate * slope`."""
    picked: bool = False
    """Whether an `if` picks the moment."""
    said: bool = False
    """Whether it comes from what a model said."""

    @property
    def known_as(self) -> Kind:
        """What later text has to know of the name: an empty container is a place for what is computed."""
        is_place = isinstance(self.value, (list, dict, set)) and not self.value
        if self.kind is Kind.COMPUTED and self.said:
            return Kind.SAID
        return Kind.COMPUTED if is_place and self.kind in SETTINGS else self.kind


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a statement stands."""

    top: bool = True
    in_loop: bool = False
    picked: bool = False


def bindings_of(tree: ast.Module, known: Mapping[str, Kind] = _NOTHING_KNOWN) -> dict[str, Binding]:
    """Return how a cell binds each of its names, in the order of first binding; imports and functions left out.

    Args:
        tree: The cell.
        known: Kinds of the names that earlier cells bound.
    """
    walk = _Walk(known, changes_in(tree))
    for statement in statements_of(tree.body):
        walk.statement(statement, _Place())
    return walk.found


class _Walk:
    """One walk over a cell."""

    def __init__(self, known: Mapping[str, Kind], changes: Mapping[str, Change]) -> None:
        self.found: dict[str, Binding] = {}
        self._scope = Scope(kinds=dict(known))
        self._changes = changes

    def statement(self, node: ast.stmt, place: _Place) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._target(target, value, place)
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                self._target(ast.Name(name, ast.Store()), value, place)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self._augment(name, op, value, place)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                self._count(target, place)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self._count(item.optional_vars, place)
            case ast.ClassDef(name=name) if is_namespace(node):
                self._bind(Binding(name, Kind.CHOSEN))
        for name in _walrus_names(node):
            self._bind(Binding(name, Kind.COMPUTED, in_loop=place.in_loop))
        loops = isinstance(node, (ast.For, ast.AsyncFor, ast.While))
        picks = isinstance(node, (ast.If, ast.Match))
        inner = _Place(top=False, in_loop=place.in_loop or loops, picked=place.picked or picks)
        for statement in statements_of(_inner_statements(node)):
            self.statement(statement, inner)

    def _target(self, target: ast.expr, value: ast.expr, place: _Place) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            plain = len(parts) == len(target.elts) and not any(
                isinstance(part, ast.Starred) for part in (*parts, *target.elts)
            )
            for index, inner in enumerate(target.elts):
                if plain:
                    self._target(inner, parts[index], place)
                else:
                    for name in _target_names(inner):
                        self._value(name, value, place, whole=False)
        elif isinstance(target, ast.Name):
            self._value(target.id, value, place, whole=True)

    def _value(self, name: str, value: ast.expr, place: _Place, *, whole: bool) -> None:
        """Bind a name to a value, or to a part of it."""
        more = {"in_loop": place.in_loop, "picked": place.picked}
        constant = _constant(value) if whole and not _is_score_dict(name, value) else _NO_CONSTANT
        if constant is _NO_CONSTANT:
            self._scope.picked = place.picked
            kind = _typed_or(kind_of(value, self._scope, name), value)
            averages = name in self.found and self.found[name].sums and name in names_in(value)
            parses = isinstance(value, ast.Call) and called(value) == "parse_known_args"
            if kind is Kind.CHOSEN and not whole and not parses:
                kind = Kind.COMPUTED
            said = says_model(value, self._scope)
            self._bind(Binding(name, kind, node=value if whole else None, said=said, **more), anew=averages)
            return
        is_container = isinstance(constant, (list, dict, set))
        change = self._changes.get(name, Change.NONE) if is_container else Change.NONE
        settings = isinstance(constant, dict) and (change is Change.EDITED or (is_settings(name) and bool(constant)))
        if change in (Change.COMPUTED, Change.EDITED) and not settings:
            kind = Kind.COMPUTED
        elif change is Change.COUNTED:
            kind = Kind.COUNTER
        elif not place.top or change is not Change.NONE:
            kind = self._kind_of_state(name, constant) if place.in_loop else Kind.CHOSEN
        else:
            kind = Kind.CONSTANT
        self._bind(Binding(name, kind, constant, value, **more))

    def _kind_of_state(self, name: str, constant: object) -> Kind:
        """Return the kind of a name that a loop binds to a constant: one that is set again is the loop's state."""
        before = self.found.get(name)
        same = before is None or (before.in_loop and repr(before.value) == repr(constant))
        return Kind.CHOSEN if same else Kind.COUNTER

    def _augment(self, name: str, op: ast.operator, value: ast.expr, place: _Place) -> None:
        if isinstance(op, ast.Div):  # a sum becomes an average
            self._bind(Binding(name, Kind.COMPUTED, in_loop=place.in_loop, picked=place.picked), anew=True)
        else:
            sums = _constant(value) is _NO_CONSTANT and kind_of(value, self._scope) not in (Kind.COUNT, Kind.TAKEN)
            updates = sums and isinstance(op, ast.Sub)
            self._bind(Binding(name, Kind.COUNTER, in_loop=place.in_loop, sums=sums, updates=updates))

    def _count(self, target: ast.expr, place: _Place) -> None:
        for name in _target_names(target):
            self._bind(Binding(name, Kind.COUNTER, in_loop=place.in_loop))

    def _bind(self, binding: Binding, *, anew: bool = False) -> None:
        before = self.found.get(binding.name)
        readings = before is not None and {binding.kind, before.kind} <= READINGS
        if before is None or anew or readings or binding.kind >= before.kind:
            self.found[binding.name] = binding
        elif before.kind is Kind.COUNTER and binding.sums:
            self.found[binding.name] = replace(before, sums=True, updates=binding.updates)
        self._scope.kinds[binding.name] = self.found[binding.name].known_as


_NO_CONSTANT = object()


def _constant(node: ast.expr) -> object:
    try:
        return constant_value(node)
    except NotConstantError:
        return _NO_CONSTANT


def _is_score_dict(name: str, value: ast.expr) -> bool:
    """Tell whether a value is `scores = dict(f1=0.5)`: a call, and named after what it holds."""
    return isinstance(value, ast.Call) and is_score_table(name)


def _typed_or(kind: Kind, value: ast.expr) -> Kind:
    """Return TYPED for an answer to `input()`, perhaps made a number; else the kind."""
    node = value
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "input":
            return Kind.TYPED
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("strip", "lower", "upper"):
            node = node.func.value
        elif isinstance(node.func, ast.Name) and node.func.id in ("int", "float", "str", "bool") and node.args:
            node = node.args[0]
        else:
            return kind
    return kind


def _target_names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _walrus_names(statement: ast.stmt) -> Iterator[str]:
    """Names bound by `:=` in the statement's own expressions, functions and inner statements left out."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.NamedExpr):
            yield node.target.id
        if not isinstance(node, ast.Lambda):
            pending.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt))


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for _, value in ast.iter_fields(node):
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.stmt):
                    yield item
                elif isinstance(item, (ast.ExceptHandler, ast.match_case)):
                    yield from item.body
