"""What a cell does with the numbers that it binds: shows them, collects them, or only makes other things of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from mlexp.dataflow.bindings import Binding, Kind
from mlexp.dataflow.changes import statements_of
from mlexp.dataflow.rules import called, is_score, names_in, words_of
from mlexp.dataflow.walking import root_of

_SHOWS = re.compile(
    r"print|pprint|display|write|info|debug|warning|title|suptitle|set_title|legend|text|annotate|set_postfix|"
    r"set_description|axhline|axvline|(?:add_|set_)?(?:scalars?|metrics?|summary)|log\w*|report\w*|record\w*|track\w*|"
    r"format|echo|st|markdown|metric|assert\w*"
)
_COLLECTS = frozenset({"append", "extend", "add", "update", "insert", "setdefault", "appendleft"})


@dataclass(slots=True)
class Uses:
    """What is done with one name, all over the cell."""

    shown: bool = False
    """Printed, logged, drawn as text, put into a display of values, or the cell's last expression."""
    collected_in: set[str] = field(default_factory=set)
    """Names of the containers that take it."""
    feeds: set[str] = field(default_factory=set)
    """Names bound to what is made of it."""
    serves: bool = False
    """Whether something is done with it that binds no name: it is an argument of a call, or the length of a loop."""


def uses_of(tree: ast.Module) -> Mapping[str, Uses]:
    """Return the uses of each name that the cell reads."""
    found: dict[str, Uses] = {}
    _walk(tree.body, found)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        for name in _plain_parts(last.value):
            found.setdefault(name, Uses()).shown = True
    return found


def measures(
    binding: Binding,
    uses: Mapping[str, Uses],
    numbers: Set[str],
    *,
    sums: Set[str] = frozenset(),
    is_number: bool = True,
) -> bool:
    """Tell whether a number that is bound so is a metric, or a container of scores one that tells them.

    Args:
        binding: How it is bound.
        uses: What the cell does with its names.
        numbers: The names that stand for numbers, or for scores, where the cell has ended.
        sums: The names that add values up.
        is_number: Whether this one stands for a number.
    """
    name = binding.name
    use = uses.get(name, Uses())
    if name.startswith("_"):
        return False
    if binding.kind is Kind.COUNTER:  # a sum that is no part of anything else
        return use.shown and (binding.updates or (binding.sums and is_score(name) and not use.feeds - {name}))
    if binding.kind is not Kind.COMPUTED:
        return False
    collected = use.collected_in | {made for place in use.collected_in for made in uses.get(place, Uses()).feeds}
    if binding.in_loop and collected & numbers:
        return False  # the collection tells it
    if not is_number:
        return True
    if binding.in_loop and use.feeds & sums and not use.shown:
        return False  # the sum tells it
    if use.shown or use.collected_in or is_score(name):
        return True
    others = use.feeds - {name}
    if binding.in_loop and not binding.picked:
        return not others and not use.serves and name not in use.feeds
    return not (others or use.serves) or bool(others & numbers)


def _walk(body: list[ast.stmt], found: dict[str, Uses]) -> None:
    for statement in statements_of(body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in names_in(statement):
                found.setdefault(name, Uses()).serves = True
            continue
        _statement(statement, found)
        for name, value in ast.iter_fields(statement):
            if isinstance(value, list) and value and name in ("body", "orelse", "finalbody"):
                _walk(value, found)
            for handler in value if isinstance(value, list) and name in ("handlers", "cases") else ():
                _walk(handler.body, found)


def _statement(node: ast.stmt, found: dict[str, Uses]) -> None:
    def use(name: str) -> Uses:
        return found.setdefault(name, Uses())

    for expression in (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)):
        for name in _shown_in(expression):
            use(name).shown = True
    match node:
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.AugAssign(value=value) if value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _is_store(n)}
            roots = {root_of(target) for target in targets if isinstance(target, (ast.Subscript, ast.Attribute))}
            plain = _plain_parts(value)
            gathers = isinstance(value, (ast.Dict, ast.List, ast.Tuple)) or (
                isinstance(value, ast.Call) and called(value) in ("dict", "DataFrame", "Series", "list", "tuple")
            )
            for name in names_in(value):
                if name in plain and (roots - {""} or gathers):
                    use(name).collected_in |= (roots - {""}) | (bound if gathers else set())
                elif roots - {""}:
                    use(name).serves = True
                use(name).feeds |= bound
            for name in (n for target in targets for n in names_in(target) if n not in roots):
                use(name).serves = True
            if roots - {""}:
                for name in bound:  # `x[0] = b = f()`: the name came along
                    use(name).serves = True
        case ast.Expr(value=ast.Call() as call):
            _call(call, found)
        case ast.For(iter=iterated) | ast.AsyncFor(iter=iterated):
            for name in names_in(iterated):
                use(name).serves = True
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for name in (n for item in items for n in names_in(item.context_expr)):
                use(name).serves = True
        case ast.Return(value=value) if value is not None:
            for name in names_in(value):
                use(name).serves = True


def loops_around(tree: ast.Module) -> Mapping[str, frozenset[str]]:
    """Return, of each name whose object a loop fills, the words of what the loop runs over: `epoch`, `fold`."""
    found: dict[str, frozenset[str]] = {}
    for loop in (node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor))):
        over = {n.id for part in (loop.target, loop.iter) for n in ast.walk(part) if isinstance(n, ast.Name)}
        over |= {n.attr for n in ast.walk(loop.iter) if isinstance(n, ast.Attribute)}
        words = _words(over)
        for node in ast.walk(loop):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _COLLECTS:
                root = root_of(node.func)
                found[root] = found.get(root, frozenset()) | words
    for statement in statements_of(tree.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.ListComp(generators=generators)):
                parts = [part for g in generators for part in (g.target, g.iter)]
                found[name] = _words({n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)})
    return found


def _words(names: Set[str]) -> frozenset[str]:
    return frozenset(word for name in names for word in words_of(name) or ["_"])


def _call(call: ast.Call, found: dict[str, Uses]) -> None:
    function = called(call)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    plain = {name for argument in given for name in _plain_parts(argument)}
    for name in names_in(call):
        use = found.setdefault(name, Uses())
        if function in _COLLECTS and isinstance(call.func, ast.Attribute):
            if name in plain:
                use.collected_in.add(root_of(call.func))
        elif not _SHOWS.fullmatch(function) and not (isinstance(call.func, ast.Name) and name == call.func.id):
            use.serves = True


def _shown_in(expression: ast.expr) -> set[str]:
    """Return the names in f-strings, in `"…" % …`, and in calls that show what they are given."""
    found: set[str] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.JoinedStr):
            found |= set(names_in(node))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _is_text(node.left):
            found |= set(names_in(node.right))
        elif isinstance(node, ast.Call) and _SHOWS.fullmatch(called(node)):
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                found |= _plain_parts(argument)
    return found


def _plain_parts(node: ast.expr) -> set[str]:
    """Return the names that stand in an expression as they are, perhaps rounded, in containers too."""
    match node:
        case ast.Name(id=name):
            return {name}
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Dict(values=items):
            return {name for item in items for name in _plain_parts(item)}
        case ast.Call() if called(node) in ("round", "float", "str", "dict", "item", "DataFrame", "Series", "list"):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            owner = [node.func.value] if isinstance(node.func, ast.Attribute) and called(node) == "item" else []
            return {name for item in (*given, *owner) for name in _plain_parts(item)}
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=ast.Constant()):
            return _plain_parts(left)
        case ast.JoinedStr():
            return set(names_in(node))
    return set()


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)
