"""Plays cells as a session and returns what the rules find in the last one."""

import ast
import contextlib
import io

from mlexp.capture.measures import found_in
from mlexp.capture.parts.base import RunEnd
from mlexp.capture.parts.params import params_in
from mlexp.dataflow.cell import parse
from mlexp.dataflow.graph import kinds_before
from mlexp.dataflow.names import names_of
from mlexp.testing import samples


class Played:
    """What is found of a session's last cell."""

    def __init__(self, *cells, prelude="", **given):
        self.namespace = dict(given)
        if prelude:
            exec(prelude, self.namespace)
        executions, value = [], None
        for index, cell in enumerate(cells):
            value = self._execute(cell)
            names = names_of(cell, {name for e in executions for name in e.bound})
            fields = {"bound": names.bound, "read": names.read, "loaded": names.loaded}
            executions.append(samples.execution(index, cell, **fields))
        end = RunEnd(execution=executions[-1], executions=executions, value=value, facts={})
        self.found = found_in(parse(cells[-1]), self.namespace, value, known=kinds_before(executions, executions[-1]))
        self.all_params = tuple(params_in(end, self.namespace))

    def _execute(self, cell):
        tree = ast.parse(cell)
        with contextlib.redirect_stdout(io.StringIO()):
            if tree.body and isinstance(tree.body[-1], ast.Expr):
                exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), self.namespace)
                return eval(compile(ast.Expression(tree.body[-1].value), "cell", "eval"), self.namespace)
            exec(compile(tree, "cell", "exec"), self.namespace)
        return None

    @property
    def params(self):
        return {param.name: param.value for param in self.all_params}

    @property
    def metrics(self):
        return {metric.name: metric.value for metric in self.found.metrics}

    @property
    def timings(self):
        return {timing.name for timing in self.found.timings}

    @property
    def curves(self):
        return {curve.name: list(curve.values) for curve in self.found.curves}
