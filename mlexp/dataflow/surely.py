"""Which names a cell surely binds before anything in it reads them: their earlier values are nothing to it.

Sure is what stands in a straight line: plain statements at top level, and the first turn of a loop that surely has one,
up to where it may be left. A read behind the loop happens only if that turn went through.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set

from mlexp.dataflow.walking import walk

_SAME_LENGTH = frozenset({"enumerate", "list", "reversed", "sorted", "tqdm", "trange", "tuple"})
_FIXED = (ast.Constant, ast.UnaryOp, ast.Tuple)
_MAX_DEPTH = 4


def bound_surely(tree: ast.Module, namespace: Mapping[str, object], taken: Set[str]) -> dict[str, int]:
    """Return the names that a straight line binds, whether read before or not, and where: the statement's last line.

    Args:
        tree: The cell.
        namespace: The variables before it runs; only plain numbers and containers are asked.
        taken: Names that are not, or may not be, the built-in ones.
    """
    found: dict[str, int] = {}
    for statement, is_sure in Turns(namespace, taken).of(tree.body, 0):
        if is_sure and (targets := _targets(statement)):
            line = getattr(statement, "end_lineno", None)  # a loop's head, made by us, has none
            line = line or max(getattr(node, "end_lineno", 0) or 0 for node in walk(statement))
            found = dict.fromkeys(targets, line) | found
    return found


def _targets(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        found = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {n.id for t in found for n in walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return set()


class Turns:
    """Knows which loops surely have a first turn, from the values that stand in the text so far; takes these apart."""

    def __init__(self, namespace: Mapping[str, object], taken: Set[str]) -> None:
        self._namespace = namespace
        self._taken = taken
        self._values: dict[str, ast.expr] = {}
        """What names were bound to in the straight line so far."""
        self._bound: set[str] = set()
        """Names that were bound since the cell began, and so are not the namespace's."""
        self._mentioned: set[str] = set()

    def of(self, body: Sequence[ast.stmt], depth: int) -> Iterator[tuple[ast.stmt, bool]]:
        """Yield statements in the order in which they first run, and whether they surely do."""
        for statement in body:
            if isinstance(statement, (ast.For, ast.While)) and depth < _MAX_DEPTH and self.has_one(statement):
                yield from self._first_turn(statement, depth)
            else:
                yield statement, True
                self.learn(statement)

    def _first_turn(self, loop: ast.For | ast.While, depth: int) -> Iterator[tuple[ast.stmt, bool]]:
        head: ast.stmt = ast.Expr(loop.test) if isinstance(loop, ast.While) else ast.Assign([loop.target], loop.iter)
        yield head, True
        n = next((i for i, s in enumerate(loop.body) if may_leave(s)), len(loop.body))
        self.forget(loop)  # what it binds has other values from the second turn on
        yield from self.of(loop.body[:n], depth + 1)
        self.forget(loop)
        for statement in (*loop.body[n:], *loop.orelse):
            yield statement, False

    def learn(self, statement: ast.stmt) -> None:
        """Learn what a statement binds."""
        self.forget(statement)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._values[name] = value

    def forget(self, statement: ast.stmt) -> None:
        """Forget what a statement may change: names that it binds, and containers that it mentions at all."""
        for node in walk(statement):
            if isinstance(node, ast.Name):
                if not isinstance(node.ctx, ast.Load):
                    self._bound.add(node.id)
                self._mentioned.add(node.id)
                if not isinstance(node.ctx, ast.Load) or not isinstance(self._values.get(node.id), _FIXED):
                    self._values.pop(node.id, None)

    def has_one(self, loop: ast.For | ast.While) -> bool:
        """Tell whether a loop surely has a first turn."""
        if isinstance(loop, ast.While):
            return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
        return self._is_filled(loop.iter, _MAX_DEPTH)

    def _is_filled(self, node: ast.expr, depth: int) -> bool:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return any(not isinstance(item, ast.Starred) for item in items)
            case ast.Dict(keys=keys):
                return any(key is not None for key in keys)
            case ast.Constant(value=str() as text):
                return bool(text)
            case ast.Name(id=name) if name in self._values and depth:
                return self._is_filled(self._values[name], depth - 1)
            case ast.Name(id=name) if name not in self._bound:
                value = self._namespace.get(name)
                fixed = type(value) in (tuple, str, range)
                untouched = type(value) in (list, dict, set) and name not in self._mentioned
                return (fixed or untouched) and bool(value)
            case ast.Call(func=ast.Name(id="range" | "trange" as called), args=args) if called not in self._taken:
                return self._is_positive_range(args)
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _SAME_LENGTH and depth:
                library = name in ("tqdm", "trange")
                return (library or name not in self._taken) and self._is_filled(inner, depth - 1)
            case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as args) if "zip" not in self._taken and depth:
                return all(self._is_filled(argument, depth - 1) for argument in args)
            case ast.Call(func=ast.Attribute(value=inner, attr="items" | "values" | "keys"), args=[]) if depth:
                return self._is_filled(inner, depth - 1)
        return False

    def _is_positive_range(self, args: Sequence[ast.expr]) -> bool:
        numbers = [self._number(argument) for argument in args]
        if not 1 <= len(numbers) <= 3 or any(number is None for number in numbers):
            return False
        try:
            return bool(range(*numbers))  # type: ignore[arg-type]  # just asked
        except ValueError:
            return False

    def _number(self, node: ast.expr) -> int | None:
        match node:
            case ast.Constant(value=value) if type(value) is int:
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if type(value) is int:
                return -value
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                a, b = self._number(left), self._number(right)
                return None if a is None or b is None else a + b
            case ast.Name(id=name) if name in self._values:
                value_node = self._values[name]
                return self._number(value_node) if isinstance(value_node, (ast.Constant, ast.UnaryOp)) else None
            case ast.Name(id=name) if name not in self._bound:
                known = self._namespace.get(name)
                return known if type(known) is int else None
        return None


def may_leave(statement: ast.stmt) -> bool:
    """Tell whether a turn may end within a statement; an inner loop's own `break` counts as well."""
    return any(isinstance(node, (ast.Break, ast.Continue, ast.Return)) for node in walk(statement))
