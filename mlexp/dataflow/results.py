"""Which executions gave the results that a text reads again by `_`, `__`, `_5` or `Out[5]`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from mlexp.dataflow.cell import parse
from mlexp.records import Execution

_LAST = {"_": 1, "__": 2, "___": 3}
_NUMBERED = re.compile(r"_(\d+)\Z")
ALL = 0
"""Stands for every result: `Out[n]`, whatever `n` is."""


def producers_of(execution: Execution, executions: Sequence[Execution]) -> set[int]:
    """Return the indices of the executions whose results an execution reads.

    Args:
        execution: The reader.
        executions: Those of its session, in order.
    """
    wanted = results_read(execution.python)
    names = {name for name in _LAST if name in execution.read}
    if not wanted and not names:
        return set()
    before = [e for e in executions if e.index < execution.index]
    found: set[int] = set()
    for name in names:
        if any(name in e.bound for e in before):  # the user's own: IPython then leaves it alone
            continue
        results = [e.index for e in before if e.has_result]
        found |= set(results[-_LAST[name] :][:1]) if len(results) >= _LAST[name] else set()
    for number in wanted:
        results = [e.index for e in before if e.has_result and number in (ALL, e.number)]
        found |= set(results if number == ALL else results[-1:])
    return found


@lru_cache(maxsize=4096)
def results_read(python: str) -> frozenset[int]:
    """Return the numbers of the results that a text reads by number; ALL where it may read any."""
    if "_" not in python and "Out" not in python:
        return frozenset()
    tree = parse(python)
    return frozenset(_read(tree)) if tree is not None else frozenset()


def _read(tree: ast.AST) -> Iterator[int]:
    known: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Name(id="Out" | "_oh") as name, slice=ast.Constant(value=int() as number)):
                known.add(id(name))
                yield number
            case ast.Name(id="Out" | "_oh", ctx=ast.Load()) if id(node) not in known:
                yield ALL
            case ast.Name(id=name, ctx=ast.Load()) if match_ := _NUMBERED.match(name):
                yield int(match_[1])
