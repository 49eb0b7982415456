"""What a cell reads without naming it: through functions, classes, closures, defaults, dynamic names."""

from tests.sessions.form import junk, may, need, session, track

SESSIONS = [
    session(
        "a function's global, made after the function",
        need("def area(w):\n    return w * height"),
        need("height = 3"),
        junk("width = 8"),
        track("a = area(2)"),
    ),
    session(
        "a function of a function of a global",
        need("rate = 0.5"),
        need("def tax(x):\n    return x * rate"),
        need("def gross(x):\n    return x + tax(x)"),
        junk("def unused(x):\n    return gross(x) + surcharge"),
        junk("surcharge = 100"),
        track("price = gross(10)"),
    ),
    session(
        "a lambda in a dict",
        need("power = 3"),
        need("ops = {'cube': lambda x: x**power, 'neg': lambda x: -x}"),
        junk("base = 9"),
        track("y = ops['cube'](2)"),
    ),
    session(
        "a decorator that reads a global",
        need("factor = 10"),
        need(
            """
            def scaled(f):
                def inner(*a):
                    return f(*a) * factor
                return inner
            """
        ),
        need("@scaled\ndef one():\n    return 1"),
        junk("@scaled\ndef two():\n    return 2"),
        track("v = one()"),
    ),
    session(
        "a closure's cell, made by a factory",
        need("def make(n):\n    return lambda x: x + n"),
        need("k = 5"),
        need("add = make(k)"),
        junk("k = 50"),
        junk("other = make(k)"),
        track("r = add(1)"),
    ),
    session(
        "a default argument keeps the value of then",
        need("size = 4"),
        need("def chunk(n=size):\n    return list(range(n))"),
        junk("size = 99"),
        track("c = chunk()"),
    ),
    session(
        "a partial of a function of a global",
        need("from functools import partial"),
        need("offset = 7"),
        need("def shift(a, b):\n    return a + b + offset"),
        need("by_two = partial(shift, 2)"),
        junk("by_nine = partial(shift, 9)"),
        track("z = by_two(1)"),
    ),
    session(
        "a method of a base class defined elsewhere",
        need("class Base:\n    def value(self):\n        return self.raw() * unit"),
        need("unit = 2.5"),
        need("class Leaf(Base):\n    def raw(self):\n        return 4"),
        junk("class Twig(Base):\n    def raw(self):\n        return 40"),
        need("leaf = Leaf()"),
        track("v = leaf.value()"),
    ),
    session(
        "a property",
        need("scale = 3"),
        need(
            "class P:\n    def __init__(self, x):\n        self.x = x\n    @property\n    def big(self):\n        return self.x * scale"
        ),
        need("p = P(2)"),
        junk("q = P(20)"),
        track("b = p.big"),
    ),
    session(
        "an operator of a class",
        need("step = 2"),
        need(
            "class V:\n    def __init__(self, x):\n        self.x = x\n    def __add__(self, o):\n        return V(self.x + o.x + step)"
        ),
        need("a, b = V(1), V(2)"),
        junk("c = V(7)"),
        track("total = (a + b).x"),
    ),
    session(
        "a name looked up in globals()",
        need("alpha_1 = 11"),
        need("which = 'alpha_1'"),
        may("alpha_2 = 22"),
        track("got = globals()[which] + 1"),
    ),
    session(
        "eval of a text",
        need("p = 6"),
        need("text = 'p * 7'"),
        may("unused = 1"),
        track("answer = eval(text)"),
    ),
    session(
        "exec defines a function",
        need("code = 'def f(x):\\n    return x + bias'"),
        need("exec(code)"),
        need("bias = 2"),
        track("y = f(1)"),
    ),
    session(
        "a comprehension in a function, over a global",
        need("words = ['a', 'bb', 'ccc']"),
        need("def lengths():\n    return [len(w) for w in words if len(w) > least]"),
        need("least = 1"),
        junk("most = 10"),
        track("n = lengths()"),
    ),
    session(
        "a sort by a key function that reads a table",
        need("order = {'low': 0, 'mid': 1, 'high': 2}"),
        need("def rank(x):\n    return order[x]"),
        need("levels = ['high', 'low', 'mid']"),
        junk("order_of_colors = {'red': 0}"),
        track("ranked = sorted(levels, key=rank)"),
    ),
    session(
        "pandas apply with a function that reads a global",
        need("import pandas as pd"),
        need("df = pd.DataFrame({'a': [1, 2, 3]})"),
        need("cut = 2"),
        need("def flag(v):\n    return v >= cut"),
        junk("df.describe()"),
        junk("df['a'].apply(lambda v: v * 2)"),
        track("flags = df['a'].apply(flag).tolist()"),
    ),
    session(
        "query with a local name in its text",
        need("import pandas as pd"),
        need("df = pd.DataFrame({'a': [1, 5, 9], 'b': list('xyz')})"),
        need("limit = 3"),
        track("left = df.query('a > @limit')['b'].tolist()"),
    ),
    session(
        "the module that was imported under another name",
        need("import math as m"),
        need("def area(r):\n    return m.pi * r * r"),
        junk("import statistics as st\nst.mean([1, 2])"),
        track("a = area(2)"),
    ),
    session(
        "a recursive function defined twice",
        junk("def f(n):\n    return 1"),
        need("def f(n):\n    return 1 if n < 2 else n * f(n - 1)"),
        track("y = f(5)"),
    ),
    session(
        "a class attribute that is another name's value",
        need("defaults = {'lr': 0.1}"),
        need("class Config:\n    settings = defaults"),
        need("defaults['lr'] = 0.2"),
        junk("copy = dict(defaults)\ncopy['lr'] = 9"),
        track("lr = Config.settings['lr']"),
    ),
    session(
        "an f-string and a walrus in a condition",
        need("name = 'ada'"),
        need("if (n := len(name)) > 2:\n    label = f'{name}-{n}'"),
        junk("print(f'{label!r}')"),
        track("out = label.upper()"),
    ),
]
