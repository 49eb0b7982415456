"""Metrics get an expression that gives them when the script has ended; a number that was only shown gets a name."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.naming import OWN_NAMES
from mlexp.pipeline.script import Script, ScriptMetric
from mlexp.records import MetricOrigin


def name_metrics(script: Script) -> Script:
    """Say for each metric of the run how the script reads it."""
    metrics = []
    last = script.sections[-1]
    source = last.source
    scores = dict(script.scores)
    result = ""  # what the value of the last expression is called
    for metric in script.run.metrics:
        expression = metric.expression
        if metric.origin is MetricOrigin.CALLED:
            if metric.name not in scores:
                continue  # the proof says so
            expression = scores[metric.name]
        if metric.origin is MetricOrigin.BOUND and not expression:
            continue  # of a function's variable, which is gone when the script ends
        if metric.origin is MetricOrigin.RESULT:
            if not result:
                named = _bind_result(source, _free_name("result" if expression else metric.name, script))
                if named is None:
                    continue
                source, result = named
            expression = _of_result(expression, result) if expression else result
        metrics.append(ScriptMetric(name=metric.name, expression=expression, recorded=metric.value))
    sections = (*script.sections[:-1], replace(last, source=source))
    return replace(script, sections=sections, metrics=tuple(metrics))


def _of_result(expression: str, name: str) -> str:
    """Return an expression over `_`, which is the value of the last expression, over its name in the script."""
    tree = ast.parse(expression, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "_":
            node.id = name
    return ast.unparse(tree)


def _bind_result(source: str, name: str) -> tuple[str, str] | None:
    tree = parse(source)
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    edits = Edits(source)
    edits.insert_before(tree.body[-1], f"{name} = ")
    return edits.done(), name


def _free_name(metric: str, script: Script) -> str:
    name = re.sub(r"\W", "_", metric)
    name = f"_{name}" if not name.isidentifier() or keyword.iskeyword(name) else name
    taken = {n for section in script.sections for n in (*section.execution.bound, *section.execution.loaded)}
    taken |= {*OWN_NAMES, *dir(builtins)}
    while name in taken:
        name += "_"
    return name
