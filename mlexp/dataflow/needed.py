"""What of an earlier execution's text a run rests on: a cell binds and draws much that a later one never sees.

Told by statement. One counts that binds or plainly changes what is needed, that seeds a generator, or that mentions
what is needed and was made in the same text, for `improve(model)` may change it; what only prints or draws does not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.dataflow.changes import root_of, statements_of
from mlexp.dataflow.looks import is_about_looks
from mlexp.dataflow.names import changed_in_place

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SEEDS = re.compile(r"(?:\w*_)?seed(?:_\w+)?|set_state|setstate", re.IGNORECASE)
_TRAINS = re.compile(r"(?:\w+_)?(?:fit|train)|(?:fit|train)_(?!test|val)\w+", re.IGNORECASE)
_SHOWS = frozenset({"print", "display", "pprint"})


@lru_cache(maxsize=4096)
def modules_in(python: str) -> frozenset[str]:
    """Return the names that a text binds to modules; a bare call of a module's function changes no such name."""
    tree = parse(python)
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
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
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, _DEFINITIONS):
            found.add(node.name)
    return found


def matters(python: str, bound: Set[str], needed: Set[str], modules: Set[str]) -> bool:
    """Tell whether an execution that bound these names has a statement that counts."""
    if not needed.isdisjoint(bound):
        return True
    return any(s.seeds or not needed.isdisjoint(s.changed(modules)) for s in _statements(python))


def mentioned_for(python: str, needed: Set[str], fixed: Set[str], modules: Set[str]) -> set[str]:
    """Return the names that those statements of a text mention that count for what is needed after it.

    Args:
        python: The text.
        needed: Names whose values are needed.
        fixed: Names that no mention changes.
        modules: Names of modules.
    """
    statements = _statements(python)
    own = {name for s in statements for name in (*s.bound, *s.changed(modules))} - fixed
    wanted, found = set(needed), set[str]()
    for statement in reversed(statements):
        changed = statement.changed(modules)
        counts = statement.seeds or not wanted.isdisjoint(statement.bound) or not wanted.isdisjoint(changed)
        if counts or (statement.may_change and not (wanted & own).isdisjoint(statement.mentions)):
            wanted |= statement.mentions
            found |= statement.mentions | changed
    return found


@dataclass(frozen=True, slots=True)
class _Statement:
    """What one top-level statement does, by its text."""

    bound: frozenset[str]
    mentions: frozenset[str]
    called: frozenset[str]
    """Names whose objects it plainly changes: by an operator, a bare method call, or by training."""
    written: frozenset[str]
    """Names whose attributes or items it sets, also of modules: `config.lr = 0.1`."""
    seeds: bool
    """Whether it seeds a generator that has no name."""
    may_change: bool
    """Whether it may change what it mentions: no definition, and more than a print or a figure."""

    def changed(self, modules: Set[str]) -> Set[str]:
        """Return the names whose objects it plainly changes."""
        return (self.called - modules) | self.written


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def _statements(python: str) -> tuple[_Statement, ...]:
    tree = parse(python)
    return tuple(_told(statement) for statement in statements_of(tree.body)) if tree is not None else ()


def _told(node: ast.stmt) -> _Statement:
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    places = [n for n in ast.walk(node) if isinstance(n, (ast.Attribute, ast.Subscript))]
    return _Statement(
        bound=frozenset({n.id for n in names if not isinstance(n.ctx, ast.Load)} | _fixed_by(node)),
        mentions=frozenset(n.id for n in names if isinstance(n.ctx, ast.Load)),
        called=changed_in_place(ast.Module([node], [])) | (_trained(node) - {""}),
        written=frozenset(root_of(n) for n in places if not isinstance(n.ctx, ast.Load)) - {""},
        seeds=_is_seeding(node),
        may_change=not isinstance(node, _DEFINITIONS) and not _only_shows(node),
    )


def _trained(node: ast.stmt) -> set[str]:
    """Return the names of what is trained: `history = model.fit(X)`, `losses = train(model, data)`."""
    found = set()
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
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
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return _SEEDS.fullmatch(name) is not None


def _only_shows(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
    if not isinstance(call, ast.Call):
        return isinstance(statement, ast.Expr)  # a value that is shown
    shows = isinstance(call.func, ast.Name) and call.func.id in _SHOWS
    return shows or is_about_looks(call.func)
