"""Cells that a run from the top would stop at, since they read what no cell above them sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlexp.dataflow.slice import effects_of, reads_of
from mlexp.dataflow.virtual import Virtual, told_by
from mlexp.records import Execution

MOST = 60
"""Of more cells that never ran nobody looks what they read."""
_ANYTHING = re.compile(r"import[ \t]*\*|\b(?:exec|globals|locals|vars|get_ipython|run_cell)\(|^[ \t]*%", re.MULTILINE)


def unset(executions: Sequence[Execution], virtual: Sequence[Virtual]) -> Iterator[tuple[Virtual, str]]:
    """Yield cells with a name that they read at once and that only a cell elsewhere, or none any more, has set.

    Args:
        executions: Those of the session.
        virtual: The cells of a run from the top, in order.
    """
    bound = {name for e in executions for name in (*e.bound, *(e.rebound or ())) if not name.startswith("_")}
    made: set[str] = set()
    is_open = False  # names may have come from anywhere, such as a star import
    for each in virtual:
        execution = each.execution
        if each.origin is None:
            told = told_by(execution.source)
            missing = {*told.read} - made
            made |= {*told.bound}
        else:
            missing = bound.intersection(reads_of(execution)) - made
        is_open = is_open or _ANYTHING.search(execution.source) is not None
        for name in sorted(missing & bound if is_open else missing):
            yield each, name
        effects = effects_of(execution)
        made |= {*execution.bound, *effects.rebound, *effects.imports}
