"""The params of the run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from mlexp.capture.fields import fields_of, leaves_of, literal_if_plain
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.dataflow.bindings import Binding, Kind, literal_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.changes import Change, changes_in
from mlexp.dataflow.graph import is_param_value, used_bindings
from mlexp.dataflow.rules import is_settings
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
        known: tuple[Param, ...] = end.facts.get("params", ())
        found = {param.name: param for param in params_in(end, namespace)} | {param.name: param for param in known}
        for name in tracked.options.params:
            if name in found:
                continue
            literal = literal_if_plain(namespace.get(name))
            if name not in namespace:
                tracked.notes.append(f"-p {name}: no such name")
            elif literal is None:
                tracked.notes.append(f"-p {name}: not a plain value")
            else:
                index = end.execution.index
                found[name] = Param(name=name, literal=literal, execution=index, origin=ParamOrigin.FORCED)
        return {"params": tuple(param for name, param in found.items() if name not in tracked.options.metrics)}


def params_in(end: RunEnd, namespace: Mapping[str, object]) -> Iterator[Param]:
    """Yield the params of a run that are found by the rules."""
    paths = [text for e in end.executions for file in e.inputs for text in (file.path, file.resolved)]
    paths += [path for e in end.executions for path in e.writes]
    used = used_bindings(end.executions, end.execution)
    made = [type(namespace[name]) for name in used if name in namespace]
    for name, (binding, execution) in used.items():
        if binding.kind is Kind.CONSTANT:
            if is_param_value(binding.value, paths):
                yield from _constant(binding, execution, namespace, end.executions)
        elif _is_live(name, execution, namespace, end.executions) and _may_be_settings(binding, namespace):
            if type(namespace[name]) is type and any(namespace[name] is cls for cls in made):
                continue  # its instance has the values
            origin = ParamOrigin.INPUT if binding.kind is Kind.TYPED else ParamOrigin.SETTING
            for leaf, literal in leaves_of(name, namespace[name]):
                if is_param_value(ast.literal_eval(literal), paths):
                    yield Param(name=leaf, literal=literal, execution=execution.index, origin=origin)


def _constant(
    binding: Binding, execution: Execution, namespace: Mapping[str, object], executions: Sequence[Execution]
) -> Iterator[Param]:
    """Yield the param of a name that was bound to a constant: as it stands there, or as it was edited since."""
    name, literal = binding.name, literal_of(binding.value)
    param = Param(name=name, literal=literal, execution=execution.index)
    if not _is_live(name, execution, namespace, executions):
        yield param
        return
    value = namespace[name]
    live = literal_if_plain(value)
    if live == literal:
        yield param
    elif type(value) is dict and type(binding.value) is dict:
        change = max((_change(e, name) for e in executions if e.index > execution.index), default=Change.NONE)
        edited = live if change is Change.EDITED or is_settings(name) else None
        if edited is None and is_settings(name):
            edited = literal_if_plain({k: v for k, v in value.items() if literal_if_plain(v) is not None})
        if edited is not None:
            yield Param(name=name, literal=edited, execution=execution.index, origin=ParamOrigin.SETTING)


def _change(execution: Execution, name: str) -> Change:
    tree = parse(execution.python)
    return changes_in(tree).get(name, Change.NONE) if tree is not None else Change.NONE


def _is_live(name: str, execution: Execution, namespace: Mapping[str, object], executions: Sequence[Execution]) -> bool:
    """Tell whether a name still is what that execution bound it to."""
    last = max(e.index for e in executions if e.index == execution.index or name in e.bound)
    return last == execution.index and name in namespace


def _may_be_settings(binding: Binding, namespace: Mapping[str, object]) -> bool:
    """Tell whether a value is one of settings: chosen by its text, or an object of settings made of constants."""
    if binding.kind in (Kind.CHOSEN, Kind.TYPED):
        return True
    node = binding.node
    if binding.kind is not Kind.COMPUTED or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    made = namespace.get(node.func.id) is type(namespace[binding.name])
    computes = any(isinstance(inner, (ast.Name, ast.Call)) for value in given for inner in ast.walk(value))
    return made and not computes and fields_of(namespace[binding.name]) is not None
