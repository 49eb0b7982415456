"""Imports in cells: what they bind, which cell is to be taken for one, and a cell with nothing else left in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from mlexp.dataflow.cell import magic_call, parse
from mlexp.records import Execution, Outcome

_SETS_UP = frozenset({"matplotlib", "load_ext", "reload_ext", "config", "autoreload", "precision", "pylab"})


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def imports_in(python: str) -> Mapping[str, str]:
    """Return the names that a text binds by one import and nothing else, with what each stands for: "math:sqrt"."""
    tree = parse(python)
    found: dict[str, str] = {}
    others: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        named = _bound_by(node)
        if named is None:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                others.add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                others.add(node.name)
            continue
        others |= {name for name, module in named.items() if found.get(name, module) != module}
        found |= named
    return MappingProxyType({name: module for name, module in found.items() if name not in others and name != "*"})


def _bound_by(node: ast.AST) -> dict[str, str] | None:
    """Return what an import binds, and to what; None for what is no import."""
    if isinstance(node, ast.Import):
        return {a.asname or a.name.partition(".")[0]: a.name if a.asname else _package(a.name) for a in node.names}
    if isinstance(node, ast.ImportFrom):
        return {a.asname or a.name: f"{'.' * node.level}{node.module or ''}:{a.name}" for a in node.names}
    return None


def _package(module: str) -> str:
    return module.partition(".")[0]


def importers_of(
    wanted: Mapping[str, Sequence[int]], needed: Set[int], executions: Sequence[Execution]
) -> dict[int, frozenset[str]]:
    """Return executions to be taken for their imports, with the labels that each one serves.

    Any that imports a module will do, so one that is needed anyway is best; then one that serves for much, one that
    does nothing else, and the earliest.

    Args:
        wanted: Names or modules, with the executions any one of which imports them.
        needed: Executions that are taken in any case.
        executions: Those of the session.
    """
    texts = {execution.index: execution.python for execution in executions}
    open_ = {label: set(indices) for label, indices in wanted.items() if needed.isdisjoint(indices)}
    found: dict[int, frozenset[str]] = {}
    while open_:
        serves: dict[int, list[str]] = {}
        for label, indices in open_.items():
            for index in indices:
                serves.setdefault(index, []).append(label)
        best = min(serves, key=lambda index: (-len(serves[index]), not only_imports(texts[index]), index))
        found[best] = frozenset(serves[best])
        open_ = {label: indices for label, indices in open_.items() if best not in indices}
    return found


@lru_cache(maxsize=4096)
def only_imports(python: str) -> bool:
    """Tell whether a text does nothing but import, and set the notebook up."""
    tree = parse(python)
    return tree is not None and all(map(_is_import_or_nothing, tree.body))


def _is_import_or_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    magic = magic_call(statement.value)
    return isinstance(statement.value, ast.Constant) or (magic is not None and (*magic[1], "")[0] in _SETS_UP)


def with_imports_alone(execution: Execution, labels: Set[str]) -> Execution:
    """Return an execution as if it had done nothing but some of its imports.

    It is left as it is where it does nothing else anyway, or where an import does not stand by itself.

    Args:
        execution: The execution.
        labels: Names that its imports bind, or modules.
    """
    if only_imports(execution.python):
        return execution
    names = {label.partition("=")[0] for label in labels}
    tree = parse(execution.python)
    kept = [s for s in (tree.body if tree is not None else ()) if _serves(s, names)]
    served = {label for s in kept for label in names if _serves(s, {label})}
    if served != names:
        return execution
    lines = execution.python.split("\n")
    texts = ["\n".join(lines[s.lineno - 1 : s.end_lineno]) for s in kept]
    if any(parse(text) is None or len(parse(text).body) != 1 for text in texts):  # type: ignore[union-attr]  # parsed
        texts = [ast.unparse(statement) for statement in kept]
    python = "\n".join(texts)
    return replace(
        execution, source=python, python=python, outcome=Outcome.OK, error=None, generators=(), inputs=(), writes=(),
        appends=(), removes=(), n_figures=0, has_result=False, answers=(), state=(), declared=(),
    )  # fmt: skip


def _serves(statement: ast.stmt, names: Set[str]) -> bool:
    """Tell whether an import binds one of some names, or loads one of some modules."""
    bound = _bound_by(statement)
    if bound is None:
        return False
    loaded = {alias.name for alias in statement.names} if isinstance(statement, ast.Import) else set[str]()
    if isinstance(statement, ast.ImportFrom) and statement.module:
        loaded |= {statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)}
    return not names.isdisjoint(bound) or not names.isdisjoint(loaded)
