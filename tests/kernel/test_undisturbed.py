"""Capture disturbs nothing: results with and without tracking are bit-identical."""

import gc
import re
import threading
import weakref

import numpy as np
import pandas as pd
import pytest

from mlexp.records import RunStatus

NOTEBOOK = [
    "x = 1 / 3\nx",
    "import random\nrandom.seed(1)\nrandom.random()",
    "random.random(), random.getrandbits(70)",
    "import numpy as np\nnp.random.seed(0)\na = np.random.rand(3)\na",
    "np.random.standard_normal(5)",
    "rng = np.random.default_rng(3)\nrng.normal(size=4)",
    "print('out')\nimport sys\nprint('err', file=sys.stderr)\nsys.stdout.write('w')",
    "_ , __, _i, Out[1], In[2], len(In)",
    "def f(n):\n    return 1 / n\n\nf(0)",
    "x = 5;",
    "assert x == 4, 'no'",
    "x =",
    "x = 7\nreturn x",
    "import asyncio\nawait asyncio.sleep(0.01)\nx",
    "await asyncio.sleep(0)\nraise KeyError('k')",
    "import pandas as pd\ndf = pd.DataFrame({'a': [1.5, 2], 'b': ['x', None]})\ndf",
    "df.loc[0, 'a'] = 7\ndf['c'] = df['a'] * 2\ndf",
    "import warnings\nwarnings.warn('mine')",
    "import helper\nhelper.old()",
    "import logging\nlogging.getLogger('a').warning('logged')",
    "!echo from the shell",
    "%time 1 + 1",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>b</b>'))",
    "b = np.zeros(3)\nb.resize(5)\nb",
    "print('\\d', \"\\d\")",
    "raise SystemExit('bye')",
    "with open('made.txt', 'w') as file:\n    file.write('text')\nopen('made.txt').read()",
    "import gc\ngc.isenabled(), sys.gettrace(), sys.getrecursionlimit(), warnings.filters == warnings.filters",
    "get_ipython().user_ns is globals(), __name__, __builtins__ is __import__('builtins')",
    "sorted(name for name in globals() if not name.startswith('_'))",
    "import hashlib, pickle\nstate = random.getstate(), np.random.get_state(), rng.bit_generator.state, df, a, b, x\n"
    "hashlib.sha256(pickle.dumps(state)).hexdigest()",
]
HELPER = "import warnings\n\ndef old():\n    warnings.warn('old', UserWarning)\n    return 3\n"


def without_chance(text):
    """Take out what differs between any two kernels."""
    text = re.sub(r"(?<=ipykernel_)\d+|\b\d{5,}(?=\.py)", "N", text)  # processes, files named after a text's hash
    text = re.sub(r"(CPU times|Wall time).*", r"\1", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    return re.sub(r"0x[0-9a-f]+", "0xN", text)


def test_a_notebook_with_and_without(kernels, folder):
    (folder / "helper.py").write_text(HELPER)
    plain, ours = kernels(), kernels()
    for kernel in (plain, ours):
        kernel.ok("import random; random.seed(0)" if kernel is plain else "%load_ext mlexp")
    for number, body in enumerate(NOTEBOOK, start=2):
        if body.startswith(("!", "%")):
            body = f"pass\n{body}"
        without = plain.run(f"# %%track base\n{body}", stop_on_error=False)
        tracked = ours.run(f"%%track base\n{body}", stop_on_error=False)
        assert len(tracked.cards) == 1, body
        assert tracked.outputs[-1][0] == "display_data", "the card comes last"
        outputs = [o for o in tracked.outputs if "Run r" not in str(o[1].get("data", {}).get("text/html"))]
        for a, b in (without.outputs, outputs), (without.content, tracked.content):
            assert without_chance(repr(a)) == without_chance(repr(b)), body
        assert tracked.number == number
        untracked = "1 + 1"
        assert plain.ok(untracked, store_history=False).result == ours.ok(untracked, store_history=False).result
    ours.ok("%unload_ext mlexp")
    assert int(ours.ok("len(In)").result) == int(plain.ok("len(In)").result) + 1


class TestGenerators:
    def test_tracked_and_untracked_cells_move_nothing(self, shell):
        draw = "import random\nimport numpy as np\nr = (random.random(), np.random.rand())"
        states = "import random\nimport numpy as np\nrandom.seed(5)\nnp.random.seed(5)"
        shell.ok(states)
        shell.ok(draw)
        expected = shell.names["r"]
        shell.load()
        for prefix in ("", "%%track base\n"):
            shell.ok(states)
            shell.ok(f"{prefix}X = np.arange(10.)\nm = float(X.sum())")
            shell.run(f"{prefix}1 / 0")
            shell.ok("%runs")
            shell.ok("%load_ext mlexp")
            shell.ok(f"{prefix}{draw}")
            assert shell.names["r"] == expected

    def test_a_generator_of_another_kind(self, loaded):
        loaded.ok("import numpy as np\nbefore = np.random.get_bit_generator()")
        loaded.ok("np.random.set_bit_generator(np.random.PCG64(3))")
        try:
            assert loaded.ok("%%track\nx = np.random.rand()\nx") == np.random.RandomState(np.random.PCG64(3)).rand()
            assert loaded.latest().status is RunStatus.FINISHED
        finally:
            loaded.ok("np.random.set_bit_generator(before)")


class TestNoReferences:
    def test_resize_in_place(self, loaded):
        loaded.ok("import numpy as np\na = np.zeros(4)")
        loaded.ok("%%track base\ntotal = a.sum()")
        loaded.ok("%%track base\na.resize(9)\nn = a.size * 1.0")
        assert loaded.names["a"].shape == (9,)
        loaded.ok("a.resize(3)")
        assert loaded.latest().metrics == {"n": 9.0}

    @pytest.mark.parametrize("end", ["", "\n1 / 0"])
    def test_a_deleted_frame_is_gone_after_the_cell(self, loaded, end):
        frame = loaded.names["df"] = pd.DataFrame({"a": range(1000)})
        loaded.names["rows"] = frame["a"].to_numpy()
        died = weakref.ref(frame)
        del frame
        loaded.ok("%%track base\ntotal = float(df['a'].sum())")
        loaded.run(f"%%track base\nn = len(df)\ndel df, rows{end}")
        loaded.ok("%runs")
        gc.collect()
        assert died() is None

    def test_a_value_that_was_last(self, loaded):
        loaded.ok("class V: pass\nv = V()")
        died = weakref.ref(loaded.names["v"])
        loaded.run("%%track base\nv;")
        loaded.run("%%track base\nw = v\ndel v, w")
        gc.collect()
        assert died() is None

    def test_copy_on_write_stays_cheap(self, loaded):
        loaded.ok(
            "import pandas as pd\nimport numpy as np\ndf = pd.DataFrame(np.zeros((1000, 3)), columns=list('abc'))"
        )
        loaded.ok("%%track base\nm = float(df['a'].sum())\nbefore = df['b'].to_numpy().ctypes.data")
        loaded.ok("df.iloc[0, 1] = 5.0")
        assert loaded.names["df"]["b"].to_numpy().ctypes.data == loaded.names["before"]


EVIL = """
class Evil:
    def {method}(self, *args):
        print("{method} was called")
        {action}
"""
METHODS = (
    "__eq__ __repr__ __str__ __len__ __bool__ __getattr__ __getattribute__ __reduce__ __reduce_ex__ __float__ __int__ "
    "__iter__ __hash__ __call__ __contains__ __array__ __class_getitem__ __format__ __sizeof__ __getstate__"
).split()


class TestValuesThatBite:
    @pytest.mark.parametrize("action", ["raise ValueError('evil')", "raise SystemExit", "return None"])
    def test_none_of_their_code_runs(self, loaded, capsys, action):
        for method in METHODS:
            loaded.ok(EVIL.format(method=method, action=action))
            loaded.ok(f"evil_{method} = Evil()\nholder_{method} = [evil_{method}] * 200\nof_{method} = {{'a': Evil()}}")
        names = [f"{kind}_{method}" for method in METHODS for kind in ("evil", "holder", "of")]
        loaded.ok("import numpy as np\nobjects = np.empty(2, dtype=object)\nobjects[:] = [Evil(), Evil()]")
        capsys.readouterr()
        reads = "\n".join(names)
        loaded.ok(
            f"%%track base -p evil___float__ -m evil___int__\n{reads}\nobjects\nmetric = Evil()\nd = {{'x': metric}}\n1"
        )
        assert "was called" not in capsys.readouterr().out
        assert loaded.latest().status is RunStatus.FINISHED

    def test_a_class_that_lies(self, loaded, capsys):
        loaded.ok("import numpy as np\nimport pandas as pd")
        loaded.ok(
            "class Lazy:\n    @property\n    def __class__(self):\n        print('asked')\n        return np.ndarray\n"
            "lazy = Lazy()\nmany = [lazy] * 200\nclass Holds:\n    inner = lazy\nholds = Holds()"
        )
        capsys.readouterr()
        loaded.ok("%%track base\nlazy; many; holds; Holds\nbound = lazy\nin_dict = {'a': lazy}\n1")
        assert "asked" not in capsys.readouterr().out
        assert loaded.latest().status is RunStatus.FINISHED

    def test_an_exception_that_bites(self, loaded):
        loaded.ok(
            "class Evil(Exception):\n    def __str__(self): raise SystemExit\n    def __len__(self): return 0\n"
            "    def __eq__(self, other): raise ValueError"
        )
        result = loaded.run("%%track base\nraise Evil")
        assert type(result.error_in_exec).__name__ == "Evil"
        run = loaded.latest()
        assert run.status is RunStatus.FAILED
        assert run.record.error.type == "Evil"

    def test_logged(self, loaded):
        loaded.ok("import mlexp")
        loaded.ok(
            "class Evil:\n    def __float__(self): raise SystemExit\n    def __getattr__(self, name): raise SystemExit"
        )
        with pytest.warns(UserWarning, match="no number but a Evil"):
            loaded.ok("%%track base\nmlexp.log(a=Evil(), b=2)\nmlexp.log(c=3)")
        assert loaded.latest().metrics == {"b": 2, "c": 3}


class TestShadowedNames:
    def test_ours_and_builtin_ones(self, loaded, capsys):
        loaded.ok("mlexp = log = display = print = get_ipython = open = len = sorted = 'mine'")
        loaded.ok("%%track base\nx = mlexp.upper()\nm = 2.0 * int('3')\nx")
        assert loaded.names["mlexp"] == loaded.names["print"] == "mine"
        assert loaded.latest().metrics == {"m": 6.0}
        loaded.ok("del get_ipython")
        capsys.readouterr()
        loaded.ok("%runs")
        assert "r1" in capsys.readouterr().out

    def test_modules_of_the_users_called_like_ours(self, loaded, folder):
        (folder / "records.py").write_text("NAME = 'mine'\n")
        (folder / "capture.py").write_text("import records\n")
        loaded.ok(f"import sys\nsys.path.insert(0, {str(folder)!r})")
        try:
            assert loaded.ok("%%track base\nimport capture, records\nrecords.NAME") == "mine"
        finally:
            loaded.ok(
                f"import sys\nsys.path.remove({str(folder)!r})\ndel sys.modules['records'], sys.modules['capture']"
            )


def test_many_names(loaded):
    loaded.names.update({f"name{i}": [i] for i in range(5000)})
    loaded.ok("%%track base\ny = sum(name7) * 2.0")
    assert loaded.latest().metrics == {"y": 14.0}


class TestWarnings:
    def test_filters_are_as_the_user_left_them(self, loaded):
        loaded.ok("import warnings\nwarnings.simplefilter('ignore')\nbefore = list(warnings.filters)")
        loaded.ok("%%track base\nx = '\\d'")
        assert loaded.ok("warnings.filters == before")

    def test_a_library_warns_once(self, kernels, folder):
        """Not again in each cell: whoever touches the filters makes Python forget what it has shown."""
        (folder / "helper.py").write_text(HELPER)
        kernel = kernels()
        kernel.load()
        kernel.ok("import helper")
        assert "old" in kernel.ok("%%track\nhelper.old()").stderr
        again = kernel.ok("%%track\nhelper.old()").stderr
        plain = kernels()
        plain.ok("import helper")
        plain.ok("helper.old()")
        assert again == plain.ok("helper.old()").stderr


class TestThreads:
    def test_log_from_threads(self, loaded):
        loaded.ok("import mlexp, threading")
        loaded.ok(
            "%%track base\n"
            "def work(k):\n    for i in range(200):\n        mlexp.log({f't{k}': i}, step=i)\n"
            "threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]\n"
            "for t in threads: t.start()\nfor t in threads: t.join()"
        )
        run = loaded.latest()
        for k in range(4):
            assert list(run.history(f"t{k}")["value"]) == list(range(200))

    def test_log_from_a_thread_that_outlives_the_cell(self, loaded, recwarn):
        loaded.names["stop"] = stop = threading.Event()
        loaded.ok("import mlexp, threading, warnings")
        loaded.ok(
            "%%track base\n"
            "def work():\n    with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n"
            "        while not stop.wait(0.0005):\n            mlexp.log(x=1.0)\n"
            "thread = threading.Thread(target=work)\nthread.start()\n"
            "import time\ntime.sleep(0.05)"
        )
        loaded.ok("y = 1")
        stop.set()
        loaded.ok("thread.join()")
        run = loaded.latest()
        assert run.status is RunStatus.FINISHED
        assert len(run.history("x")) > 3
        recwarn.clear()

    def test_a_thread_that_runs_on_keeps_nothing_open(self, loaded):
        """The frame that a cell only read may go, also while a thread of ours still reads the packages."""
        loaded.ok("import pandas as pd\ndf = pd.DataFrame({'a': [1.0]})")
        died = weakref.ref(loaded.names["df"])
        loaded.ok("%%track base\nm = float(df['a'].mean())\ndel df")
        gc.collect()
        assert died() is None


def test_log_outside_a_run_warns_once_a_cell(loaded):
    loaded.ok("import mlexp")
    for _ in range(2):
        with pytest.warns(UserWarning, match="no run is under way") as caught:
            loaded.ok("mlexp.log(a=1)\nmlexp.log(a=2)")
        assert len(caught) == 1


def test_log_never_raises(loaded, caplog):
    """Warnings are errors in these tests, which is the hardest case."""
    loaded.ok("import mlexp\nmlexp.log(a=1)")
    loaded.ok("%%track base\nmlexp.log(0.5)")
    loaded.ok("%%track base\nmlexp.log(a='text')\nmlexp.log(a=1, step='no number')\nmlexp.log(a=1, step=2**70)")
    loaded.ok("%%track base\nmlexp.log(a=10**400, b=None, c=[1], d={})\nmlexp.log()\nmlexp.log({})\nmlexp.log(ok=1)")
    assert loaded.latest().metrics == {"ok": 1}
    assert "no run is under way" in caplog.text
    assert "log(loss=0.5" in caplog.text


def test_forked_child_leaves_the_store_alone(loaded):
    loaded.ok("import os, mlexp")
    loaded.ok(
        "%%track base\nmlexp.log(x=1)\npid = os.fork()\nif pid == 0:\n"
        "    mlexp.log(x=2)\n    get_ipython().run_cell('y = 1')\n"
        "    get_ipython().events.trigger('post_run_cell', None)\n    get_ipython()._mlexp_extension.session.close()\n"
        "    os._exit(0)\nstatus = os.waitpid(pid, 0)[1]\nmlexp.log(x=3)"
    )
    assert loaded.names["status"] == 0
    run = loaded.latest()
    assert run.status is RunStatus.FINISHED
    assert list(run.history("x")["value"]) == [1, 2, 3]
