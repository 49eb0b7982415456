"""The params of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.dataflow.bindings import literal_of
from mlexp.dataflow.graph import params_of
from mlexp.records import Execution, Param, ParamOrigin


class ParamsPart:
    """Reads them when the cell has ended."""

    what: ClassVar[str] = "read the run's params"

    def begin(self, tracked: Tracked) -> None:
        """Nothing."""

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Read them."""
        if end is None:
            return {}
        namespace = tracked.opening.namespace
        inputs = [text for e in end.executions for file in e.inputs for text in (file.path, file.resolved)]
        constants = params_of(end.executions, end.execution, inputs=inputs)
        found = {p.name: p for p in constants if _still_holds(p, namespace, end.executions)}
        for name in tracked.options.params:
            value = namespace.get(name)
            if name not in namespace:
                tracked.notes.append(f"-p {name}: no such name")
            elif type(value) in (bool, int, str, type(None)) or (type(value) is float and math.isfinite(value)):
                index = end.execution.index
                found[name] = Param(name=name, literal=repr(value), execution=index, origin=ParamOrigin.FORCED)
            else:
                tracked.notes.append(f"-p {name}: not a plain value")
        return {"params": tuple(param for name, param in found.items() if name not in tracked.options.metrics)}


def _still_holds(param: Param, namespace: Mapping[str, object], executions: Sequence[Execution]) -> bool:
    """Tell whether a name still has the value that its text gave it: a container may have been filled since."""
    last = max(e.index for e in executions if e.index == param.execution or param.name in e.bound)
    if last != param.execution or param.name not in namespace:
        return True
    value = namespace[param.name]
    if type(value) not in (bool, int, float, str, type(None), list, tuple, dict, set):
        return False
    return literal_of(value) == param.literal
