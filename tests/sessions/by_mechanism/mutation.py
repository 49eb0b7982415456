"""Changes in place: containers, attributes, arguments, iterators, the standard library."""

from tests.sessions.form import junk, need, session, track

SESSIONS = [
    session(
        "an argument changed by a function",
        need("def fill(box, n):\n    for i in range(n):\n        box.append(i)"),
        need("box = []"),
        need("fill(box, 3)"),
        junk("fill([], 100)"),
        track("s = sum(box)"),
    ),
    session(
        "a mutable default argument",
        need("def log(x, seen=[]):\n    seen.append(x)\n    return list(seen)"),
        need("log(1)"),
        junk("print('hello')"),
        need("log(2)"),
        track("h = log(3)"),
    ),
    session(
        "sort in place, then reverse",
        need("xs = [3, 1, 2]"),
        need("xs.sort()"),
        junk("sorted(xs, reverse=True)"),
        need("xs.reverse()"),
        track("first = xs[0]"),
    ),
    session(
        "dict: update, pop, setdefault, del",
        need("d = {'a': 1, 'b': 2, 'c': 3}"),
        need("d.update(b=20)"),
        need("d.pop('a')"),
        need("d.setdefault('z', []).append(5)"),
        need("del d['c']"),
        junk("d.get('b')"),
        junk("dict(d, b=0)"),
        track("items = sorted(d.items())"),
    ),
    session(
        "a dict of lists reached by an alias",
        need("groups = {'x': [], 'y': []}"),
        need("xs = groups['x']"),
        need("xs.extend([1, 2])"),
        junk("ys = list(groups['y'])\nys.append(7)"),
        track("n = {k: len(v) for k, v in groups.items()}"),
    ),
    session(
        "heapq and deque",
        need("import heapq\nfrom collections import deque"),
        need("heap = [5, 3, 8]"),
        need("heapq.heapify(heap)"),
        need("heapq.heappush(heap, 1)"),
        junk("heapq.nsmallest(2, heap)"),
        need("q = deque(heap, maxlen=3)"),
        need("q.rotate(1)"),
        track("v = (heapq.heappop(heap), list(q))"),
    ),
    session(
        "defaultdict: a look makes a key",
        need("from collections import defaultdict"),
        need("seen = defaultdict(int)"),
        need("seen['a']"),
        need("seen['b'] += 2"),
        junk("seen.get('c')"),
        track("v = dict(seen)"),
    ),
    session(
        "a generator advanced by a look",
        need("gen = (i * i for i in range(10))"),
        need("next(gen)"),
        junk("x = 1"),
        need("next(gen)"),
        track("v = next(gen)"),
    ),
    session(
        "an iterator shared with zip",
        need("it = iter(range(10))"),
        need("pairs = list(zip(it, [1, 2]))"),
        junk("len(pairs)"),
        track("rest = list(it)"),
    ),
    session(
        "itertools.count and islice",
        need("import itertools"),
        need("ids = itertools.count(10)"),
        need("a = next(ids)"),
        need("b = list(itertools.islice(ids, 3))"),
        junk("c = next(itertools.count())"),
        track("v = next(ids)"),
    ),
    session(
        "a file-like object's position",
        need("import io"),
        need("text = io.StringIO('one\\ntwo\\nthree\\n')"),
        need("text.readline()"),
        junk("len('one')"),
        track("line = text.readline()"),
    ),
    session(
        "attributes, nested",
        need("class Node:\n    def __init__(self):\n        self.child = None\n        self.v = 0"),
        need("root = Node()"),
        need("root.child = Node()"),
        need("leaf = root.child"),
        need("leaf.v = 42"),
        junk("other = Node()\nother.v = 9"),
        track("v = root.child.v"),
    ),
    session(
        "a class attribute shared by instances",
        need("class Reg:\n    items = []\n    def __init__(self, n):\n        Reg.items.append(n)"),
        need("a = Reg(1)"),
        need("Reg(2)"),
        junk("len(Reg.items)"),
        track("v = list(Reg.items)"),
    ),
    session(
        "a class attribute rebound through the class",
        need("class Cfg:\n    lr = 0.1\n    def step(self):\n        return self.lr * 2"),
        need("c = Cfg()"),
        need("Cfg.lr = 0.5"),
        junk("class Other:\n    lr = 7"),
        track("v = c.step()"),
    ),
    session(
        "a singleton behind a function",
        need("_cache = {}\ndef store():\n    return _cache"),
        need("store()['k'] = 1"),
        junk("len(store())"),
        need("store()['k'] += 1"),
        track("v = store()['k']"),
    ),
    session(
        "a memoised function remembers the first answer",
        need("from functools import lru_cache"),
        need("bias = 1"),
        need("@lru_cache\ndef f(x):\n    return x + bias"),
        need("f(10)"),
        need("bias = 100"),
        track("v = (f(10), f(11))"),
    ),
    session(
        "a dataclass with slots and a property that writes",
        need("from dataclasses import dataclass, field"),
        need(
            """
            @dataclass(slots=True)
            class Acc:
                total: int = 0
                log: list = field(default_factory=list)
                @property
                def peek(self):
                    self.log.append(self.total)
                    return self.total
            """
        ),
        need("acc = Acc()"),
        need("acc.total += 5"),
        need("acc.peek"),
        junk("Acc().peek"),
        track("v = (acc.total, acc.log)"),
    ),
    session(
        "a context manager that restores",
        need("from contextlib import contextmanager"),
        need("opts = {'p': 1}"),
        need(
            """
            @contextmanager
            def option(**new):
                old = dict(opts)
                opts.update(new)
                try:
                    yield
                finally:
                    opts.clear()
                    opts.update(old)
            """
        ),
        junk("with option(p=9):\n    print(opts)"),
        need("with option(p=2):\n    inside = opts['p']"),
        track("v = (inside, opts['p'])"),
    ),
    session(
        "a set and a bytearray",
        need("s = {1, 2}\nb = bytearray(b'abc')"),
        need("s.add(3); s.discard(1)"),
        need("b.extend(b'd')"),
        junk("s | {9}"),
        track("v = (sorted(s), bytes(b))"),
    ),
    session(
        "a list of objects changed in a loop",
        need("class P:\n    def __init__(self, x):\n        self.x = x"),
        need("ps = [P(i) for i in range(3)]"),
        need("for p in ps:\n    p.x *= 10"),
        junk("[p.x for p in ps]"),
        need("ps[0].x = -1"),
        track("xs = [p.x for p in ps]"),
    ),
    session(
        "a bound method kept apart",
        need("xs = []"),
        need("push = xs.append"),
        need("push(4)"),
        junk("ys = []\nput = ys.append\nput(1)"),
        need("push(5)"),
        track("v = xs"),
    ),
    session(
        "map with a side effect, consumed later",
        need("seen = []"),
        need("lazy = map(seen.append, [1, 2, 3])"),
        junk("print(len(seen))"),
        need("done = list(lazy)"),
        track("v = list(seen)"),
    ),
    session(
        "an object that counts its calls",
        need("class Count:\n    n = 0\n    def __call__(self):\n        self.n += 1\n        return self.n"),
        need("c = Count()"),
        need("c()"),
        junk("d = Count()\nd()"),
        need("for _ in range(3):\n    c()"),
        track("v = c()"),
    ),
    session(
        "a getattr that writes",
        need(
            "class Lazy:\n    def __getattr__(self, name):\n        self.__dict__[name] = len(self.__dict__)\n        return self.__dict__[name]"
        ),
        need("z = Lazy()"),
        need("z.first"),
        need("z.second"),
        track("v = (z.third, sorted(z.__dict__))"),
    ),
    session(
        "a ChainMap and a MappingProxy of a dict",
        need("from collections import ChainMap\nfrom types import MappingProxyType"),
        need("low, high = {'a': 1}, {}"),
        need("both = ChainMap(high, low)\nview = MappingProxyType(low)"),
        need("low['b'] = 2"),
        need("both['a'] = 10"),
        track("v = (dict(both), dict(view))"),
    ),
    session(
        "a weak dictionary and a counter of instances",
        need("import weakref"),
        need("class T: pass\nkept = T()\nnames = weakref.WeakKeyDictionary()"),
        need("names[kept] = 'k'"),
        junk("names[T()] = 'gone'"),
        track("v = list(names.values())"),
    ),
    session(
        "reads that look like changes",
        need("xs = list(range(5))"),
        junk("xs.index(3)"),
        junk("xs.count(1)"),
        junk("xs.copy().append(9)"),
        junk("len(xs), max(xs), xs[1:3], xs == [1]"),
        junk("for x in xs:\n    print(x)"),
        track("v = xs"),
    ),
    session(
        "reads of an object through its methods",
        need(
            "class Doc:\n    def __init__(self, t):\n        self.t = t\n    def words(self):\n        return self.t.split()\n    def add(self, w):\n        self.t += ' ' + w"
        ),
        need("doc = Doc('a b')"),
        junk("doc.words()"),
        need("doc.add('c')"),
        junk("print(doc.words())"),
        track("v = len(doc.words())"),
    ),
]
