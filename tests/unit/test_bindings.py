"""How a cell binds its names: the table that tells params, metrics and timings apart."""

import ast
import warnings

import pytest

from mlexp.dataflow.bindings import Kind, NotConstantError, bindings_of, constant_value, literal_of
from mlexp.dataflow.cell import parse

CASES = {
    # constants
    "lr = 0.1": "lr constant",
    "n = -3": "n constant",
    "n = 2**10": "n constant",
    "n = 1 << 20": "n constant",
    "n = 60 * 60 * 24": "n constant",
    "name = 'adam'": "name constant",
    "name = 'ad' 'am'": "name constant",
    "lr = None": "lr constant",
    "on = not True": "on constant",
    "lr: float = 0.1": "lr constant",
    "a = b = 0.5": "a constant, b constant",
    "a, b = 1, 2": "a constant, b constant",
    "(a, [b, c]) = 1, [2, 3]": "a constant, b constant, c constant",
    "sizes = (64, 32)": "sizes constant",
    "sizes = []": "sizes constant",
    "d = {'lr': 0.1, 'deep': {'n': [1, (2,)]}}": "d constant",
    "s = {1, 2}": "s constant",
    # computed
    "auc = score(y, p)": "auc computed",
    "loss = total / n": "loss computed",
    "a, b = f()": "a computed, b computed",
    "a, b = 1, f()": "a constant, b computed",
    "a, *b = 1, 2, 3": "a computed, b computed",
    "a, b = *c, 1": "a computed, b computed",
    "x = y": "x computed",
    "x = f'{y}'": "x computed",
    "x = [i for i in y]": "x computed",
    "x = {**y}": "x computed",
    "x = ...": "x computed",
    "x = b'bytes'": "x computed",
    "x = 1j": "x computed",
    "x = (-1) ** 0.5": "x computed",
    "x = 1 / 0": "x computed",
    "x = 1e400": "x computed",
    "x = 10 ** 5000": "x computed",
    "x = 'a' * 3": "x computed",
    "x = ~True": "x computed",
    "x = 1 << -1": "x computed",
    "if (n := len(x)) > 1:\n    pass": "n computed",
    "print(n := 10)": "n computed",
    "[n := i for i in x]": "n computed",
    "with (f := g()):\n    pass": "f computed",
    "match x:\n    case 1 if (n := f()):\n        pass": "n computed",
    "if c:\n    lr = 0.1\nelse:\n    lr = 0.2": "lr chosen",
    "while c:\n    x = 1": "x chosen",
    "x = 0\nwhile c:\n    x = 1": "x counter",
    "try:\n    a = 1\nexcept E as e:\n    b = 2\nelse:\n    c = 3\nfinally:\n    d = 4": (
        "a chosen, b chosen, c chosen, d chosen"
    ),
    "match x:\n    case [y]:\n        a = 1": "a chosen",
    # clocks
    "t = time.time()": "t clock",
    "t = time()": "t clock",
    "a = b = perf_counter()": "a clock, b clock",
    "t = time.perf_counter_ns()": "t clock",
    "t = datetime.datetime.now()": "t clock",
    "t = time.time()\ntook = time.time() - t": "t clock, took clock",
    "t = time.time()\ntook = round(time.time() - t, 2)": "t clock, took clock",
    "t = time.time()\nms = (time.time() - t) * 1000": "t clock, ms clock",
    "t = datetime.now()\ns = (datetime.now() - t).total_seconds()": "t clock, s clock",
    "took = time.time() - started": "took clock",  # bound by an earlier cell
    "t = time.time()\nrate = n / (time.time() - t)": "t clock, rate computed",
    "x = clock.now() if False else 1": "x computed",
    # typed, chosen, taken
    "n = int(input('n? '))": "n typed",
    "s = input().strip()": "s typed",
    "x = f(input())": "x computed",
    "c = True\nlr = 0.1 if c else 0.2": "c constant, lr chosen",
    "n = n or 5": "n computed",
    "a = 1\nb = a": "a constant, b taken",
    "cfg = {'lr': 0.1}\nlr = cfg['lr']": "cfg constant, lr taken",
    "cfg = {'lr': 0.1}\nx = cfg[key]": "cfg constant, x computed",
    "args = parser.parse_args()\nlr = args.lr": "args chosen, lr taken",
    "lr = mlexp.param('lr', 0.1)": "lr taken",
    "cfg = load_config(path)": "cfg chosen",
    "params, cov = curve_fit(f, x, y)": "params computed, cov computed",
    "opt = Adam(lr=0.1)\nx = opt.best": "opt computed, x computed",
    # counts and positions
    "n = len(x)\nm = n // 2": "n count, m count",
    "n, d = X.shape": "n count, d count",
    "n = len('abc')": "n computed",
    "m = 1.0 * len(x)": "m computed",
    "k = int(0.8 * len(x))": "k count",
    "r = len(x) / len(y)": "r computed",
    "n = len(x[y > 0])": "n computed",
    "p = m.predict(x)\nn = len(p)": "p computed, n computed",
    "n_errors = len(x)": "n_errors computed",
    "i = np.argmax(x)": "i position",
    "best_k = np.argmax(x)": "best_k computed",
    "for i in x:\n    if c:\n        j = i": "i counter, j computed",
    # averages
    "s = 0\nfor i in x:\n    s += f(i)\ns /= n": "s computed, i counter",
    "s = 0\nfor i in x:\n    s += f(i)\ns = s / n": "s computed, i counter",
    # counters
    "n += 1": "n counter",
    "total -= f(x)": "total counter",
    "for i in x:\n    y = i": "i counter, y position",
    "for i, (j, *k) in x:\n    pass": "i counter, j counter, k counter",
    "async for i in x:\n    pass": "i counter",
    "with f() as g, h() as (i, j):\n    a = 1": "g counter, i counter, j counter, a chosen",
    "for i in x:\n    n += 1": "i counter, n counter",
    # the strongest wins
    "n = 0\nn += 1": "n counter",
    "x = 1\nx = f()": "x computed",
    "x = f()\nx = 1": "x computed",
    "x = 1\nx = 2": "x constant",
    "t = 0\nt = time.time()\nt = f()": "t computed",
    "t = f()\nt = time.time()": "t clock",
    "results = {}\nresults['auc'] = f()": "results computed",
    "scores = [0.5]\nscores.append(f())": "scores computed",
    "name = 'a'\nname.upper()": "name constant",
    "took = timer(f)": "took computed",
    "now = dt.now()": "now computed",
    "for i in x:\n    pass\ni = 5": "i counter",
    # no binding of a name
    "lr: float": "",
    "x[0] = 1": "",
    "x.y = 1": "",
    "x[0] += 1": "",
    "import numpy as np": "",
    "def f():\n    a = 1\n    (b := 2)": "",
    "class A:\n    a = 1": "A chosen",
    "class A(B):\n    a = 1": "",
    "class A:\n    a = 1\n    def f(self): pass": "",
    "@d\nclass A:\n    a = 1": "",
    "f = lambda: (n := 1)": "f computed",
    "del x": "",
    "x": "",
}


@pytest.mark.parametrize(("cell", "expected"), CASES.items(), ids=CASES)
def test_how_a_cell_binds_its_names(cell, expected):
    found = bindings_of(parse(cell))
    assert ", ".join(f"{name} {binding.kind.name.lower()}" for name, binding in found.items()) == expected
    assert all(binding.name == name for name, binding in found.items())


VALUES = {
    "0.1": 0.1,
    "-0.0": -0.0,
    "1_000": 1000,
    "0x10": 16,
    "+3": 3,
    "~5": -6,
    "not 0": True,
    "2 ** -1": 0.5,
    "7 // 2": 3,
    "-7 % 3": 2,
    "1 << 4": 16,
    "(1, 'a', None, True)": (1, "a", None, True),
    "[[], ()]": [[], ()],
    "{1: {2: (3,)}}": {1: {2: (3,)}},
    "{'b', 'a'}": {"a", "b"},
    "- - -1": -1,
    "dict(lr=0.1, n={'a': 1})": {"lr": 0.1, "n": {"a": 1}},
    "int(1e5)": 100000,
    "float(3)": 3.0,
}


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES)
def test_the_value_of_a_constant(text, value):
    found = constant_value(ast.parse(text, mode="eval").body)
    assert repr(found) == repr(value) or found == value
    assert type(found) is type(value)


NO_CONSTANTS = (
    "x", "f()", "x.y", "x[0]", "1 + x", "'a' + 'b'", "[1] * 3", "1 if True else 2", "True and False", "1 < 2", "...",
    "b'x'", "1j", "2 ** 100", "10 ** 2 ** 7", "1 / 0", "1 % 0", "1.5 << 1", "1 << 100", "{[]: 1}", "{**x}", "[*x]",
    "lambda: 1", "f'{1}'", "1e400", "1e400 - 1e400", "~True", "-'a'", "(-8) ** 0.5", "await x",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_CONSTANTS)
def test_what_is_no_constant(text):
    with pytest.raises(NotConstantError):
        constant_value(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text", [str(list(range(101))), repr("x" * 3000), "[" * 50 + "]" * 50 + " + 1", str([10**30] * 90)]
)
def test_what_is_too_large_for_a_setting(text):
    with pytest.raises(NotConstantError):
        constant_value(ast.parse(text, mode="eval").body)


def test_reading_constants_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bindings_of(parse("a = ~True\nb = '\\d'\nc = 1 is 1"))["b"].value == "\\d"


LITERALS = {
    "set()": set(),
    "{'a', 'b', 'c'}": {"c", "a", "b"},
    "{'x': [{1, 2}, ({'p', 'q'},)], 'y': ()}": {"x": [{2, 1}, ({"q", "p"},)], "y": ()},
    "(1,)": (1,),
    "'it\\'s'": "it's",
}


@pytest.mark.parametrize(("literal", "value"), [*LITERALS.items()], ids=LITERALS)
def test_a_constant_has_one_text_in_every_process(literal, value):
    found = literal_of(value)
    assert ast.literal_eval(found) == value
    assert ast.literal_eval(literal) == value
    if "it" not in literal:
        assert found == literal


def test_the_kinds_are_ordered_by_strength():
    assert list(Kind) == sorted(Kind)
    assert Kind.CONSTANT < Kind.CHOSEN < Kind.TYPED < Kind.COMPUTED < Kind.CLOCK < Kind.COUNTER
