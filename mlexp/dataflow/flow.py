"""Which names a cell may find as they were before it: those that some read meets before the cell has bound them.

The statements are followed as they may run, with the names that are bound by then in every case. In the body of a loop
they are those of one turn: a read there happens only in a turn, behind the turn's own bindings. What a function's body
reads is read when its name is mentioned again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence, Set

from mlexp.dataflow.surely import Turns, may_leave
from mlexp.dataflow.walking import children_of, walk

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SWALLOWS = frozenset({"suppress", "raises", "assertRaises", "ExitStack", "AsyncExitStack"})
"""Context managers after which it is not sure that their block went through."""
_Bound = set[str] | None
"""Names that are bound in every case; None where the text goes no further."""


def found_before(tree: ast.Module, namespace: Mapping[str, object], taken: Set[str]) -> frozenset[str]:
    """Return the names of which the cell may read an earlier value.

    Args:
        tree: The cell.
        namespace: The variables before it runs: they tell whether a loop surely has a first turn.
        taken: Names that are not, or may not be, the built-in ones.
    """
    flow = _Flow(Turns(namespace, taken))
    flow.end(flow.block(tree.body, set()))
    return frozenset(flow.found)


class _Flow:
    def __init__(self, turns: Turns) -> None:
        self.found: set[str] = set()
        self._turns = turns
        self._behind: dict[str, set[str]] = {}
        """What functions and classes of the cell read when they are called, by their names."""

    def end(self, bound: _Bound) -> None:
        """Take what the cell's functions read for read behind it: they may be called from there on."""
        self.found |= set().union(*self._behind.values()) - (bound or set())

    def block(self, body: Sequence[ast.stmt], bound: _Bound) -> _Bound:
        """Follow statements; return the names that are bound behind them."""
        for statement in body:
            if bound is None:
                return None
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, node: ast.stmt, bound: set[str]) -> _Bound:
        match node:
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node, bound)
            case ast.If(test=test, body=body, orelse=orelse):
                self._read(test, bound)
                bound = self._either([self.block(body, set(bound)), self.block(orelse, set(bound))])  # type: ignore[assignment]  # None is returned below
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self._read(item.context_expr, bound)
                    self._bind(item.optional_vars, bound)
                behind = self.block(body, set(bound))
                swallows = any(_mentions(item.context_expr, _SWALLOWS) for item in items)
                bound = bound if swallows else behind  # type: ignore[assignment]  # None is returned below
            case ast.Try() | ast.TryStar():
                bound = self._try(node, bound)  # type: ignore[assignment]  # None is returned below
            case ast.Match(subject=subject, cases=cases):
                self._read(subject, bound)
                bound = self._either([bound, *(self._case(case, set(bound)) for case in cases)])  # type: ignore[assignment]  # None is returned below
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, bound)
            case ast.ClassDef():
                self._class(node, bound)
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                self._read(node, bound)
                bound = None  # type: ignore[assignment]  # it is returned below
            case _:
                self._simple(node, bound)
        self._turns.learn(node)
        return bound

    def _simple(self, node: ast.stmt, bound: set[str]) -> None:
        match node:
            case ast.Assign(targets=targets, value=ast.Lambda() as function) if all(
                isinstance(target, ast.Name) for target in targets
            ):
                self._read_all([*function.args.defaults, *function.args.kw_defaults], bound)
                for target in targets:
                    self._bind(target, bound)
                    self._behind[target.id] = free_names(function)  # type: ignore[attr-defined]  # a name, as asked
            case ast.Assign(targets=targets, value=value):
                self._read(value, bound)
                for target in targets:
                    self._bind(target, bound)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                self._read(annotation, bound)
                if value is not None:
                    self._read(value, bound)
                    self._bind(target, bound)
            case ast.AugAssign(target=target, value=value):
                if isinstance(target, ast.Name):
                    self._load(target.id, bound)
                self._read(value, bound)
                self._bind(target, bound)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {alias.asname or alias.name.partition(".")[0] for alias in names} - {"*"}
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        self._load(target.id, bound)
                        bound.discard(target.id)
                    else:
                        self._read(target, bound)
            case _:
                self._read(node, bound)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, bound: set[str]) -> _Bound:
        has_turn = not isinstance(node, ast.AsyncFor) and self._turns.has_one(node)
        self._read(node.test if isinstance(node, ast.While) else node.iter, bound)
        within = set(bound)
        if not isinstance(node, ast.While):
            self._bind(node.target, within)
        sure = next((i for i, statement in enumerate(node.body) if may_leave(statement)), len(node.body))
        self._turns.forget(node)  # what it binds has other values from the second turn on
        first = self.block(node.body[:sure], within)
        behind = set(bound) if first is None or not has_turn else set(first)
        if first is not None:
            self.block(node.body[sure:], set(first))
        self._turns.forget(node)
        orelse = self.block(node.orelse, set(behind)) if node.orelse else behind
        return behind if any(isinstance(inner, ast.Break) for inner in walk(node)) else orelse

    def _try(self, node: ast.Try | ast.TryStar, bound: set[str]) -> _Bound:
        through = self.block(node.orelse, self.block(node.body, set(bound)))
        ways = [through]
        for handler in node.handlers:
            caught = set(bound)
            if handler.type is not None:
                self._read(handler.type, caught)
            if handler.name:
                caught.add(handler.name)
            ways.append(self.block(handler.body, caught))
        behind = self._either(ways)
        last = self.block(node.finalbody, set(bound))
        return None if behind is None or last is None else behind | last

    def _case(self, case: ast.match_case, bound: set[str]) -> _Bound:
        for inner in walk(case.pattern):
            if isinstance(inner, (ast.MatchAs, ast.MatchStar)) and inner.name:
                bound.add(inner.name)
            elif isinstance(inner, ast.MatchMapping) and inner.rest:
                bound.add(inner.rest)
            elif isinstance(inner, ast.Name):
                self._load(inner.id, bound)
        if case.guard is not None:
            self._read(case.guard, bound)
        return self.block(case.body, bound)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, bound: set[str]) -> None:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        hints = [argument.annotation for argument in arguments if argument is not None]
        self._read_all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *hints, node.returns], bound)
        self._behind[node.name] = free_names(node)
        bound.add(node.name)
        if node.decorator_list:  # a decorator may call it
            self._load(node.name, bound)

    def _class(self, node: ast.ClassDef, bound: set[str]) -> None:
        self._read_all([*node.bases, *(keyword.value for keyword in node.keywords), *node.decorator_list], bound)
        outer, self._behind = self._behind, dict(self._behind)
        self.block(node.body, set(bound))
        methods = [free_names(inner) for inner in walk(node) if isinstance(inner, _FUNCTIONS)]
        self._behind = outer
        self._behind[node.name] = set().union(*methods)
        bound.add(node.name)
        if node.decorator_list or node.bases or node.keywords:  # a metaclass may call a method
            self._load(node.name, bound)

    def _bind(self, target: ast.expr | None, bound: set[str]) -> None:
        match target:
            case None:
                return
            case ast.Name(id=name):
                bound.add(name)
                self._behind.pop(name, None)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, bound)
            case ast.Starred(value=inner):
                self._bind(inner, bound)
            case _:
                self._read(target, bound)

    def _read_all(self, nodes: Iterable[ast.AST | None], bound: set[str]) -> None:
        for node in nodes:
            if node is not None:
                self._read(node, bound)

    def _read(self, node: ast.AST, bound: set[str]) -> None:
        """Follow an expression in the order in which it is evaluated."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self._load(name, bound)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._read(value, bound)
                bound.add(name)
            case ast.BoolOp(values=[first, *others]):
                self._read(first, bound)
                self._read_all(others, set(bound))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._read(test, bound)
                self._read(body, set(bound))
                self._read(orelse, set(bound))
            case ast.Lambda(args=args):
                self._read_all([*args.defaults, *args.kw_defaults], bound)
                for name in free_names(node):
                    self._load(name, bound)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._read(node.generators[0].iter, bound)
                for name in free_names(node):
                    self._load(name, bound)
            case _:
                self._read_all(children_of(node), bound)

    def _load(self, name: str, bound: set[str]) -> None:
        pending, seen = [name], set[str]()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                if name not in bound:
                    self.found.add(name)
                pending += self._behind.get(name, ())

    @staticmethod
    def _either(ways: Iterable[_Bound]) -> _Bound:
        reached = [way for way in ways if way is not None]
        return set.intersection(*reached) if reached else None


def free_names(node: ast.AST) -> set[str]:
    """Return the names that a function, lambda or comprehension takes from around it, or from its module."""
    loads: set[str] = set()
    stores: set[str] = set()
    declared: set[str] = set()
    pending: list[ast.AST] = []
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            stores |= {inner.arg for inner in walk(node.args) if isinstance(inner, ast.arg)}
            pending += node.body if isinstance(node.body, list) else [node.body]
        case _:
            pending += children_of(node)
    while pending:
        inner = pending.pop()
        match inner:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                loads |= free_names(inner)
                if not isinstance(inner, ast.Lambda):
                    stores.add(inner.name)
                    pending += inner.decorator_list
                if not isinstance(inner, ast.ClassDef):
                    pending += [*inner.args.defaults, *(d for d in inner.args.kw_defaults if d is not None)]
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                loads |= free_names(inner)
                stores |= {walrus.target.id for walrus in walk(inner) if isinstance(walrus, ast.NamedExpr)}
                continue
            case ast.Name(id=name, ctx=ast.Load()):
                loads.add(name)
            case ast.Name(id=name):
                stores.add(name)
            case ast.Global(names=names):
                declared |= set(names)
            case ast.AugAssign(target=ast.Name(id=name)):
                loads.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                stores |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                stores.add(name)
        pending += children_of(inner)
    if isinstance(node, ast.ClassDef):
        return loads  # a name of its body is read from the module before it is bound there
    return (loads - stores) | (loads & declared)


def _mentions(node: ast.AST, words: Set[str]) -> bool:
    return any(
        (isinstance(inner, ast.Name) and inner.id in words)
        or (isinstance(inner, ast.Attribute) and inner.attr in words)
        for inner in walk(node)
    )
