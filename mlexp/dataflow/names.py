"""Which names a cell binds and which it reads, by its text alone.

The compiler's own symbol tables decide what is local to what, so comprehensions, lambdas, classes and `global` come out
as Python has them. Reads inside functions count: they happen when the function is called, and then at the latest.
"""

from __future__ import annotations

import ast
import builtins
import copy
import keyword
import re
import symtable
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from mlexp.dataflow.cell import TEXT, magic_call, parse, quietly
from mlexp.dataflow.flow import found_before
from mlexp.dataflow.hidden_reads import hidden_reads
from mlexp.dataflow.surely import bound_surely
from mlexp.dataflow.walking import children_of, root_of, walk

_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "__file__"}


_TIMED = "__timed__"
_AUGMENTS = re.compile(r"[-+*/%@&|^<>]=")
"""Stands in each text that has an operator such as `+=`."""
_OPTIONS = re.compile(r"\s*(?:-{1,2}[a-zA-Z][\w-]*(?:[ =]?\d+)?\s+)*")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a cell, each list sorted; built-in ones are left out of what is read."""

    bound: tuple[str, ...] = ()
    """Bound at top level, or by `global` in a function."""
    loaded: tuple[str, ...] = ()
    """Read somewhere."""
    read: tuple[str, ...] = ()
    """Of these, the ones whose value may come from before the cell."""
    sure: tuple[tuple[str, int], ...] = ()
    """Names that a straight line binds, each with the last line of the first statement that does."""
    hidden: tuple[str, ...] = ()
    """Of those read, the ones that only a text within it names: one that it evaluates or gives to the shell."""
    reads_all: bool = False
    """Whether the text may read any name: by `eval`, `globals()` and the like."""


def names_of(python: str, own: Set[str] = frozenset(), namespace: Mapping[str, object] | None = None) -> Names:
    """Return the names of a cell; nothing for a text that does not compile.

    Args:
        python: The cell.
        own: Names that earlier cells bound; of those that are built in, these are the user's.
        namespace: The variables before it runs: they tell whether a loop surely has a first turn.
    """
    tree = parse(python)
    if tree is None:
        return Names()
    sure = bound_surely(tree, {} if namespace is None else namespace, own)
    hidden = hidden_reads(python, tree)
    if hidden.by_call:
        tree = _Told(hidden.by_call).visit(tree)
        python = ast.unparse(tree)
    python, tree = _with_timed(python, tree)
    try:
        with quietly():
            table = symtable.symtable(_without_inlining(python, tree), TEXT, "exec")
    except (SyntaxError, ValueError, RecursionError):
        return Names()
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    bound.discard(_TIMED)
    loaded = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    for inner in _inner_tables(table):
        for symbol in inner.get_symbols():
            if symbol.is_global():
                (bound if symbol.is_assigned() else loaded).add(symbol.get_name())
                if symbol.is_referenced():
                    loaded.add(symbol.get_name())
    loaded = (loaded | (_augmented(tree) if _AUGMENTS.search(python) else set())) - (_BUILTINS - bound - own)
    before = found_before(tree, {} if namespace is None else namespace, own | bound)
    return Names(
        bound=tuple(sorted(bound)),
        loaded=tuple(sorted(loaded)),
        read=tuple(sorted(loaded & before)),
        sure=tuple(sure.items()),
        hidden=tuple(sorted(loaded & set().union(*hidden.by_call.values()))),
        reads_all=hidden.reads_all,
    )


def rebound_builtins(namespace: Mapping[str, object], given: Mapping[str, object]) -> frozenset[str]:
    """Return the built-in names that a user bound to something else.

    Args:
        namespace: The user's variables.
        given: Those that the shell put there itself, such as its own `open`.
    """
    return frozenset(
        name for name in _BUILTINS if name in namespace and not (name in given and namespace[name] is given[name])
    ) - {"__name__", "__file__", "__doc__", "__builtins__", "__loader__", "__spec__", "__package__"}


def _with_timed(python: str, tree: ast.Module) -> tuple[str, ast.Module]:
    """Return a text in which the statements of `%time …` and `%timeit …` stand in place of these lines.

    `%timeit` runs its statement in a function of its own: it reads the names and binds none.
    """
    if "run_line_magic" not in python:
        return python, tree
    timed = _Timed()
    changed = ast.fix_missing_locations(timed.visit(copy.deepcopy(tree)))
    return (ast.unparse(changed), changed) if timed.found else (python, tree)


class _Told(ast.NodeTransformer):
    """Gives the names that a call's texts read to the call, so that they stand where they are read."""

    def __init__(self, by_call: Mapping[int, Set[str]]) -> None:
        self._by_call = by_call

    def visit_Call(self, node: ast.Call) -> ast.AST:
        names = self._by_call.get(id(node), ())
        self.generic_visit(node)
        for name in sorted(names):
            if name.isidentifier() and not keyword.iskeyword(name):
                node.keywords.append(ast.keyword(None, ast.Name(name, ast.Load())))
        return ast.fix_missing_locations(node)


class _Timed(ast.NodeTransformer):
    found = False

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = magic_call(node.value)
        if call is None or call[0] != "run_line_magic" or len(call[1]) != 2 or call[1][0] not in ("time", "timeit"):
            return self.generic_visit(node)
        inner = timed_statement(call[1][1])
        if inner is None:
            return node
        self.found = True
        if call[1][0] == "time":
            return inner.body
        function = ast.parse(f"def {_TIMED}(): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        function.body = inner.body
        return function


def timed_statement(line: str) -> ast.Module | None:
    """Return the statement behind `%time` or `%timeit`, without the options that stand before it."""
    return parse(_OPTIONS.sub("", line, count=1))


def _without_inlining(python: str, tree: ast.Module) -> str:
    """Return a text of the same names whose comprehensions have scopes of their own.

    From Python 3.12 on the symbol table counts the names of a comprehension among those of the scope around it
    (PEP 709); a generator expression still has its own.
    """
    comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp)
    if sys.hexversion < 0x030C0000 or not any(isinstance(node, comprehensions) for node in walk(tree)):
        return python
    return ast.unparse(_AsGenerators().visit(copy.deepcopy(tree)))


class _AsGenerators(ast.NodeTransformer):
    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.generic_visit(ast.GeneratorExp(pair, node.generators))


def _augmented(tree: ast.Module) -> set[str]:
    """Return the global names in `name += …`: the symbol tables call them bound, and Python reads them, too."""
    found: set[str] = set()
    pending: list[tuple[ast.AST, bool, set[str]]] = [(tree, True, set())]
    while pending:
        node, outside, declared = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            outside = False
            declared = {name for inner in walk(node) if isinstance(inner, ast.Global) for name in inner.names}
        elif isinstance(node, ast.AugAssign):
            found |= {n.id for n in [node.target] if isinstance(n, ast.Name) and (outside or n.id in declared)}
        pending.extend((child, outside, declared) for child in children_of(node))
    return found


def _inner_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inner_tables(child)


def changed_in_place(tree: ast.Module) -> frozenset[str]:
    """Return the names whose objects the text plainly changes: by item, attribute, operator or a bare method call.

    Plainly only: what a called function does to its arguments is not seen here.
    """
    found = set()
    for node in walk(tree):
        if isinstance(node, ast.AugAssign):
            found.add(root_of(node.target))
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(root_of(node))
        elif isinstance(node, ast.Expr):
            call = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                found.add(root_of(call.func))
    return frozenset(name for name in found if name)
