"""Which names a cell binds, and which it reads from before."""

import warnings

import pytest

from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import changed_in_place, names_of

CASES = {  # cell: (bound, read; after a | what is read, but surely bound first)
    "x = 1": "x ←",
    "x = y": "x ← y",
    "x = x + 1": "x ← x",
    "x += 1": "x ← x",
    "x = 0\nx += 1": "x ← | x",
    "x = 1\nprint(x)": "x ← | x",
    "print(x)\nx = 1": "x ← x",
    "x[0] = 1": "← x",
    "x.y += 1": "← x",
    "del x[0]": "← x",
    "a, (b, *c) = t": "a b c ← t",
    "x = y = z": "x y ← z",
    # bound by some paths only
    "if c:\n    x = 1\nprint(x)": "x ← c x",
    "for i in r:\n    pass\nprint(i)": "i ← i r",
    "with o as h:\n    print(h)": "h ← o | h",
    "with o:\n    x = 1\nx": "x ← o | x",
    "with suppress(E):\n    x = 1\nx": "x ← E suppress x",
    "try:\n    x = f()\nexcept E as e:\n    print(e)": "e x ← E f | e",
    "try:\n    x = f()\nexcept E:\n    x = 1\nx": "x ← E f | x",
    "try:\n    x = f()\nexcept E:\n    pass\nx": "x ← E f x",
    "try:\n    pass\nfinally:\n    x = 1\nx": "x ← | x",
    "for k in r:\n    x = k\n    x": "k x ← r | k x",
    "for k in r:\n    x = k\nx": "k x ← r x | k",
    "for k in r:\n    x\n    x = k": "k x ← r x | k",
    "while c:\n    x = 1\n    x": "x ← c | x",
    "if c:\n    x = 1\nelse:\n    x = 2\nx": "x ← c | x",
    "if c:\n    x = 1\nelse:\n    raise E\nx": "x ← E c | x",
    "if c:\n    x = 1\nx": "x ← c x",
    "c and (x := 1)\nx": "x ← c x",
    "(x := 1) and x": "x ← | x",
    "match v:\n    case [a, *b]:\n        a, b": "a b ← v | a b",
    "x = 1\ndel x\nx": "x ← x",
    # imports
    "import a.b, c as d\nfrom e import f as g, h": "a d g h ←",
    "import os\nos.getcwd()": "os ← | os",
    "from m import *\nprint(q)": "← q",
    # comprehensions and lambdas
    "[i for i in xs]": "← xs",
    "[i + j for i in xs for j in ys if k]": "← k xs ys",
    "{k: v for k, v in d.items()}": "← d",
    "i = 1\n[i for i in xs]": "i ← xs",
    "[y := f(i) for i in xs]": "y ← f xs",
    "g = lambda a, b=c, *d: a + b + e": "g ← c e",
    "f = lambda: f()": "f ← | f",
    # functions
    "def f(a, b=d) -> r:\n    return a + g": "f ← d g r",
    "def f():\n    x = 1\n    x += 1\n    return x": "f ←",
    "def f():\n    global n\n    n = 1": "f n ←",
    "def f():\n    global n\n    n += 1": "f n ← n",
    "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return g": "f ←",
    "def f():\n    def g():\n        return deep\n    return g": "f ← deep",
    "def f():\n    return y\ny = 1": "f y ← | y",
    "def f():\n    return y\nf()\ny = 1": "f y ← y | f",
    "def f():\n    return y\ndef g():\n    return f()\ny = 1": "f g y ← | f y",
    "def f():\n    return y\ndef g():\n    return f()\ng()\ny = 1": "f g y ← y | f g",
    "def f(a=y):\n    return a\ny = 1": "f y ← y",
    "@dec\ndef f():\n    return y\ny = 1": "f y ← dec y",
    "def f():\n    return f": "f ← | f",
    "@dec\ndef f():\n    pass": "f ← dec",
    "async def f():\n    async with a as b:\n        await c": "f ← a c",
    # classes
    "class A(B, metaclass=M):\n    x = y\n    def m(self):\n        return self.x + z": "A ← B M y z",
    "class A:\n    x = 1\n    def m(self):\n        return x": "A ← x",
    # others
    "await f(x)": "← f x",
    "y = [a async for a in b]": "y ← b",
    "print(f'{v!r:>{w}}')": "← v w",
    "if (n := len(a)) > 1:\n    pass": "n ← a",
    "match v:\n    case [a, *b]:\n        c\n    case {'k': d, **e}:\n        1": "a b d e ← c v",
    "match v:\n    case P(x=1) as q:\n        1": "q ← P v",
    "print(len(x), __name__, get_ipython(), display)": "← x",
    "global q\nq = 1": "q ←",
    "": "←",
    "# only a comment": "←",
    # what does not compile
    "x = = 1": "←",
    "x = '\0'": "←",
    "(" * 500: "←",
}


@pytest.mark.parametrize(("cell", "expected"), CASES.items(), ids=[repr(cell[:60]) for cell in CASES])
def test_the_names_of_a_cell(cell, expected):
    bound, _, mentioned = expected.partition("←")
    read, _, later = mentioned.partition("|")
    names = names_of(cell)
    assert names.bound == tuple(bound.split())
    assert names.loaded == tuple(sorted([*read.split(), *later.split()]))
    assert names.read == tuple(read.split())


CHANGED = {
    "x += 1": "x",
    "x[0] = 1": "x",
    "x.a.b[0].c = 1": "x",
    "del x[0], y.z": "x y",
    "x.append(1)": "x",
    "x.a.fit(y)": "x",
    "await x.run()": "x",
    "for i in y:\n    x[i] += f(i)": "x",
    "f(x)": "",
    "y = x.pop()": "",
    "x = 1": "",
    "f().a = 1": "",
}


@pytest.mark.parametrize(("cell", "expected"), CHANGED.items(), ids=CHANGED)
def test_the_names_whose_objects_a_cell_plainly_changes(cell, expected):
    assert changed_in_place(parse(cell)) == set(expected.split())


def test_reading_names_warns_of_nothing():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert names_of("import re\nre.compile('\\d')\nx is 1\nassert (x, 1)").read == ("x",)
        assert parse("'\\d'") is not None
    assert said == []


def test_names_are_read_whatever_the_warnings_filter():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names_of("x = '\\d'").bound == ("x",)
