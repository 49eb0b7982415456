"""Which earlier executions a tracked one rests on, by names.

Used to tell a run's params from constants that merely stood in the notebook. It errs on the side of too few: what a
called function changes in its arguments is not seen, so nothing is left out of a script on its word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from mlexp.dataflow.bindings import Binding, Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.late import defined_in
from mlexp.dataflow.looks import dressing_in, is_looks_name, is_path
from mlexp.dataflow.needed import fixed_in, matters, mentioned_for, modules_in
from mlexp.dataflow.rules import is_written_data
from mlexp.records import Execution, Outcome


def rests_on(executions: Sequence[Execution], target: Execution) -> tuple[Execution, ...]:
    """Return the executions, up to and with `target`, that bind or plainly change what it reads, in their order."""
    return tuple(link.execution for link in _chain(executions, target))


@dataclass(frozen=True, slots=True)
class _Link:
    """One execution that a run rests on."""

    execution: Execution
    mentions: Set[str]
    """The names in those of its statements that count; of the tracked one, all that it reads."""


def _chain(executions: Sequence[Execution], target: Execution) -> tuple[_Link, ...]:
    late: set[str] = set()  # what functions read: whenever they are called, so at the target at the latest
    while True:
        found = _links(executions, target, late)
        more = {
            n
            for link in found
            for n in _read_late(link.execution.python)
            if n in link.mentions and n in link.execution.read
        }
        if more <= late:
            return found
        late |= more


def _links(executions: Sequence[Execution], target: Execution, late: Set[str]) -> tuple[_Link, ...]:
    earlier = [e for e in executions if e.index < target.index and e.outcome is not Outcome.NOT_RUN]
    modules = frozenset().union(*(modules_in(e.python) for e in earlier))
    fixed = frozenset().union(*(fixed_in(e.python) for e in earlier))
    needed = {*target.read, *late}
    found = [_Link(target, frozenset(target.loaded))]
    for execution in sorted(earlier, key=lambda e: -e.index):
        if not matters(execution.python, execution.bound, needed, modules):
            continue
        mentions = mentioned_for(execution.python, needed, fixed, modules).intersection(execution.loaded)
        needed |= mentions.intersection(execution.read)
        found.append(_Link(execution, mentions))
    return tuple(reversed(found))


def used_bindings(executions: Sequence[Execution], target: Execution) -> dict[str, tuple[Binding, Execution]]:
    """Return how each name was bound that the run reads, and by which execution.

    Hidden names, and those of looks and of data that was written down, are left out.
    """
    links = _chain(executions, target)
    chain = [link.execution for link in links]
    bindings = dict(zip((execution.index for execution in chain), _bindings_of(chain), strict=True))
    found: dict[str, tuple[Binding, Execution]] = {}
    for name, execution in _uses(links):
        found.pop(name, None)
        binding = bindings[execution.index].get(name)
        if binding is None or name.startswith("_") or is_looks_name(name) or is_written_data(name, binding.value):
            continue
        found[name] = binding, execution
    return found


def kinds_before(executions: Sequence[Execution], target: Execution) -> dict[str, Kind]:
    """Return the kinds of the names that the run found bound when its cell began."""
    chain = rests_on(executions, target)
    kinds: dict[str, Kind] = {}
    for execution, bindings in zip(chain[:-1], _bindings_of(chain), strict=False):
        _learn(kinds, execution, bindings)
    return kinds


def _bindings_of(chain: Sequence[Execution]) -> Iterator[Mapping[str, Binding]]:
    kinds: dict[str, Kind] = {}
    for execution in chain:
        known = tuple((name, kinds[name]) for name in execution.loaded if name in kinds)
        bindings = _bindings(execution.python, _end_of(execution), known)
        yield bindings
        _learn(kinds, execution, bindings)


def _learn(kinds: dict[str, Kind], execution: Execution, bindings: Mapping[str, Binding]) -> None:
    for name in execution.bound:
        kinds[name] = bindings[name].known_as if name in bindings else Kind.COMPUTED


def is_param_value(value: object, paths: Sequence[str] = ()) -> bool:
    """Tell whether a constant is a choice: no path, and no empty container, which is a place to put things."""
    if isinstance(value, str):
        held = any(path == value or (value and path.startswith(value.rstrip("/") + "/")) for path in paths)
        return not held and not is_path(value)
    return not (isinstance(value, (list, tuple, set, dict)) and not value)


def _uses(chain: Sequence[_Link]) -> Iterator[tuple[str, Execution]]:
    """Yield each name that an execution of the chain reads, with the execution that had bound it by then.

    A name that was bound anew after its last reader had run is not used in its new meaning; a function reads whenever
    it is mentioned. The order is that of the binding executions; of those that readers saw, the last stands last.
    """
    used: set[tuple[int, str]] = set()
    binders: dict[str, Execution] = {}
    behind: dict[str, set[str]] = {}
    for link in chain:
        execution = link.execution
        through = {inner for name in link.mentions for inner in behind.get(name, ())}
        for name in {*link.mentions, *through} - (_dressing(execution.python) - through):
            if (name in execution.read or name in through) and name in binders:
                used.add((binders[name].index, name))
            if name in execution.bound:
                used.add((execution.index, name))
        binders |= dict.fromkeys(execution.bound, execution)
        reads = {*_read_late(execution.python), *through}
        behind |= {name: reads if name in defined_in(execution.python) else set() for name in execution.bound}
    for link in chain:
        for name in link.execution.bound:
            if (link.execution.index, name) in used:
                yield name, link.execution


def _end_of(execution: Execution) -> int | None:
    """Return the line at which an execution ended early: what stands from there on was not bound. None: it did not."""
    if execution.outcome not in (Outcome.ERROR, Outcome.INTERRUPTED) or execution.error is None:
        return None
    return execution.error.line or 1


# An execution's text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def _read_late(python: str) -> frozenset[str]:
    """Return the names that the bodies of a text's functions mention, arguments left out: read when these are called.

    Defaults and decorators are read at once, when the function is made.
    """
    tree = parse(python)
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            body = node.body if isinstance(node.body, list) else [node.body]
            inner = [*ast.walk(node.args), *(n for part in body for n in ast.walk(part))]
            own = {n.arg for n in inner if isinstance(n, ast.arg)}
            found |= {n.id for part in body for n in ast.walk(part) if isinstance(n, ast.Name)} - own
    return frozenset(found)


@lru_cache(maxsize=4096)
def _bindings(python: str, end: int | None, known: tuple[tuple[str, Kind], ...]) -> Mapping[str, Binding]:
    tree = parse(python)
    if tree is None:
        return MappingProxyType({})
    if end is not None:
        tree.body = [statement for statement in tree.body if (statement.end_lineno or statement.lineno) < end]
    return MappingProxyType(bindings_of(tree, dict(known)))


@lru_cache(maxsize=4096)
def _dressing(python: str) -> frozenset[str]:
    """Return the names that a text reads for nothing but the looks of a figure."""
    tree = parse(python)
    return dressing_in(tree) if tree is not None else frozenset()
