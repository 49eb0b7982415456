"""Whether the random numbers of a run are those that a run from the top would draw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from mlexp.dataflow.virtual import Virtual, seeds
from mlexp.records import Execution, GeneratorState

_DRAWS = re.compile(r"\brandom\b|\brand\w*\(|\bshuffle\b|\bsample\(|\btrain_test_split\b|\bpermutation\b")


def rolls(
    executions: Sequence[Execution],
    target: Execution,
    needed: Set[int] | Sequence[int],
    virtual: Sequence[Virtual],
) -> Iterator[tuple[str, bool]]:
    """Yield what speaks against it, and whether it is known.

    Args:
        executions: Those of the session, in order.
        target: The tracked one.
        needed: Indices of the executions that the run needs.
        virtual: The cells above the target, as a run from the top would run them.
    """
    wanted = set(needed)
    steps = [v.origin for v in virtual if v.origin is not None] + [target]
    users = [e for e in steps if e.index in wanted or e is target]
    for generator in dict.fromkeys(s.generator for e in users for s in e.generators if _moved(s)):
        yield from _rolled(generator, executions, steps, wanted | {target.index})
        for each in virtual:
            text = each.execution.source
            if each.origin is None and (seeds(text) or _DRAWS.search(text)):
                yield f"a cell that never ran would draw or seed random numbers of `{generator}`", seeds(text)
                break


def _rolled(
    generator: str, executions: Sequence[Execution], steps: Sequence[Execution], wanted: Set[int]
) -> Iterator[tuple[str, bool]]:
    state: str | None = None
    is_off = False  # from here on a run from the top would have another state
    seeders = _seeders(executions)
    for execution in steps:
        move = next((s for s in execution.generators if s.generator == generator and not s.variable), None)
        if move is None or not _moved(move):
            continue
        seeded = seeds(execution.python) or not seeders.isdisjoint(execution.read)
        is_off = not seeded and (is_off or state != move.before)
        if is_off and execution.index in wanted:
            yield _why(generator, execution, executions, state)
            return
        state = move.after


def _why(generator: str, execution: Execution, executions: Sequence[Execution], state: str | None) -> tuple[str, bool]:
    name = f"In [{execution.number}]"
    if state is None and not any(_sets(e, generator) for e in executions if e.index < execution.index):
        unseen = any(not e.observed and seeds(e.python) for e in executions)
        return f"{name} drew random numbers of `{generator}` that nothing had seeded", not unseen
    movers = [e for e in executions if e.index < execution.index and _sets(e, generator)]
    by = f"In [{movers[-1].number}]" if movers else "something else"
    return f"{name} drew other random numbers of `{generator}` than a run from the top would: {by} had moved it", True


def _sets(execution: Execution, generator: str) -> bool:
    return any(s.generator == generator and not s.variable and _moved(s) for s in execution.generators)


def _seeders(executions: Sequence[Execution]) -> frozenset[str]:
    """Return names of the user's functions that may seed."""
    return frozenset(name for e in executions if "def " in e.python and seeds(e.python) for name in e.bound)


def _moved(state: GeneratorState) -> bool:
    return not state.variable and state.before != state.after
