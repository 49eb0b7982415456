"""Notebooks of cells that try a kernel; each leaves it usable for the next one."""

import sys


def each(text):
    """Return the cells of a text, one a line."""
    return text.strip().split("\n")


NOTEBOOKS = {
    "results": [
        *(
            "1 / 3",
            "x = 5;",
            "_, __, ___, _1 if '_1' in globals() else 0",
            "x",
            "_ + _",
            "None",
            "_",
            "In[-2:]",
            "len(Out)",
        ),
        *each("%history -n -l 4\n%history -o -l 3\n%recall 2\n%rerun 2\n%macro m 2\nm\n%who_ls str\n_i\n_ii\n_ih[-1]"),
        "print('a'); print('b', end='')\nimport sys; print('c', file=sys.stderr)\n'd'",
        "from IPython.display import display, clear_output, HTML\ndisplay(1)\nclear_output()\n"
        "display(HTML('<b>2</b>'))\n3",
        "handle = display('first', display_id=True)\nhandle.update('second')",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('after')\nplt.plot([2, 1]);",
        "%config InlineBackend.figure_format\n",
    ],
    "tracebacks": [
        "def f(n):\n    return 1 / n\n\nf(0)",
        *each("%tb\n%xmode Verbose\nf(0)\n%xmode Plain\nf(0)\n%xmode Minimal\nf(0)\n%xmode Context\nf(0)\nx =\n'abc"),
        *(
            "def g():\n    x = 1\n     y = 2",
            "for i in range(3):\n    print(i)\n    assert i < 1, 'so'",
            "return 5",
            "yield 1",
            "x = 1\nbreak",
        ),
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
        "raise ExceptionGroup('g', [ValueError('a'), TypeError('b')])",
        "class Bites(Exception):\n    def __str__(self): raise ValueError('in str')\nraise Bites",
        "class Exits(Exception):\n    def __str__(self): raise SystemExit('in str')\nraise Exits",
        "def deep(): return deep()\n\nimport sys\nlimit = sys.getrecursionlimit()",
        "import inspect\nprint(inspect.getsource(f))\nf.__code__.co_firstlineno",
        "raise SystemExit",
        "sys.exit(3)",
        "sys.exit('message')",
        "raise KeyboardInterrupt",
        "raise BaseException('base')",
        "exit",
    ],
    "awaiting": [
        "import asyncio\nasync with asyncio.TaskGroup() as group:\n"
        "    task = group.create_task(asyncio.sleep(0.01, 5))\ntask.result()",
        "async def bad(): raise ValueError('inner')\nasync with asyncio.TaskGroup() as group:\n"
        "    group.create_task(bad())",
        "raise asyncio.CancelledError('mine')",
        "await asyncio.sleep(0)\nasyncio.current_task().cancel()\nawait asyncio.sleep(0)",
        "await asyncio.wait_for(asyncio.sleep(5), 0.01)",
        "async for x in (i async for i in aiter_()):\n    pass",
        "import contextvars\nvar = contextvars.ContextVar('v', default=0)\nvar.set(1)\nawait asyncio.sleep(0)\n"
        "var.get()",
        "var.get()",
        "later = asyncio.ensure_future(asyncio.sleep(0, 'late'))",
        "await later",
    ],
    "asking": [
        ("input('name? ')", {"answers": ("bob",)}),
        ("import getpass\nlen(getpass.getpass('word? '))", {"answers": ("secret",)}),
        ("[input() for _ in range(2)]", {"answers": ("a", "b")}),
        ("input('?')", {"allow_stdin": False}),
        ("%debug\n", {"answers": ("q",)}),
        ("1 / 0", {}),
        ("%debug", {"answers": ("p 1 + 1", "q")}),
    ],
    "magics": [
        "%%time\n1 + 1",
        "%%time\n1 / 0",
        "%%capture out\nprint('x')\n5",
        "out.stdout",
        "%%capture\n1 / 0",
        "%%timeit -n 1 -r 1\n1 + 1",
        "%%prun -q\n1 + 1",
        "%%prun -q\n1 / 0",
        "%%writefile a.txt\nhello",
        "%%bash\necho hi\necho err >&2",
        "%%sh\nexit 3",
        "%%script false\nx",
        "%%html\n<b>x</b>",
        "%%nosuch\n1",
        "%%time\n%%capture\nprint(3)",
        "%%capture out\n%%time\nprint(4)",
        "out.stdout[:2]",
        "# %% a cell\n# comment\n\nx = 3\nx",
        "\n\n# %%\n%%time\n3",
        *each("%nosuch\n!echo hi\n%time 1 + 1\n%timeit -n1 -r1 1\n%pwd\n%load a.txt\nx?\n?x\nx.__add__?\n%pinfo x"),
        "y = !echo hi\ny",
        "y = %time 1 + 1",
        "%%writefile script.py\nprint('in', __name__)\nz = 9",
        *each("%run script.py\nz\n%run -i script.py\n%run -n script.py\n%run nosuch.py"),
        "%%writefile bad.py\ndef g():\n    1/0\ng()",
        "%run bad.py",
        "import json\n"
        "cell = {'cell_type': 'code', 'source': ['w = 1 + 1\\n', 'w'], 'metadata': {}, 'outputs': []}\n"
        "cell['execution_count'] = None\n"
        "broken = {**cell, 'source': '1 / 0'}\n"
        "for name, cells in ('nb', [cell]), ('broken', [broken, cell]):\n"
        "    text = json.dumps({'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 2})\n"
        "    with open(f'{name}.ipynb', 'w') as file: print(text, file=file)",
        *each("%run nb.ipynb\nw\n%run broken.ipynb"),
        "get_ipython().run_cell('inner = 1\\ninner')",
        "get_ipython().run_cell('%%time\\n1 / 0').success",
        "get_ipython().run_line_magic('time', '1')",
        "get_ipython().run_cell_magic('capture', '', 'print(1)')",
    ],
    "liars": [  # above the next one: autoreload asks every module, with or without mlexp
        "import sys, types, random\n"
        "class Meta(type):\n"
        "    def __eq__(cls, other): print('compared'); return True\n"
        "    def __hash__(cls): print('hashed'); return 1\n"
        "    def __instancecheck__(cls, value): print('checked'); return True\n"
        "class Agrees(metaclass=Meta): pass\n"
        "agrees = Agrees(); held = [agrees]; named = {'a': agrees}",
        "x = agrees; y, z = held, named\nloss = 0.5",
        "x",
        "class Answers(types.ModuleType):\n"
        "    def __getattribute__(self, name): print('asked for', name); raise SystemExit(name)\n"
        "kept = {}\n"
        "for name in 'numpy numpy.random numpy.random.mtrand pandas torch torch.cuda matplotlib xgboost odd'.split():\n"
        "    kept[name] = sys.modules.get(name)\n"
        "    sys.modules[name] = Answers(name)",
        "values = [1, 2, 3]\nloss = 0.25",
        "best = min(values)\nloss",
        "for name, module in kept.items():\n"
        "    if module is None: del sys.modules[name]\n"
        "    else: sys.modules[name] = module",
        "own, random.getstate = random.getstate, lambda: 1 / 0",
        "m = 1.5 * 2\nm",
        "random.getstate = lambda: print('drawn')\nm",
        "random.getstate = own",
    ],
    "autoreload": [
        *("%%writefile reloaded.py\nv = 1", "%load_ext autoreload", "%autoreload 2", "import reloaded\nreloaded.v"),
        "with open('reloaded.py', 'w') as file: file.write('v = 22222')\n"
        "import os; os.utime('reloaded.py', (2e9, 2e9))",
        *("reloaded.v", "%autoreload 0"),
    ],
    "names": [
        "kept = 5",
        "print = 3; type = 4; len = 5; list = 6; id = 7; open = 8; json = 9; dict = 10; isinstance = 11; "
        "getattr = 12; str = 13",
        "repr = sorted = range = set = any = all = min = max = sum = int = float = tuple = bool = object = super = 14",
        "mlexp = log = display = track = property = hasattr = zip = map = filter = iter = next = vars = dir = 15",
        *("m = 2.5 * 2", "m", "kept"),
        "import builtins\nold = builtins.print\ndef loud(*words, **named): old('LOUD', *words, **named)\n"
        "builtins.print = loud\nprint",
        "del print\nprint('x')",
        "builtins.print = old",
        "%reset -f",
        *("kept", "print('x')", "x = 1", "%xdel x", "%reset_selective -f x", "del get_ipython", "m = 7.5 * 2\nm"),
        "from IPython import get_ipython\nIn = Out = _ih = _oh = _dh = 3",
        "m = 4.25 * 1\nm",
        "from IPython import get_ipython\nget_ipython().user_ns.clear()",
        "5.25",
    ],
    "modules": [
        "import sys\n"
        "sys.modules['json'] = None; sys.modules['hashlib'] = object(); sys.modules['odd'] = 5; sys.modules[5] = 5",
        *("m = 4.5 * 2\nm", "del sys.modules['json'], sys.modules['hashlib'], sys.modules['odd'], sys.modules[5]"),
        "import json\njson.__name__",
        "for name in 'json types queue records logging ast random helpers abc mlexp_x'.split():\n"
        "    with open(name + '.py', 'w') as file: print('mine = 1', file=file)",
        "import records, helpers\nrecords.mine, helpers.mine",
        "for name in list(sys.modules):\n    if name.startswith('mlexp'): del sys.modules[name]",
        "m = 6.5 * 2\nm",
        "import time\nclock, time.perf_counter = time.perf_counter, lambda: 0.0",
        *("m = 9.5 * 1\nm", "time.perf_counter = clock"),
        "import datetime\nkept, datetime.datetime = datetime.datetime, None",
        *("m = 10.5 * 1\nm", "datetime.datetime = kept"),
        "import os\ncwd = os.getcwd()\nkept, os.getcwd = os.getcwd, lambda: 1 / 0",
        *("m = 1.5 * 3\nm", "os.getcwd = kept"),
        "import shutil, tempfile\nfolder = tempfile.mkdtemp()\nos.chdir(folder)\nshutil.rmtree(folder)",
        *("m = 11.5 * 1\nm", "os.chdir(cwd)", "kept = dict(os.environ)\nos.environ.clear()", "m = 1.5 * 7\nm"),
        "os.environ.update(kept)",
        "import importlib.util\nspec = importlib.util.find_spec('colorsys')\n"
        "spec.loader = importlib.util.LazyLoader(spec.loader)\n"
        "lazy = importlib.util.module_from_spec(spec)\nsys.modules['colorsys'] = lazy\nspec.loader.exec_module(lazy)",
        "'rgb_to_hsv' in object.__getattribute__(lazy, '__dict__')",
    ],
    "walked": [  # what a look at live values must not move, keep, run or count
        "import collections, functools, gc, sys, threading, time, weakref\nimport numpy as np\n"
        "class Big: pass\n"
        "def makes():\n    x = Big()\n    yield weakref.ref(x)\n    del x\n    yield 1\n"
        "made = makes()\nref = next(made)",
        "made; next(made)\nref() is None",
        "def tells():\n    x = 1\n    own = locals()\n    yield own\n    x = 2\n    yield sorted(own)\ntold = tells()\n"
        "own = next(told)",
        "told; sorted(own)",
        "own; next(told)",
        "array = np.zeros(4)\narray.resize(8)\narray.size",
        "array.resize(16); array.size",
        "array; array.resize(4)\nsys.getrefcount(array)",
        "kept = Big(); sys.getrefcount(kept)",
        "kept; sys.getrefcount(kept)",
        "len(gc.get_referrers(kept)), weakref.getweakrefcount(kept)",
        "dead = []\nref = weakref.ref(kept, lambda _: dead.append(1))\nheld = [kept]",
        "held, kept; del held, kept\ngc.collect() >= 0, ref() is None, dead",
        "items = weakref.WeakValueDictionary(); items['a'] = one = Big()",
        "items, one; del one\ngc.collect() >= 0, dict(items)",
        "proxied = Big(); proxy = weakref.proxy(proxied); proxied.x = 1",
        "proxy.x; other = proxy",
        "del proxied, other\ntry: proxy.x\nexcept ReferenceError: print('gone')",
        "proxy; again = 1",
        "del proxy\ncalls = []\n"
        "class Counts:\n    def __getattr__(self, name): calls.append(name); raise AttributeError(name)\n"
        "    def __del__(self): calls.append('del')\n    def __reduce__(self): calls.append('reduce'); return int, ()\n"
        "    def __getstate__(self): calls.append('getstate')\n    def __len__(self): calls.append('len'); return 3\n"
        "    def __iter__(self): calls.append('iter'); return iter(())\n"
        "    def __hash__(self): calls.append('hash'); return 1\n"
        "    def __eq__(self, other): calls.append('eq'); return True\n"
        "counts = Counts()\nnamed = {'a': counts, 'b': [counts]}\nfirst = functools.partial(print, counts)",
        "counts; named; first; calls",
        "del counts, named, first; gc.collect() >= 0, calls",
        "class Memory(functools.partial): pass\n"
        "class Asks(type):\n    def __getattribute__(cls, name):\n        calls.append(name)\n"
        "        return type.__getattribute__(cls, name)\n"
        "class Part(functools.partial, metaclass=Asks): pass\npart = Part(print, 1)\ncalls.clear()",
        "part; also = part; calls",
        "import io, sqlite3\n"
        "class Reads(io.StringIO, metaclass=type('M', (type,), {'__eq__': lambda a, b: calls.append('eq') or True,\n"
        "    '__hash__': lambda a: 1})): pass\n"
        "class Base(sqlite3.Connection):\n    total_changes = property(lambda self: calls.append('changes'))\n"
        "reads, base = Reads('text'), Base(':memory:')\ncalls.clear()",
        "reads; base; also = reads; reads.read(2), calls",
        "reads.read(1), base.execute('select 1').fetchone(), calls",
        "base.close()",
        "import itertools, random\nrandom.seed(1)\ndrawn = (random.random() for _ in range(3))\n"
        "tees = itertools.tee(drawn)\n"
        "walks = map(calls.append, 'abc'); pairs = zip(walks, range(3)); few = filter(None, [0, 1])\n"
        "turned = reversed([1, 2])",
        "drawn; tees; walks; pairs; few; turned\nnext(tees[0]), next(pairs), next(few), next(turned), calls[-1]",
        "next(tees[1]), next(pairs), calls[-1], random.random()",
        "def runs():\n    while True:\n        try: yield len(list(globals()))\n"
        "        finally: calls.append('finally')\n"
        "run = runs(); next(run) > 0",
        "run; run.gi_frame.f_lasti > 0, run.gi_running, calls[-1]",
        "async def waits():\n    return 5\nwaiting = waits()",
        "waiting; waiting.cr_frame.f_lasti, waiting.cr_running",
        "await waiting",
        "class Slots:\n    __slots__ = ('a', '__weakref__')\nslots = Slots()",
        "slots; hasattr(slots, 'a'), weakref.getweakrefcount(slots)",
        "class Own:\n    def __init__(self): self.a = 1\nown = Own(); names = vars(own)",
        "own, names; sys.getrefcount(names), vars(own) is names",
        "class Cached:\n    @functools.cached_property\n    def slow(self): calls.append('slow'); return 1\n"
        "cached = Cached()",
        "cached; vars(cached), calls[-1]",
        "@functools.lru_cache\ndef memory(n): return n\nmemory(1); memory(1)",
        "memory; memory.cache_info()",
        "defaults = collections.defaultdict(list); counter = collections.Counter('aab')\n"
        "chain = collections.ChainMap({}, counter)",
        "defaults, counter, chain; len(defaults), counter['z'], len(counter), dict(chain)",
        "from types import MappingProxyType\nfrozen = MappingProxyType({'a': [1]})\n"
        "class Enum_(__import__('enum').Enum):\n    A = []",
        "frozen, Enum_, Enum_.A; frozen",
    ],
    "threads beside": [
        "import collections, io, threading, time\n"
        "grows, named, bytes_, memory, ring = [], {}, bytearray(), io.BytesIO(), collections.deque(maxlen=50_000)\n"
        "stop, failed = threading.Event(), []\n"
        "def work():\n    i = 0\n    while not stop.is_set():\n        i += 1\n        try:\n"
        "            grows.append(i); named[i] = [i]; ring.append(i)\n"
        "            bytes_.extend(b'x' * 50); memory.write(b'y' * 50)\n"
        "            globals()[f'made_{i % 500}'] = i\n"
        "            if i % 50 == 0: time.sleep(0.0005)\n"
        "            if i % 5_000 == 0: grows.clear(); named.clear(); bytes_.clear()\n"
        "        except Exception as error: failed.append(repr(error))\n"
        "threads = [threading.Thread(target=work) for _ in range(2)]\nfor t in threads: t.start()",
        *["time.sleep(0.02); bound = (grows, named, bytes_, memory, ring); view = None"] * 4,
        *["names = len(globals()) > 0; eval('1 + 1')"] * 4,
        "stop.set()\nfor t in threads: t.join()\nfailed",
        "walking = (i for i in iter(int, 1)); busy = threading.Event()\n"
        "def consume():\n    for _ in walking:\n        if busy.is_set(): return\n"
        "thread = threading.Thread(target=consume); thread.start()",
        *["walking; 1"] * 2,
        "busy.set(); thread.join(); walking.gi_running",
        "for i in range(500): globals().pop(f'made_{i}', None)\n",
        "del grows, named, bytes_, memory, ring, bound",
    ],
    "processes that read": [
        "import os, multiprocessing, warnings\nwarnings.simplefilter('ignore')\nopen('in.txt', 'w').write('abc')",
        "child = os.fork()\nif not child:\n    open('in.txt').read(); os._exit(3)\n"
        "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])",
        "def size(name): return len(open(name).read())\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    sizes = pool.map(size, ['in.txt'] * 4)\nsizes",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout",
        "warnings.resetwarnings()",
    ],
    "strange names": [
        "globals()[5] = 'number'; globals()[(1, 2)] = 'pair'; 5 in globals()",
        "class Name(str):\n    def __hash__(self): return str.__hash__(self)\n"
        "    def __eq__(self, other): return str.__eq__(self, other)\nglobals()[Name('odd')] = 1; odd",
        "odd; m = 1.5 * 2\nm",
        "globals()['not a name'] = [1]; globals()['\\ud800'] = [2]; globals()['class'] = [3]",
        "list(globals())[-3:]",
        "del globals()[5], globals()[(1, 2)], globals()['not a name'], globals()['\\ud800'], globals()['class'], odd",
        "import builtins\nbuiltins.mine = []\nmine.append(1); mine",
        "mine; del builtins.mine",
        "__name__, __builtins__ is builtins",
    ],
    "state": [
        "import gc, io, signal, sys, time, warnings",
        *("gc.disable(); gc.isenabled()", "gc.isenabled()", "gc.enable()"),
        *("kept = sys.stdout\nsys.stdout = io.StringIO()\nprint('lost')", "sys.stdout = kept\nprint('back')"),
        "seen = []\ndef tracer(frame, event, arg):\n    seen.append(frame.f_code.co_name)\nsys.settrace(tracer)",
        "sys.gettrace() is tracer",
        "sys.settrace(None)\n'live_reads' in seen, 'digest_values' in seen, 'before' in seen",
        "seen.clear()\ndef g(): return 1\nsys.settrace(tracer)\ng()\nsys.settrace(None)\nseen",
        "old = signal.signal(signal.SIGALRM, lambda *a: print('alarm'))\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\n"
        "end = time.time() + 0.15\nwhile time.time() < end: pass",
        "class Late(Exception): pass\ndef late(*a): raise Late('time')\nsignal.signal(signal.SIGALRM, late)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05)\ntry: time.sleep(5)\nexcept Late as error: print(repr(error))",
        "signal.signal(signal.SIGALRM, old)\nsignal.getsignal(signal.SIGINT).__name__",
        *(
            "warnings.simplefilter('error')",
            "m = 1.25 * 3",
            "'\\d'",
            "warnings.filters[:1]",
            "warnings.resetwarnings()",
        ),
        *("warnings.filters", "kept = sys.excepthook, sys.displayhook\nlen(kept)", "sys.excepthook is kept[0]"),
        "import logging\nlogging.getLogger().handlers, logging.getLogger().level, logging.getLogger('mlexp').handlers",
        "import threading\nsorted(t.name for t in threading.enumerate() if 'mlexp' not in t.name)",
    ],
    "processes": [
        "import multiprocessing, os, sys",
        "pid = os.fork()\nif pid == 0:\n    os._exit(3)\nos.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])",
        "context = multiprocessing.get_context('fork')\n"
        "def put(queue): queue.put(5)\n"
        "queue = context.Queue()\nprocess = context.Process(target=put, args=(queue,))\nprocess.start()\n"
        "value = queue.get()\nprocess.join()\nvalue, process.exitcode",
        "def leave(): sys.exit(4)\nprocess = context.Process(target=leave)\nprocess.start()\nprocess.join()\n"
        "process.exitcode",
        "with context.Pool(2) as pool: found = pool.map(abs, [-3, -4])\nfound",
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2, mp_context=context) as pool: found = list(pool.map(abs, [-1, 2]))\nfound",
        "import subprocess\nsubprocess.run(['echo', 'from a process'], capture_output=True).stdout",
    ],
    "references": [
        "import gc, sys, weakref\nimport numpy as np, pandas as pd",
        "a = np.arange(10.0)\nframe = pd.DataFrame({'a': a, 'b': list('abcdefghij')})\nclass Model: pass\n"
        "model = Model()\nheld = [a]\ncounts = lambda: [sys.getrefcount(o) for o in (a, frame, model, held)]",
        "counts()",
        "total = a.sum() + frame['a'].mean()\nmodel.fitted_ = 1\nheld.append(2)\nframe['c'] = 1\ncounts()",
        "counts()",
        "died = [weakref.ref(o) for o in (a, frame, model)]\ndel held, a, frame, model\n"
        "[ref() is None for ref in died]",
        "gc.collect()\n[ref() is None for ref in died]",
        "b = np.zeros(3)\nb.resize(5)\nb",
        "b.resize(7)\nb",
        "frame = pd.DataFrame({'a': [1.0, 2.0]})\nview = frame['a'].to_numpy()\nframe.loc[0, 'a'] = 5.0\nview, frame",
        "frame.iloc[1, 0] = 7.0\nframe['a'].to_numpy() is view, view",
    ],
    "computations": [
        "import decimal, random, pickle, hashlib\nimport numpy as np, pandas as pd\nrandom.seed(3); np.random.seed(3)\n"
        "rng = np.random.default_rng(3)\n"
        "def digest(*values): return hashlib.sha256(pickle.dumps(values)).hexdigest()[:12]",
        "X = rng.normal(size=(200, 5))\ny = (X[:, 0] + rng.normal(size=200) > 0).astype(int)\ndigest(X, y)",
        "frame = pd.DataFrame(X, columns=list('abcde')).assign(y=y)\ndigest(frame.groupby('y').mean().to_numpy())",
        "digest(np.linalg.svd(X)[1], X @ X.T, np.sort(X, axis=0), np.fft.fft(X[:, 0]))",
        "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression().fit(X, y)\n"
        "digest(model.coef_)",
        "from sklearn.ensemble import RandomForestClassifier\nmodel = RandomForestClassifier(5).fit(X, y)\n"
        "model.score(X, y), digest(model.predict_proba(X))",
        "from sklearn.model_selection import cross_val_score, train_test_split\n"
        "cross_val_score(LogisticRegression(), X, y)",
        "digest(*train_test_split(X, y)), random.random(), random.getrandbits(70)",
        "np.random.normal(), rng.integers(100, size=3), np.random.permutation(4)",
        "decimal.Decimal(1) / 7, sum([0.1] * 10), hash(2 ** 70), 1e308 * 10, float('nan')",
        "digest(random.getstate(), np.random.get_state(), rng.bit_generator.state)",
    ],
    "once": [  # what a library warns of once is not said again because we touched the filters
        "import warnings\ndef old(): warnings.warn('old', UserWarning, stacklevel=1)\nold()",
        "raise SystemExit",
        "import time; time.sleep(0.5)  # the writer reads git and the packages",
        "raise SystemExit",
    ],
}
if sys.version_info >= (3, 12):
    NOTEBOOKS["monitoring"] = [
        "import sys\nmonitoring = sys.monitoring\nmonitoring.use_tool_id(3, 'mine')\nseen = []\n"
        "monitoring.register_callback(3, monitoring.events.PY_START, lambda code, offset: seen.append(code.co_name))\n"
        "def g(): return 1\nmonitoring.set_local_events(3, g.__code__, monitoring.events.PY_START)\ng()",
        "g(), seen",
        "[monitoring.get_tool(i) for i in range(6)]",
        "monitoring.free_tool_id(3)",
    ]
