"""What executions do to the user's variables, told in real shells by table: setup | cell, and the names it changes."""

# ruff: noqa: E501  (a case stands in one line)
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlexp.capture import budget
from mlexp.fingerprint.nodes import graph

CHANGES = {
    # containers
    "a = [1] | a.append(2)": "a",
    "a = [3, 1] | a.sort()": "a",
    "a = [1]; b = a | a.append(2)": "a b",
    "a = [1]; b = a | b += [2]": "a b",
    "a = [1]; b = {'x': a} | a.append(2)": "a b",
    "a = [1]; b = {'x': a} | b['x'].append(2)": "a b",
    "a = [1]; b = (a, 2) | a.append(2)": "a b",
    "a = [[1]] | a[0][0] = 5": "a",
    "a = [1, 2] | del a[0]": "a",
    "a = [1, 2] | a.pop(); None": "a",
    "a = [1, 2] | x = a.pop()": "a",
    "a = [1, 2] | a[:] = [3]": "a",
    "a = list(range(20000)) | a[777] = -1": "a",
    "a = [str(i) for i in range(9000)] | a[777] = 'x'": "a",
    "a = [[i] for i in range(200)] | a[150].append(1)": "a",
    "a = {} | a['k'] = 1": "a",
    "a = {'k': 1} | a.update(k=2)": "a",
    "a = {'k': 1} | a.setdefault('m', [])": "a",
    "a = {'k': {'m': 1}} | a['k']['m'] += 1": "a",
    "a = {(1, 2): 3} | a[(1, 2)] = 4": "a",
    "a = {1} | a.add(2)": "a",
    "a = {1} | a |= {2}": "a",
    "from collections import *; a = deque([1]) | a.append(2)": "a",
    "from collections import *; a = deque([1, 2]) | a.rotate(1)": "a",
    "from collections import *; a = defaultdict(list) | a['k'].append(1)": "a",
    "from collections import *; a = defaultdict(list) | a['k']": "a",
    "from collections import *; a = Counter('ab') | a['a'] += 1": "a",
    "from collections import *; a = OrderedDict(x=1, y=2) | a.move_to_end('x')": "a",
    "a = bytearray(b'ab') | a[0] = 0": "a",
    "import array; a = array.array('d', [1, 2]) | a[0] = 5": "a",
    "a = bytearray(b'ab'); b = memoryview(a) | b[0] = 0": "a b",
    "import io; a = io.StringIO() | a.write('x')": "a",
    "import io; a = io.BytesIO(b'xy') | a.read(1)": "a",
    "import heapq; a = [3, 1] | heapq.heapify(a)": "a",
    "import random; a = list(range(99)) | random.shuffle(a)": "a",
    # through functions
    "a = [1]\ndef f(): a.append(2) | f()": "a",
    "a = [1]\ndef f(x): x.append(2) | f(a)": "a",
    "a = [1]\ndef g(): a.append(2)\ndef f(): g() | f()": "a",
    "a = [1]; f = lambda: a.append(2) | f()": "a",
    "def f(x=[]):\n    x.append(1)\n    return x | f()": "f",
    "def make():\n    n = 0\n    def f():\n        nonlocal n\n        n += 1\n        return n\n    return f\nf = make() | f()": "f",
    "def make(seen=[]):\n    def f(x): seen.append(x)\n    return f\nf = make(); g = make() | f(1)": "f g make",
    "def f(): f.n += 1\nf.n = 0 | f()": "f",
    "a = [1]\nfrom functools import *\ndef f(x, y): x.append(y)\np = partial(f, a) | p(2)": "a p",
    "a = [1]; push = a.append | push(2)": "a push",
    "a = [3, 1]\ndef log(g):\n    def inner(*x): return g(*x)\n    return inner\n@log\ndef f(x): x.sort() | f(a)": "a",
    "a = [1]; fs = {'f': lambda: a.append(2)} | fs['f']()": "a",
    "a = [[1], [2]] | list(map(lambda x: x.append(0), a))": "a",
    "a = [[1], [2]] | for x in a: x.append(0)": "a",
    "a = [1] | [a.append(i) for i in range(3)]": "a",
    "a = [1] | exec('a.append(2)')": "a",
    "a = [1]; code = 'a.append(2)' | exec(code)": "a",
    "a = [1] | globals()['a'].append(2)": "a",
    "a = [1] | eval('a.append(2)')": "a",
    # objects
    "class A: pass\no = A(); o.x = 1 | o.x = 2": "o",
    "class A: pass\no = A(); p = o | p.x = 2": "o p",
    "class A:\n    def __init__(self): self.n = 0\n    def go(self): self.n += 1\no = A() | o.go()": "o",
    "class A:\n    def __init__(self, x): self.x = x\na = [1]; o = A(a) | o.x.append(2)": "a o",
    "class A:\n    __slots__ = ('x',)\no = A(); o.x = 1 | o.x = 2": "o",
    "class A: x = []\no = A() | o.x.append(1)": "A o",
    "class A: n = 0\no = A() | A.n = 1": "A o",
    "class A(list): pass\no = A([1]) | o.append(2)": "o",
    "class A(dict): pass\no = A() | o.k = 1": "o",
    "from dataclasses import *\n@dataclass\nclass P:\n    x: int = 0\no = P() | o.x = 5": "o",
    "from types import *; o = SimpleNamespace(x=1) | o.x = 2": "o",
    "import argparse; o = argparse.Namespace(x=1) | o.x = 2": "o",
    "class A:\n    def __setattr__(self, k, v): self.__dict__[k] = v\no = A() | o.x = 2": "o",
    "class A: pass\no = A() | setattr(o, 'x', 2)": "o",
    "class A: pass\no = A(); o.cb = []; o.hook = lambda: o.cb.append(1) | o.hook()": "o",
    "e = ValueError(1) | e.note = 1": "e",
    "import weakref\nclass A: pass\no = A(); r = weakref.ref(o) | r().x = 1": "o r",
    "g = (i for i in range(9)) | next(g)": "g",
    "g = iter([1, 2]) | next(g)": "g",
    "g = zip([1, 2], [3, 4]) | next(g)": "g",
    "import itertools; g = itertools.count() | next(g)": "g",
    "f = open('x', 'w+') | f.write('a')": "f",
    # arrays
    "import numpy as np; x = np.arange(9.) | x[0] = 5": "x",
    "import numpy as np; x = np.arange(9.) | x += 1": "x",
    "import numpy as np; x = np.arange(9.); v = x[2:] | v[0] = 50": "v x",
    "import numpy as np; x = np.arange(9.); v = x[2:] | x[2] = 50": "v x",
    "import numpy as np; x = np.arange(9.); v = x[::2].reshape(1, -1) | v.fill(0)": "v x",
    "import numpy as np; x = np.arange(9.) | np.add(x, 1, out=x)": "x",
    "import numpy as np; x = np.arange(9.); y = x.T | np.copyto(y, 0)": "x y",
    "import numpy as np; x = np.arange(9.); d = {'x': [x]} | x.sort(); x[0] = 9": "d x",
    "import numpy as np; x = np.zeros((9, 9)); r = list(x) | r[0][:] = 1": "r x",
    "import numpy as np; x = np.array([[1], {}], dtype=object) | x[1]['k'] = 1": "x",
    "import numpy as np; x = np.ma.array([1, 2]) | x[0] = np.ma.masked": "x",
    "import numpy as np; x = np.arange(9.) | x.resize(4)": "x",
    "import numpy as np; x = np.zeros(500000) | x[234567] = 1": "x",
    "import numpy as np; x = np.zeros(3, dtype=[('a', 'f8')]) | x['a'] = 1": "x",
    "import numpy as np\nclass A: pass\nx = np.arange(3.); o = A(); o.x = x | o.x[0] = 7": "o x",
    "import numpy as np; x = np.random.default_rng(0).random(9) | np.random.default_rng(1).shuffle(x)": "x",
    # frames
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df['b'] = 1": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.loc[0, 'a'] = 5": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}); e = df | e['b'] = 1": "df e",
    "import pandas as pd; df = pd.DataFrame({'a': ['x', 'y']}) | df.loc[0, 'a'] = 'z'": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, None]}) | df.fillna(0, inplace=True)": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.update(pd.DataFrame({'a': [9]}))": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.columns = ['z']": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.index.name = 'k'": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.insert(0, 'b', 3)": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | df.attrs['k'] = 1": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | del df['a']": "df",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}) | s = df.pop('a')": "df",
    "import pandas as pd; fs = [pd.DataFrame({'a': [1, 2]})]; f = fs[0] | for x in fs: x['b'] = 1": "f fs x",
    "import pandas as pd; s = pd.Series([1, 2]) | s[0] = 9": "s",
    "import pandas as pd; s = pd.Series(['a', 'b'], dtype='category') | s[0] = 'b'": "s",
    "import pandas as pd; s = pd.Series([1, None], dtype='Int64') | s[1] = 3": "s",
    "import pandas as pd; s = pd.Series([[1], [2]]) | s[0].append(1)": "s",
    "import pandas as pd; df = pd.DataFrame({'a': [1, 2]})\ndef f(d): d['b'] = 1 | f(df)": "df",
    # modules and figures
    "import sys; sys.path.insert(0, '')\n"
    "with open('helper_of_mine.py', 'w') as f: f.write('seen = []' + chr(10) + 'def add(x): seen.append(x)')\n"
    "import helper_of_mine as h; from helper_of_mine import add | add(1)": "add",  # of `h`, as global state
    "import matplotlib; matplotlib.use('Agg'); from matplotlib.figure import Figure\n"
    "fig = Figure(); ax = fig.subplots() | ax.plot([1, 2])": "ax fig",
    "from collections import namedtuple; P = namedtuple('P', 'x'); p = P([1]) | p.x.append(3)": "p",
    "import queue; q = queue.Queue() | q.put(1)": "q",
    # models
    "from sklearn.linear_model import *; m = LinearRegression() | m.fit([[1], [2]], [1, 2])": "m",
    "from sklearn.linear_model import *; m = LinearRegression() | h = m.fit([[1], [2]], [1, 2])": "m",
    "from sklearn.preprocessing import *; m = StandardScaler() | m.partial_fit([[1.], [2.]])": "m",
    "from sklearn.linear_model import *; m = Ridge() | m.set_params(alpha=3)": "m",
    "from sklearn.tree import *; m = DecisionTreeClassifier().fit([[1], [2]], [0, 1]) | m.fit([[1], [2]], [1, 0])": "m",
    "from sklearn.pipeline import *; from sklearn.preprocessing import *\n"
    "s = StandardScaler(); p = make_pipeline(s) | p.fit([[1], [2]])": "p s",
}  # fmt: skip

READS = """
a = [3, 1] | print(a)
a = [3, 1] | sorted(a)
a = [3, 1] | a
a = [3, 1] | b = a
a = [3, 1] | b = a + [2]
a = [3, 1] | b = [*a]
a = [3, 1] | len(a), max(a), a[0], a[1:]
a = [3, 1] | for x in a: print(x)
a = [3, 1] | a[0] = 3
a = [3, 1]\\ndef f(x): return sum(x) | f(a)
a = {'k': [1]} | a.get('k'), a.items(), 'k' in a
a = {'k': [1]} | import copy; b = copy.deepcopy(a)
a = {'k': [1]} | import json; json.dumps(a)
a = list(range(20000)) | sum(a)
class A:\\n    def f(self): return self.x\\no = A(); o.x = [1] | o.f()
class A:\\n    @property\\n    def f(self): return self.x\\no = A(); o.x = [1] | o.f
class A: pass\\no = A() | isinstance(o, A), repr(o), hash(o)
from functools import *\\nclass A:\\n    @cached_property\\n    def f(self): return [1]\\no = A() | o.f
import re; r = re.compile('a') | r.match('a')
f = lambda x: x + 1 | f(2)
def f(): return 1 | f()
from pathlib import Path; p = Path('a') / 'b' | str(p), hash(p), p.exists()
import random; r = random.Random(1) | r.random()
import numpy as np; r = np.random.default_rng(1) | r.random()
import numpy as np; x = np.arange(9.) | x.mean(), x[2:], x.T, x + 1
import numpy as np; x = np.arange(9.) | y = x[2:]
import numpy as np; x = np.arange(9.) | y = np.sort(x)
import numpy as np; x = np.arange(9.) | np.linalg.norm(x); np.dot(x, x)
import numpy as np; x = np.arange(9.) | x[:] = x
import numpy as np; x = np.ma.array([1, 2]) | x.mean(); x.filled(0)
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.head()
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | print(df.describe()); df.info()
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.groupby('b')['a'].mean()
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | e = df.copy(); e['c'] = 1
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | e = df[df.a > 1]
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | e = df[['a']]; e['c'] = 1
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.values; df.to_numpy(); df.a.values
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.merge(df, on='b'); df.pivot_table('a', 'b')
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.sort_values('a'); df.fillna(0)
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.query('a > 1'); df.eval('a + 1')
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.loc[0]; df.iloc[0, 0]; df.at[0, 'a']
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | for i, r in df.iterrows(): r['a'] = 5
import pandas as pd; df = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}) | df.apply(lambda r: r.a, axis=1)
import pandas as pd; df = pd.DataFrame({'a': [1, 2]}); df['b'] = 2; df['c'] = 3 | df.values; df.mean(); df.sum(axis=1)
import pandas as pd; df = pd.DataFrame({'a': [1, 2]}, index=list('xy')) | df.loc['x']; df.index.get_loc('y'); 'x' in df.index
import pandas as pd; s = pd.Series(['a', 'b']) | s.str.upper(); s.value_counts(); s.unique(); s.is_unique
import pandas as pd; s = pd.Series([1, 2], dtype='Int64') | s.sum(); s.to_numpy()
import pandas as pd; s = pd.to_datetime(pd.Series(['2020-01-01'])) | s.dt.year
import pandas as pd; df = pd.DataFrame({'a': [1, 2]}); g = df.groupby('a') | g.mean(); g.groups
from sklearn.linear_model import *; m = LinearRegression().fit([[1], [2]], [1, 2]) | m.predict([[3]]); m.score([[1], [2]], [1, 2])
from sklearn.linear_model import *; m = LinearRegression().fit([[1], [2]], [1, 2]) | m
from sklearn.linear_model import *; X, y = [[1], [2], [3]], [1, 2, 3] | m = Ridge().fit(X, y)
from sklearn.ensemble import *; m = RandomForestClassifier(3).fit([[1], [2]], [0, 1]) | m.predict_proba([[1]]); m.feature_importances_
from sklearn.neighbors import *; m = KNeighborsClassifier(1).fit([[1], [2]], [0, 1]) | m.predict([[1]])
from sklearn.model_selection import cross_val_score; from sklearn.svm import SVC; m = SVC(); X = [[i] for i in range(8)] | cross_val_score(m, X, [0, 1] * 4, cv=2)
import scipy.sparse as sp; m = sp.csr_matrix([[1, 0], [0, 1]]) | m.sum(); m @ m; m.has_sorted_indices; m[0]
import matplotlib; matplotlib.use('Agg'); from matplotlib.figure import Figure; fig = Figure() | fig.savefig('x.png')
import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as plt; x = [1, 2] | plt.plot(x); plt.hist(x); plt.close()
import datetime; t = [datetime.date(2020, 1, 1)] | t[0].year
f = open('x', 'w') | print(f)
"""


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """A busy machine is no reason for a suspicion here."""
    monkeypatch.setattr(budget, "_AFTER_S", 5.0)
    monkeypatch.setattr(budget, "_BEFORE_S", 5.0)


def played(shell, case):
    setup, cell = case.replace("\\n", "\n").split(" | ")
    shell.ok(setup)
    shell.ok(cell)
    execution = shell.executions()[-1]
    shell.run("for it in (vars().get('f'), vars().get('c')):\n    if hasattr(it, 'close'): it.close()")
    return execution


@pytest.mark.parametrize(("case", "changed"), CHANGES.items(), ids=CHANGES)
def test_what_a_cell_changes_in_place_is_found_through_every_name(loaded, case, changed):
    execution = played(loaded, case)
    found = set(execution.changed) | ({"x"} & set(execution.rebound) if "for x in fs" in case else set())
    assert (found, execution.suspected) == (set(changed.split()), ())


@pytest.mark.parametrize("case", READS.strip().split("\n"))
def test_what_only_reads_changes_nothing(loaded, case):
    execution = played(loaded, case)
    assert (execution.changed, execution.suspected) == ((), ())


BINDINGS = {  # setup | cell: bound anew; gone
    "pass | a = 1": "a /",
    "a = 1 | a = 1": "a /",
    "a = 1 | a += 1": "a /",
    "a = [1] | a += [1]": "/",
    "a = 1 | if a: a = 1": "/",
    "a = 1 | if a: a = 2": "a /",
    "a = 1 | if not a: a = 2": "/",
    "a = 1.5 | if a: a = float('1.5')": "a /",
    "i = 2 | for i in range(3): pass": "i /",
    "a = 1 | for i in []: a = 2": "/",
    "pass | with open('x', 'w') as f: pass": "f /",
    "a = 1 | del a": "a / a",
    "a = 1 | del a; a = 2": "a /",
    "a = b = 1 | globals().pop('b'); None": "b / b",
    "pass | exec('q = 1')": "q /",
    "pass | globals()['q'] = 1": "q /",
    "pass | import math as m": "m /",
    "pass | from math import *": "ALL /",
    "pass | def f(): pass": "f /",
    "n = 0.5\ndef bump():\n    global n\n    n = n * 3 | bump()": "n /",
    "n = 0.5\ndef bump():\n    global n\n    n = n * 3 | bump(); bump()": "n /",
    "class P: pass | exec('class P: pass')": "P /",
    "pass | %%capture out\nprint(1)": "out /",
    "pass | %time t = 5": "t /",
    "pass | [q := 1 for _ in 'a']": "q /",
    "a = [1]; b = 2 | a, b = b, a": "a b /",
}


@pytest.mark.parametrize(("case", "expected"), BINDINGS.items(), ids=BINDINGS)
def test_which_names_a_cell_binds_anew(loaded, case, expected):
    rebound, _, gone = expected.partition("/")
    execution = played(loaded, case)
    if rebound.strip() == "ALL":
        assert {"sqrt", "pi"} <= set(execution.rebound)
        assert {"sqrt", "pi"} <= set(execution.bound)
        return
    assert (set(execution.rebound), set(execution.deleted)) == (set(rebound.split()), set(gone.split()))
    assert set(rebound.split()) - set(gone.split()) <= set(execution.bound)
    assert execution.changed == (() if "+= [1]" not in case else ("a",))


def test_of_a_cell_that_fails_what_stands_before_that_line_has_happened(loaded):
    loaded.ok("a = b = c = [1]; d = 5")
    loaded.run("a = [1]\nb = [1]; 1 / 0\nc = [1]\nd = 5")
    assert set(loaded.executions()[-1].rebound) == {"a", "b"}
    loaded.run("d = 5\nd.append(1)\nc = 3")
    assert loaded.executions()[-1].rebound == ("d",)
    loaded.run("c.append(1); return")
    assert loaded.executions()[-1].rebound == ()


REACHED = {  # setup | cell: names reached; * for all
    "k = 1\ndef f(): return k | f()": "k",
    "k = 1\ndef f(): return k | 5": "",
    "k = 1 | def f(): return k": "",
    "k = 1\ndef f(): return k | g = [f]": "k",
    "k = 1 | def f(): return k\nf()": "k",
    "k = 1\ndef f(x): return x.k\nclass A: k = 5 | f(A)": "",
    "k = 1\ndef f(): return k\ndef g(): return f() | g()": "f k",
    "k = 1\nclass A:\n    def m(self): return k\no = A() | o.m()": "k",
    "k = 1\nclass A:\n    @property\n    def m(self): return k\no = A() | o.m": "k",
    "k = 1\nclass A:\n    @staticmethod\n    def m(): return k\no = [A()] | o[0].m()": "k",
    "k = 1\nclass A: pass\no = A(); o.cb = lambda: k | o.cb()": "k",
    "k = 1\nfrom functools import *\n@lru_cache\ndef f(): return k | f()": "k",
    "k = 1\nfrom functools import *\np = partial(lambda x: k, 1) | p()": "k",
    "k = 1\ndef log(f):\n    def inner(): return f()\n    return inner\n@log\ndef f(): return k | f()": "k",
    "k = 1\ndef f(x=lambda: k): return x() | f()": "k",
    "k = 1\ndef f(): return [k for _ in range(2)] | f()": "k",
    "k = 1\ndef f(d): return d.query('a > @k') | f": "k",
    "k = 1 | eval('k')": "k",
    "k = 1 | exec('x = k')": "k",
    "k = 1 | globals()['k']": "k",
    "k = 1 | !echo {k} > /dev/null": "k",
    "k = 1; t = 'k' | eval(t)": "*",
    "k = 1; t = 'k' | sorted(globals())": "*",
    "k = 1\ndef f(t): return eval(t) | f('k')": "*",
    "k = 1\ndef f(t): return eval(t) | 5": "",
    "k = 1 | def f(t): return eval(t)": "",
    "k = 1 | import __main__; __main__.k": "*",
    "k = 1 | get_ipython().user_ns['k']": "*",
    "class M:\n    def eval(self): return 1\nm = M()\ndef f(): return m.eval() | f(); m.eval()": "m",
    "k = 1 | def f(): return locals()\nf()": "",
    "k = 1 | sorted(locals())": "*",
}


@pytest.mark.parametrize(("case", "expected"), REACHED.items(), ids=REACHED)
def test_which_names_live_code_reaches(loaded, case, expected):
    execution = played(loaded, case)
    assert execution.reads_all == (expected == "*")
    if expected != "*":
        assert set(execution.reached) == set(expected.split())


HIDDEN = {  # setup | cell: changed / suspected
    "import sqlite3; c = sqlite3.connect(':memory:') | c.execute('create table t (x)')": "c /",
    "import sqlite3; c = sqlite3.connect(':memory:'); d = c | c.execute('create table t (x)')": "c d /",
    "import sqlite3; c = sqlite3.connect(':memory:') | def f(x): return x\nf(c)": "/ c",
    "import sqlite3; c = sqlite3.connect(':memory:') | print(c)": "/",
    "import hashlib; h = hashlib.sha256() | h.update(b'x')": "h /",
    "import hashlib; h = hashlib.sha256() | def f(x): return x\nf(h)": "/ h",
    "from functools import *\n@lru_cache\ndef f(x): return x | f(1)": "/ f",
    "from functools import *\n@lru_cache\ndef f(x): return x\nf(1) | 5": "/",
    "f = open('x', 'w+') | def g(x): return x.write('a')\ng(f)": "f /",
    "f = open('x', 'w+') | list(f)": "f /",
}


@pytest.mark.parametrize(("case", "expected"), HIDDEN.items(), ids=HIDDEN)
def test_where_nothing_can_tell_the_text_may(loaded, case, expected):
    changed, _, suspected = expected.partition("/")
    execution = played(loaded, case)
    assert set(execution.changed) == set(changed.split())
    assert set(execution.suspected) == set(suspected.split())


LARGE = "import numpy as np; x = np.zeros(3_000_000); y = x"


@pytest.mark.parametrize(
    ("cell", "changed", "suspected"),
    [
        ("x[1234567] = 1", "x y", ""),  # plainly
        ("x += 1", "x y", ""),  # samples tell
        ("def f(v): v += 1\nf(x)", "x y", ""),
        ("def f(v): v[1234567] = 1\nf(x)", "", "x y"),
        ("x.sum()", "", ""),
        ("print(len(x), x.shape)", "", ""),
    ],
)
def test_what_is_too_large_for_a_look_in_time(loaded, monkeypatch, cell, changed, suspected):
    loaded.ok(LARGE)
    monkeypatch.setattr(graph, "_SECONDS_PER_BYTE", 1.0)
    loaded.ok(cell)
    execution = loaded.executions()[-1]
    assert (set(execution.changed), set(execution.suspected)) == (set(changed.split()), set(suspected.split()))


def test_a_series_over_an_array_is_changed_with_it_and_once(loaded):
    loaded.ok("import numpy as np, pandas as pd; x = np.arange(3.); s = pd.Series(x, copy=False)")
    loaded.ok("x[0] = 5")
    assert loaded.executions()[-1].changed == ("s", "x")
    loaded.ok("s.mean()")
    assert loaded.executions()[-1].changed == ()
    loaded.ok("x[0] = 6")
    loaded.ok("s[1] = 6")
    assert "s" in loaded.executions()[-1].changed


NAMES = st.sampled_from("abc")
STATEMENTS = st.one_of(
    st.builds("{} = [{}]".format, NAMES, st.integers(0, 9)),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = {}[:]".format, NAMES, NAMES),
    st.builds("{} = [*{}, {}]".format, NAMES, NAMES, NAMES),
    st.builds("{}.append({})".format, NAMES, st.integers(0, 9)),
    st.builds("{}.append({})".format, NAMES, NAMES),
    st.builds("{} += [{}]".format, NAMES, st.integers(0, 9)),
    st.builds("{}[0] = {}".format, NAMES, st.integers(0, 9)),
    st.builds("if len({}) > 2: {} = [{}]".format, NAMES, NAMES, st.integers(0, 9)),
    st.builds("if len({}) > 2: {}.pop()".format, NAMES, NAMES),
    st.builds("for x in {}: print(x)".format, NAMES),
    st.builds("for x in {}:\n    if type(x) is list: x.append({})".format, NAMES, st.integers(0, 9)),
    st.builds("def f(v=[]):\n    v.append({})\n    {}.append(len(v))".format, st.integers(0, 9), NAMES),
    st.builds("f({})".format, NAMES),
    st.builds("g = lambda x: {}.append(x)".format, NAMES),
    st.builds("g({})".format, st.integers(0, 9)),
    st.builds("exec('{}.append({})')".format, NAMES, st.integers(0, 9)),
    st.builds("globals()['{}'] = [{}]".format, NAMES, st.integers(0, 9)),
    st.builds("sorted({}, key=str), len({})".format, NAMES, NAMES),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=8))
def test_what_is_told_of_random_sessions_is_true(loaded, cells):
    """Names whose values differ are those told as bound or changed; those told as changed differ."""
    loaded.ok("a, b, c = [1], [2], [3]\ndef f(v): pass\ndef g(v): pass")
    for cell in cells:
        before = {name: (id(loaded.names[name]), repr(loaded.names[name])) for name in "abc"}
        loaded.run(cell)
        after = {name: (id(loaded.names[name]), repr(loaded.names[name])) for name in "abc"}
        execution = loaded.ip._mlexp_extension.session.executions[-1]
        differ = {name for name in "abc" if before[name] != after[name]}
        told = set(execution.changed) | set(execution.rebound)
        assert differ <= told, (cell, before, after)
        assert set(execution.changed) & set("abc") <= differ, (cell, before, after)
        assert not execution.suspected, cell
