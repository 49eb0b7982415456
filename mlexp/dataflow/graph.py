"""Which earlier executions a tracked one rests on, by names.

Used to tell a run's params from constants that merely stood in the notebook. It errs on the side of too few: what a
called function changes in its arguments is not seen, so nothing is left out of a script on its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from mlexp.dataflow.bindings import Binding, Kind, bindings_of, literal_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import changed_in_place
from mlexp.records import Execution, Outcome, Param


def rests_on(executions: Sequence[Execution], target: Execution) -> tuple[Execution, ...]:
    """Return the executions, up to and with `target`, that bind or plainly change what it reads, in their order."""
    needed = set(target.read)
    found = [target]
    for execution in sorted((e for e in executions if e.index < target.index), key=lambda e: -e.index):
        if execution.outcome is Outcome.NOT_RUN:
            continue
        changed = _changed(execution.python)
        if needed.isdisjoint(execution.bound) and needed.isdisjoint(changed):
            continue
        needed |= set(execution.read)
        found.append(execution)
    return tuple(reversed(found))


def params_of(executions: Sequence[Execution], target: Execution, *, inputs: Sequence[str] = ()) -> tuple[Param, ...]:
    """Return the params of a run: names bound to constants where the run rests on them, and read there.

    Args:
        executions: The session's executions.
        target: The tracked one.
        inputs: Paths of the files that were read; a name that holds one is no param.
    """
    chain = rests_on(executions, target)
    read = {name for execution in chain for name in execution.loaded}
    effective: dict[str, Param | None] = {}
    for execution in chain:
        kinds = _bindings(execution.python)
        for name in execution.bound:
            binding = kinds.get(name)
            chosen = binding is not None and _is_param(binding, inputs) and name in read
            effective.pop(name, None)
            effective[name] = (
                Param(name=name, literal=literal_of(binding.value), execution=execution.index)
                if chosen and binding is not None
                else None
            )
    return tuple(param for param in effective.values() if param is not None)


# An execution's text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def _changed(python: str) -> frozenset[str]:
    tree = parse(python)
    return changed_in_place(tree) if tree is not None else frozenset()


@lru_cache(maxsize=4096)
def _bindings(python: str) -> Mapping[str, Binding]:
    tree = parse(python)
    return MappingProxyType(bindings_of(tree)) if tree is not None else MappingProxyType({})


def _is_param(binding: Binding, inputs: Sequence[str]) -> bool:
    if binding.kind is not Kind.CONSTANT or binding.name.startswith("_"):
        return False
    value = binding.value
    if isinstance(value, str):
        return not any(path == value or (value and path.startswith(value.rstrip("/") + "/")) for path in inputs)
    return not (isinstance(value, (list, tuple, set, dict)) and not value)  # an empty one is a place to put things
