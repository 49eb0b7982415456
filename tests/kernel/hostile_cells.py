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
