"""Which executions a tracked one rests on, and so which constants are its params."""

import dataclasses

import pytest

from mlexp.dataflow.bindings import Kind, literal_of
from mlexp.dataflow.graph import is_param_value, rests_on, used_bindings
from mlexp.dataflow.names import names_of
from mlexp.records import ErrorRecord, Outcome, Param
from mlexp.testing import samples


def params_of(executions, target, *, paths=()):
    """The params that stand in the text: names bound to constants where the run rests on them."""
    return tuple(
        Param(name=name, literal=literal_of(binding.value), execution=execution.index)
        for name, (binding, execution) in used_bindings(executions, target).items()
        if binding.kind is Kind.CONSTANT and is_param_value(binding.value, paths)
    )


def session(*cells):
    """The executions of a session; a cell that ends in `!` could not be compiled."""
    found = []
    for index, cell in enumerate(cells):
        names = names_of(cell.removesuffix("!"))
        outcome = Outcome.NOT_RUN if cell.endswith("!") else Outcome.OK
        fields = {"bound": names.bound, "read": names.read, "loaded": names.loaded, "outcome": outcome}
        found.append(samples.execution(index, cell, **fields))
    return found


RESTS = {
    "what it reads": (["a = 1", "b = 2", "c = a"], [0, 2]),
    "what that reads": (["a = 1", "b = a", "z = 0", "c = b"], [0, 1, 3]),
    "in-place changes": (["a = []", "a.append(1)", "b = a"], [0, 1, 2]),
    "items set": (["d = {}", "d['k'] = 1", "x = d"], [0, 1, 2]),
    "what it adds to": (["n = 0", "m = 0", "n += 1"], [0, 2]),
    "all that bound it": (["a = 1", "a = 2", "b = a"], [0, 1, 2]),
    "functions and what they read": (["k = 3", "def f():\n    return k", "x = f()"], [0, 1, 2]),
    "imports": (["import numpy as np", "x = np.ones(3)"], [0, 1]),
    "nothing": (["a = 1", "b = 2"], [1]),
    "no figure of another cell": (
        ["import matplotlib.pyplot as plt", "w = 3\nplt.plot(f(w))", "x = 1\nplt.plot(x)"],
        [0, 2],
    ),
    "what seeds": (["import numpy as np", "np.random.seed(1)", "x = f()"], [0, 1, 2]),
    "a setting of a module": (["import config", "config.lr = 1", "x = config.lr"], [0, 1, 2]),
    "what fits a model": (["m = Model()", "h = m.fit(X)", "p = m.predict(X)", "x = m.score()"], [0, 1, 3]),
    "what trains one": (["m = Model()", "losses = train_net(m, X)", "x = m.score()"], [0, 1, 2]),
    "not what came later": (["a = 1", "b = a", "a = 5"], None),
    "not what did not run": (["a = 1", "a = 2 !", "b = a"], [0, 2]),
}


@pytest.mark.parametrize(("cells", "expected"), RESTS.values(), ids=RESTS)
def test_an_execution_rests_on(cells, expected):
    executions = session(*cells)
    if expected is None:
        executions, target, expected = executions, executions[1], [0, 1]
    else:
        target = executions[-1]
    assert [execution.index for execution in rests_on(executions, target)] == expected
    assert [execution.index for execution in rests_on(executions[::-1], target)] == expected


PARAMS = {
    "read in its own cell": (["lr = 0.1\nx = f(lr)"], "lr=0.1"),
    "read in a later cell": (["lr = 0.1", "x = f(lr)"], "lr=0.1"),
    "only stood there": (["lr = 0.1", "n = 5\nx = f(n)"], "n=5"),
    "never read": (["lr = 0.1\nx = f()"], ""),
    "read by a function": (["k = 3", "def f():\n    return k", "x = f()"], "k=3"),
    "the last counts": (["lr = 0.1", "lr = 0.2", "x = f(lr)"], "lr=0.2"),
    "computed at last": (["lr = 0.1", "lr = f()", "x = g(lr)"], ""),
    "computed before": (["lr = f()", "lr = 0.1", "x = g(lr)"], "lr=0.1"),
    "counters": (["n = 0", "for i in r:\n    n += i", "x = f(n)"], ""),
    "decided by a condition": (["if c:\n    lr = 0.1\nx = f(lr)"], ""),
    "what the readers saw, not what came after them": (["k = 1", "y = f(k)", "k = 2", "x = g(y)"], "k=1"),
    "what a function sees when it is called": (["k = 3", "def f():\n    return k", "k = 5", "x = f()"], "k=5"),
    "through two functions": (
        ["k = 3", "def f():\n    return k", "def g():\n    return f()", "k = 5", "x = g()"],
        "k=5",
    ),
    "what a default was when the function was made": (
        ["lr = 0.1", "def f(x, lr=lr):\n    return x * lr", "lr = 0.5", "y = f(3.0)"],
        "lr=0.1",
    ),
    "through a method": (["k = 3", "class A:\n    def f(self):\n        return k", "k = 5", "x = A().f()"], "k=5"),
    "through a lambda": (["k = 3", "f = lambda: k", "k = 5", "x = f()"], "k=5"),
    "of two readers, the last": (["k = 1", "y = f(k)", "k = 2", "x = g(y, k)"], "k=2"),
    "in the order of the last binding": (["a = 1", "b = 2", "a = 3", "x = f(a, b)"], "b=2 a=3"),
    "hidden names": (["_a = 1", "x = f(_a)"], ""),
    "empty containers": (["rows = []", "d = {}", "x = f(rows, d)"], ""),
    "containers": (["sizes = (64, 32)", "x = f(sizes)"], "sizes=(64, 32)"),
    "sets, in one order": (["s = {'b', 'a', 'c'}", "x = f(s)"], "s={'a', 'b', 'c'}"),
    "None and texts": (["a = None", "b = ''", "x = f(a, b)"], "a=None b=''"),
    "a file's path": (["path = 'data/train.csv'", "x = f(path)"], ""),
    "a file's folder": (["folder = 'data/'", "x = f(folder)"], ""),
    "another path": (["path = 'data/test.csv'", "x = f(path)"], ""),
    "a name with a slash": (["name = 'google/vit'", "x = f(name)"], "name='google/vit'"),
    "a seed": (["seed = 7", "np.random.seed(seed)\nn = 5\nz = f(n)", "x = np.random.rand()"], "seed=7"),
    "of another figure": (["w = 3\nplt.plot(f(w))", "k = 2\nx = f(k)\nplt.plot(x)"], "k=2"),
    "of the same cell, of something else": (["k = 1\nn = 5\na = f(n)\nb = f(k)", "x = g(a)"], "n=5"),
    "beside an import": (["X = f()", "import m\nk = 3\nr = m.g(X, k)", "x = m.h(X)"], ""),
    "of what may change a model": (["n = 5\nm = Model()\nh = m.fit(X, n)", "x = m.score()"], "n=5"),
    "of a loop that fills": (["n = 5\nrows = []\nfor i in range(n):\n    rows.append(i)", "x = f(rows)"], "n=5"),
    "what only dresses a figure": (["size = (8, 4)", "plt.figure(figsize=size)\nx = f()"], ""),
    "what a plot of any library is given": (["at = [1, 2]", "m.graphics.violinplot(d, labels=at)\nx = f()"], ""),
    "what dresses a figure and more": (["k = 4", "plt.plot(k)\nx = f(k)"], "k=4"),
}


@pytest.mark.parametrize(("cells", "expected"), PARAMS.values(), ids=PARAMS)
def test_the_params_of_a_run(cells, expected):
    executions = session(*cells)
    found = params_of(executions, executions[-1], paths=["data/train.csv"])
    assert " ".join(f"{param.name}={param.literal}" for param in found) == expected


def test_a_param_knows_its_value_and_where_it_was_bound():
    executions = session("a = 1", "lr = 2**-3", "x = f(lr)")
    (param,) = params_of(executions, executions[-1])
    assert (param.name, param.value, param.execution) == ("lr", 0.125, 1)


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.INTERRUPTED])
def test_what_an_execution_did_not_reach_is_not_bound(outcome):
    first, target = session("n = 3\nwait()\nn = 4", "x = f(n)")
    error = ErrorRecord(type="KeyboardInterrupt", message="", line=2)
    first = dataclasses.replace(first, outcome=outcome, error=error)
    assert [(param.name, param.value) for param in params_of([first, target], target)] == [("n", 3)]


def test_what_ended_at_an_unknown_line_gives_no_param():
    first, target = session("n = 3\nwait()\nn = 4", "x = f(n)")
    first = dataclasses.replace(first, outcome=Outcome.ERROR, error=ErrorRecord(type="ValueError", message=""))
    assert params_of([first, target], target) == ()
