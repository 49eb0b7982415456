"""What of an earlier execution's text a run rests on: a cell binds and draws much that a later one never sees.

Told by statement. One counts that binds or plainly changes what is needed, that seeds a generator, or that mentions
what is needed and was made in the same text, for `improve(model)` may change it; what only prints or draws does not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.changes import statements_of
from mlexp.dataflow.looks import is_about_looks
from mlexp.dataflow.names import changed_in_place
from mlexp.dataflow.rules import called
from mlexp.dataflow.walking import root_of, walk

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SEEDS = re.compile(r"(?:\w*_)?seed(?:_\w+)?|set_state|setstate", re.IGNORECASE)
_TRAINS = re.compile(r"(?:\w+_)?(?:fit|train)|(?:fit|train)_(?!test|val)\w+", re.IGNORECASE)
_SHOWS = frozenset({"print", "display", "pprint"})


@lru_cache(maxsize=4096)
def modules_in(python: str) -> frozenset[str]:
    """Return the names that a text binds to modules; a bare call of a module's function changes no such name."""
    tree = parse(python)
    found = set()
    for node in walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names if alias.name == "pyplot"}
    return frozenset(found)


@lru_cache(maxsize=4096)
def fixed_in(python: str) -> frozenset[str]:
    """Return the names that a text imports, or binds to functions and classes: to mention them changes nothing."""
    tree = parse(python)
    return frozenset(_fixed_by(tree) if tree is not None else ())


def _fixed_by(tree: ast.AST) -> set[str]:
    found = set()
    for node in walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, _DEFINITIONS):
            found.add(node.name)
    return found


def matters(python: str, bound: Sequence[str], needed: Set[str], modules: Set[str]) -> bool:
    """Tell whether an execution that bound these names has a statement that counts."""
    if not needed.isdisjoint(bound):
        return True
    text = _text(python)
    return text.seeds or not needed.isdisjoint(text.written) or not (needed & text.called) <= modules


def mentioned_for(python: str, needed: Set[str], fixed: Set[str], modules: Set[str]) -> set[str]:
    """Return the names that those statements of a text mention that count for what is needed after it.

    Args:
        python: The text.
        needed: Names whose values are needed.
        fixed: Names that no mention changes.
        modules: Names of modules.
    """
    text = _text(python)
    wanted, found = set(needed & text.names), set[str]()
    own = (wanted & text.made) - fixed
    for statement in reversed(text.statements):
        counts = statement.seeds or not wanted.isdisjoint(statement.sets) or not (wanted & statement.called) <= modules
        if counts or (statement.may_change and not own.isdisjoint(statement.mentions)):
            found |= statement.mentions | statement.written | (statement.called - modules)
            wanted |= statement.mentions
            own |= (statement.mentions & text.made) - fixed
    return found


@dataclass(frozen=True, slots=True)
class _Statement:
    """What one top-level statement does, by its text."""

    mentions: frozenset[str]
    sets: frozenset[str]
    """Names that it binds, and those whose attributes or items it sets."""
    written: frozenset[str]
    """Names whose attributes or items it sets, also of modules: `config.lr = 0.1`."""
    called: frozenset[str]
    """Names whose objects it plainly changes: by an operator, a bare method call, or by training."""
    seeds: bool
    """Whether it seeds a generator that has no name."""
    may_change: bool
    """Whether it may change what it mentions: no definition, and more than a print or a figure."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What a whole text does."""

    statements: tuple[_Statement, ...]
    names: frozenset[str]
    made: frozenset[str]
    """Names that it binds or changes."""
    written: frozenset[str]
    called: frozenset[str]
    seeds: bool


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def _text(python: str) -> _Text:
    tree = parse(python)
    statements = tuple(map(_told, statements_of(tree.body))) if tree is not None else ()
    none = frozenset[str]()
    written = none.union(*(s.written for s in statements))
    called = none.union(*(s.called for s in statements))
    made = none.union(written, called, *(s.sets for s in statements))
    return _Text(
        statements=statements,
        names=made.union(*(s.mentions for s in statements)),
        made=made,
        written=written,
        called=called,
        seeds=any(s.seeds for s in statements),
    )


def _told(node: ast.stmt) -> _Statement:
    names = [n for n in walk(node) if isinstance(n, ast.Name)]
    places = [n for n in walk(node) if isinstance(n, (ast.Attribute, ast.Subscript))]
    written = {root_of(n) for n in places if not isinstance(n.ctx, ast.Load)} - {""}
    bound = {n.id for n in names if not isinstance(n.ctx, ast.Load)} | _fixed_by(node)
    return _Statement(
        mentions=frozenset(n.id for n in names if isinstance(n.ctx, ast.Load)),
        sets=frozenset(bound | written),
        written=frozenset(written),
        called=changed_in_place(ast.Module([node], [])) | (trained_in(node) - {""}),
        seeds=_is_seeding(node),
        may_change=not isinstance(node, _DEFINITIONS) and not _only_shows(node),
    )


def trained_in(node: ast.AST) -> set[str]:
    """Return the names of what is trained: `history = model.fit(X)`, `losses = train(model, data)`."""
    found = set()
    for call in (n for n in walk(node) if isinstance(n, ast.Call)):
        if isinstance(call.func, ast.Attribute) and _TRAINS.fullmatch(call.func.attr):
            found.add(root_of(call.func))
        elif isinstance(call.func, ast.Name) and call.args and _TRAINS.fullmatch(call.func.id):
            found.add(root_of(call.args[0]))
    return found


def _is_seeding(statement: ast.stmt) -> bool:
    """Tell whether a statement seeds a generator that has no name: `np.random.seed(s)`, `set_seed(s)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    return _SEEDS.fullmatch(called(call)) is not None


def _only_shows(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
    if not isinstance(call, ast.Call):
        return isinstance(statement, ast.Expr)  # a value that is shown
    shows = isinstance(call.func, ast.Name) and call.func.id in _SHOWS
    return shows or is_about_looks(call.func)
