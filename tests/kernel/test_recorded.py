"""What is recorded of a run, and of the executions around it."""

import json
import platform
import random
import time

import numpy as np
import pandas as pd
import pytest

from mlexp.capture.parts import data as parts_data
from mlexp.records import MetricOrigin, Outcome, RunStatus
from tests.kernel.conftest import until


def metrics(loaded, body, options=""):
    loaded.ok(f"%%track {options}\n{body}")
    return loaded.latest().metrics


class TestParams:
    def test_of_the_cell_and_of_what_it_rests_on(self, loaded):
        loaded.ok("lr = 0.1\nunused = 3\npath = 'x.csv'")
        loaded.ok("depth = 4\nsizes = (64, 32)")
        loaded.ok("other = 5")
        loaded.ok(
            "%%track\nseed = 0\nflag = True\nnothing = None\nscore = lr * depth * sizes[0] + seed\nif flag: nothing"
        )
        assert loaded.latest().params == {
            "lr": 0.1,
            "depth": 4,
            "sizes": (64, 32),
            "seed": 0,
            "flag": True,
            "nothing": None,
        }

    def test_the_last_value_before_the_run_counts(self, loaded):
        loaded.ok("lr = 0.1")
        loaded.ok("%%track\nscore = lr * 2")
        loaded.ok("lr = 0.5")
        loaded.ok("%%track\nscore = lr * 2")
        assert [run.params for run in loaded.project.runs()] == [{"lr": 0.5}, {"lr": 0.1}]

    def test_paths_of_inputs_are_none(self, loaded, folder):
        (folder / "x.csv").write_text("a\n1\n")
        loaded.ok("path = 'x.csv'")
        loaded.ok("from pathlib import Path\ntext = Path(path).read_text()")
        loaded.ok("%%track\nn = len(text) * 1.0")
        assert loaded.latest().params == {}

    def test_forced(self, loaded):
        body = "n = len('abc')\nmany = [len]\nm = n * 1.0\nbad = float('nan')"
        loaded.ok(f"%%track -p n -p missing -p many -p bad\n{body}")
        run = loaded.latest()
        assert run.params == {"n": 3}
        assert run.metrics == {"m": 3.0}
        assert run.record.notes == (
            *("-p missing: no such name", "-p many: not a plain value", "-p bad: not a plain value"),
        )


class TestMetrics:
    def test_bound(self, loaded):
        body = "n = 3\na = n / 4\nb = int(a * 8)\nc = np.float32(a)\nd = np.array(a)\nflag = a > 1\n_hidden = a"
        loaded.ok("import numpy as np")
        assert metrics(loaded, body) == {"a": 0.75, "b": 6, "c": 0.75, "d": 0.75}

    def test_values_are_exact(self, loaded):
        found = metrics(
            loaded,
            "a = float('nan')\nb = -float('inf')\nc = 0.1 * len('a') + 0.2\nd = -0.0 * len('a')\n"
            "e = 2 ** len('a' * 70)",
        )
        assert np.isnan(found["a"])
        assert (found["b"], found["c"], found["e"]) == (-np.inf, 0.1 + 0.2, 2**70)
        assert np.signbit(found["d"])

    def test_a_dict(self, loaded):
        assert metrics(loaded, "scores = dict(f1=0.5, auc=1.0 * len('a'))") == {"f1": 0.5, "auc": 1.0}
        assert metrics(loaded, "scores = dict(f1=0.5)\nf1 = scores['f1'] / 2") == {"f1": 0.25, "scores.f1": 0.5}

    def test_last_expression(self, loaded):
        loaded.ok("def accuracy_score(): return 0.75")
        assert metrics(loaded, "accuracy_score()") == {"accuracy": 0.75}
        assert loaded.latest().record.metrics[0].origin is MetricOrigin.RESULT
        assert metrics(loaded, "accuracy_score();") == {}
        assert metrics(loaded, "%%time\naccuracy_score()") == {"accuracy": 0.75}

    def test_forced_and_logged(self, loaded):
        loaded.ok("import mlexp")
        body = "k = 5\nfor i in range(4):\n    mlexp.log(loss=1 / (i + 1))\nmlexp.log({'val/loss': 2}, step=10)"
        assert metrics(loaded, body, "-m k") == {"k": 5, "loss": 0.25, "val/loss": 2}
        run = loaded.latest()
        assert run.params == {}
        history = run.history("loss")
        assert list(history.columns) == ["step", "time", "value"]
        assert list(history["step"]) == [0, 1, 2, 3]
        assert list(history["value"]) == [1, 1 / 2, 1 / 3, 1 / 4]
        assert list(run.history("val/loss")["step"]) == [10]

    def test_neither_counters_nor_constants(self, loaded):
        assert (
            metrics(
                loaded, "total = 0\nfor i in range(3):\n    total += i\nwith open('pyproject.toml') as f: pass\nx = 3"
            )
            == {}
        )

    def test_timings(self, loaded):
        body = "import time\nstart = time.perf_counter()\ntook = time.perf_counter() - start\nscore = 1.0 * len('a')"
        assert metrics(loaded, body) == {"score": 1.0}
        assert set(loaded.latest().timings) == {"took"}
        assert loaded.latest().timings["took"] == loaded.names["took"]

    def test_of_a_failed_run_only_the_logged_ones(self, loaded):
        loaded.ok("import mlexp")
        loaded.run("%%track\na = 1.0 * len('a')\nmlexp.log(loss=2)\n1 / 0")
        assert loaded.latest().metrics == {"loss": 2}


FRAMES = """
import numpy as np
import pandas as pd
X = pd.DataFrame({'a': [1.5, np.nan], 'b': ['x', None]})
y = np.arange(4.0)
"""


class TestData:
    def test_as_it_was_read(self, loaded):
        loaded.ok(FRAMES)
        X, y = loaded.names["X"].copy(), loaded.names["y"].copy()
        loaded.ok("%%track\nX['c'] = 1\nX.loc[0, 'a'] = 9.0\ny *= 2\ny.sort()\nm = float(y[-1])")
        run = loaded.latest()
        pd.testing.assert_frame_equal(run.data["X"], X)
        assert run.data["y"].tobytes() == y.tobytes()
        assert sorted(run.data) == ["X", "y"]
        assert not loaded.names["X"].equals(X)
        by_name = {value.name: value for value in run.record.values}
        assert by_name["X"].digest != {d.name: d.digest for d in run.record.data}["X"]

    def test_rebound_and_deleted(self, loaded):
        loaded.ok(FRAMES)
        X = loaded.names["X"].copy()
        loaded.ok("%%track\nX = X.dropna()\nn = len(X) * 1.0\ndel y")
        pd.testing.assert_frame_equal(loaded.latest().data["X"], X)

    @pytest.mark.parametrize(
        ("definitions", "call"),
        [
            ("def total(): return float(y.sum())", "total()"),
            ("def total(): return float(y.sum())\ndef outer(): return total()", "outer()"),
            ("total = lambda: float(y.sum())", "total()"),
            ("def total(): return float(sum(v for v in y))", "total()"),
            ("def total():\n    def inner(): return float(y.sum())\n    return inner()", "total()"),
            ("class Model:\n    def total(self): return float(y.sum())", "Model().total()"),
            ("class Model:\n    def total(self): return float(y.sum())\nmodel = Model()", "model.total()"),
            (
                "class Base:\n    def total(self): return float(y.sum())\nclass Model(Base): pass\nmodel = Model()",
                "model.total()",
            ),
            ("class Model:\n    @property\n    def total(self): return float(y.sum())\nmodel = Model()", "model.total"),
            ("class Model:\n    @staticmethod\n    def total(): return float(y.sum())\nbound = Model.total", "bound()"),
            ("class Model:\n    def total(self): return float(y.sum())\nbound = Model().total", "bound()"),
            ("import functools\n@functools.lru_cache\ndef total(): return float(y.sum())", "total()"),
            (
                "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(): return f()\n    return g\n"
                "@twice\ndef total(): return float(y.sum())",
                "total()",
            ),
            ("import functools\ndef f(a): return float(y.sum()) + a\ntotal = functools.partial(f, 0)", "total()"),
            ("def f(): return float(y.sum())\ndef total(g=f): return g()", "total()"),
            ("handlers = {'a': lambda: float(y.sum())}", "handlers['a']()"),
        ],
    )
    def test_through_functions(self, loaded, definitions, call):
        loaded.ok(FRAMES)
        loaded.ok(definitions)
        loaded.ok(f"%%track\nm = {call}")
        run = loaded.latest()
        assert run.metrics == {"m": 6.0}
        assert "y" in run.data
        assert "X" not in run.data

    def test_containers(self, loaded):
        loaded.ok(FRAMES + "pair = (X, y)\nsplits = {'train': X}\nmany = list(range(500))\nfew = [1, 2]")
        loaded.ok("%%track\npair, splits, many, few\nm = 1.0 * len(many)")
        run = loaded.latest()
        assert sorted(run.data) == ["many", "pair", "splits"]
        assert run.data["many"] == list(range(500))
        pd.testing.assert_frame_equal(run.data["splits"]["train"], loaded.names["X"])

    def test_not_kept_says_why(self, loaded):
        loaded.ok(FRAMES + "odd = np.array([object()], dtype=object)")
        loaded.ok("%%track\nodd, y\nm = 1.0 * len(odd)")
        run = loaded.latest()
        with pytest.raises(LookupError, match="no codec"):
            run.data["odd"]
        assert run.data["y"].tolist() == [0, 1, 2, 3]

    def test_too_large_says_so(self, shell, monkeypatch):
        monkeypatch.setenv("MLEXP_MAX_OBJECT_MB", "1")
        shell.load()
        shell.ok("import numpy as np\nbig = np.zeros(2**18)\nsmall = np.zeros(3)")
        shell.ok("%%track\nm = float(big.sum() + small.sum())")
        with pytest.raises(LookupError, match="max_object_mb"):
            shell.latest().data["big"]
        assert shell.latest().data["small"].shape == (3,)

    def test_no_data(self, loaded):
        loaded.ok(FRAMES)
        loaded.ok("%%track --no-data\nm = float(y.sum())")
        assert dict(loaded.latest().data) == {}


class TestFiles:
    def test_content_at_the_first_reading(self, loaded, folder):
        (folder / "x.csv").write_text("a\n1\n")
        loaded.ok("from pathlib import Path\nfirst = Path('x.csv').read_text()")
        (folder / "x.csv").write_text("a\n22\n")
        loaded.ok("second = Path('x.csv').read_text()")
        loaded.ok("%%track\nn = Path('x.csv').write_text('mine')\nm = len(first) * 1.0")
        loaded.ok("third = Path('x.csv').read_text()")
        inputs = [[loaded.project.blobs.get(f.digest).decode() for f in e.inputs] for e in loaded.executions()]
        assert inputs == [[], ["a\n1\n"], ["a\n22\n"], [], []]
        assert loaded.executions()[3].writes == (str(folder / "x.csv"),)

    def test_read_and_overwritten_by_one_cell(self, loaded, folder):
        (folder / "x.csv").write_text("a\n1\n")
        loaded.ok("import pandas as pd")
        loaded.ok("%%track\ndf = pd.read_csv('x.csv')\n(df * 2).to_csv('x.csv')\nm = float(df['a'].sum())")
        (file,) = loaded.executions()[-1].inputs
        assert loaded.project.blobs.get(file.digest) == b"a\n1\n"
        assert (file.path, file.resolved, file.size_bytes) == ("x.csv", str(folder / "x.csv"), 4)
        assert loaded.executions()[-1].writes == (str(folder / "x.csv"),)
        assert [f.path for f in loaded.latest().inputs] == ["x.csv"]

    @pytest.mark.parametrize(
        "read",
        [
            "with open('d/x.txt') as file:\n    file.read()",
            "from pathlib import Path\nPath('d/x.txt').read_text()",
            "import os\nfd = os.open('d/x.txt', os.O_RDONLY)\nos.read(fd, 9)\nos.close(fd)",
            "import os\nos.chdir('d')\nopen('x.txt').close()\nos.chdir('..')",
            "import numpy as np\nnp.loadtxt('d/x.txt')",
            "import pandas as pd\npd.read_csv('d/x.txt')",
            "open('d/x.txt', 'r+').close()",
            "import threading\nt = threading.Thread(target=lambda: open('d/x.txt').close())\nt.start()\nt.join()",
            "%run -i d/reads.py",
        ],
    )
    def test_however_it_is_opened(self, loaded, folder, read):
        (folder / "d").mkdir()
        (folder / "d" / "x.txt").write_text("1 2\n")
        (folder / "d" / "reads.py").write_text("open('d/x.txt').close()\n")
        loaded.ok(read)
        assert str(folder / "d" / "x.txt") in [file.resolved for file in loaded.executions()[-1].inputs]

    def test_neither_packages_nor_the_store(self, loaded):
        loaded.ok("import email.mime.audio, colorsys\nopen('/proc/self/stat').close()")
        loaded.ok("import glob, os\nfor f in glob.glob('.mlexp/*'):\n    if os.path.isfile(f): open(f, 'rb').close()")
        assert [e.inputs for e in loaded.executions()] == [(), (), ()]

    def test_missing_files_raise_as_ever(self, loaded):
        assert isinstance(loaded.run("%%track\nopen('nowhere.csv')").error_in_exec, FileNotFoundError)

    def test_too_large_is_named(self, shell, folder, monkeypatch):
        monkeypatch.setenv("MLEXP_MAX_FILE_MB", "1")
        (folder / "big.bin").write_bytes(b"x" * (2**20 + 1))
        shell.load()
        shell.ok("%%track\nopen('big.bin', 'rb').close()\n1")
        (file,) = shell.executions()[-1].inputs
        assert file.digest is None
        assert "max_file_mb" in file.reason


class TestPrinted:
    def test_in_a_shell(self, loaded, capsys):
        loaded.ok("import logging, sys\nlogger = logging.getLogger('mine')\nlogger.propagate = False\n"
                  "logger.addHandler(logging.StreamHandler(sys.stdout))")  # fmt: skip
        loaded.ok("print('before')")
        loaded.ok("%%track\nprint('one', end='')\nsys.stdout.write('two\\n')\nlogger.warning('three')\n"
                  "print('four', file=sys.stderr)")  # fmt: skip
        loaded.ok("print('after')")
        run = loaded.latest()
        assert run.stdout == "onetwo\nthree\n"
        assert loaded.project.blobs.get(run.record.stderr) == b"four\n"
        printed = capsys.readouterr()
        assert printed.out.startswith("before\nonetwo\nthree\n")
        assert "four" in printed.err

    def test_a_stream_of_the_users_own(self, loaded):
        loaded.ok("import io, sys\nclass Mine(io.StringIO):\n    def write(self, text):\n        super().write(text)\n"
                  "mine = Mine()\nbefore = sys.stdout")  # fmt: skip
        loaded.ok("%%track\nsys.stdout = mine\nprint('hidden')\nsys.stdout = before\nprint('shown')")
        assert loaded.latest().stdout == "shown\n"
        loaded.ok("sys.stdout = mine")
        assert loaded.run("%%track\nr = sys.stdout.write('x')\nassert sys.stdout is mine").success
        loaded.ok("assert sys.stdout is mine\nsys.stdout = before")
        assert loaded.names["r"] is None
        assert loaded.names["mine"].getvalue().startswith("hidden\nx")
        assert loaded.latest().stdout == "x"

    def test_a_broken_stream(self, kernel, project):
        kernel.ok("import sys\nbefore = sys.stdout\nclass Broken:\n    def write(self, text): raise OSError('gone')\n"
                  "    def flush(self): pass")  # fmt: skip
        kernel.ok("%%track\nprint('shown')\nsys.stdout = Broken()\nx = 1")
        kernel.run("%%track\nprint('lost')")
        kernel.ok("sys.stdout = before")
        answer = kernel.ok("%%track\nprint('again')")
        assert answer.stdout == "again\n"
        assert [run.stdout for run in project.runs()] == ["again\n", "", "shown\n"]

    def test_odd_characters(self, loaded):
        loaded.ok("%%track\nprint('\\ud800 \\x00 \\x1b[31m ü')")
        assert "ü" in loaded.latest().stdout

    def test_in_a_kernel(self, kernel, project):
        kernel.ok("import logging, os, subprocess, sys\nlogging.basicConfig(stream=sys.stdout, format='%(message)s')")
        kernel.ok("print('before')")
        answer = kernel.ok(
            "%%track\nprint('printed')\nlogging.warning('logged')\nsys.stdout.flush()\n"
            "print('wrong', file=sys.stderr)\nsubprocess.run(['echo', 'from a child'])\nos.write(1, b'raw\\n')\n"
            "!echo from the shell"
        )
        kernel.ok("print('after')")
        run = project.find("r1")
        assert run.stdout == answer.stdout
        lines = run.stdout.replace("\r", "").splitlines()
        assert sorted(lines) == ["from a child", "from the shell", "logged", "printed", "raw"]
        assert project.blobs.get(run.record.stderr) == b"wrong\n"


class TestCircumstances:
    def test_status_duration_python_and_cell(self, loaded):
        loaded.ok("%%track\nimport time\ntime.sleep(0.2)\nx = 1.0 * len('a')")
        run = loaded.latest()
        assert run.status is RunStatus.FINISHED
        assert run.elapsed_s >= 0.2
        assert run.record.interpreter.version == platform.python_version()
        assert run.code == "%%track\nimport time\ntime.sleep(0.2)\nx = 1.0 * len('a')"
        assert run.started.tzinfo is not None

    def test_duration_is_the_cells_own(self, loaded, monkeypatch):
        for slow in ("keep_data", "digest_values", "live_reads"):
            real = getattr(parts_data, slow)
            monkeypatch.setattr(parts_data, slow, lambda *a, real=real, **k: (time.sleep(0.5), real(*a, **k))[1])
        loaded.ok("import numpy as np\nX = np.zeros(3)")
        loaded.ok("%%track\nx = float(X[0])")
        assert loaded.latest().elapsed_s < 0.4
        assert loaded.executions()[-1].elapsed_s < 0.4

    def test_packages_come_after_the_cell(self, loaded):
        loaded.ok("import numpy")
        loaded.ok("%%track\nx = 1.0 * len('a')")
        run = loaded.latest()
        environment = until(lambda: run.environment)
        versions = {package.name.lower(): package.version for package in environment.packages}
        assert versions["numpy"] == np.__version__

    def test_generator_states_at_the_start(self, loaded):
        loaded.ok("import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(4)")
        expected = random.getstate()
        loaded.ok("%%track\nx = 1.0 * len('a')")
        states = {g.generator: g for g in loaded.executions()[-1].generators}
        assert set(states) == {"random", "numpy"}
        assert states["random"].before == states["random"].after
        kept = json.loads(loaded.project.blobs.get(states["random"].before))
        assert (kept[0], tuple(kept[1]), kept[2]) == expected
        loaded.ok("y = np.random.rand()")
        moved = loaded.executions()[-1].generators
        assert [g.generator for g in moved] == ["numpy"]
        again = np.random.RandomState()
        again.set_state(json.loads(loaded.project.blobs.get(moved[0].before)))
        assert again.rand() == loaded.names["y"]

    def test_numpy_imported_and_drawn_from_in_one_cell(self, kernel, project):
        drawn = float(kernel.ok("%%track\nimport numpy as np\nx = np.random.rand()\nprint(repr(float(x)))").stdout)
        states = {g.generator: g for g in project.find("r1").executions[-1].generators}
        again = np.random.RandomState()
        again.set_state(json.loads(project.blobs.get(states["numpy"].before)))
        assert again.rand() == drawn


class TestExecutions:
    def test_untracked_ones_too(self, loaded):
        loaded.ok("a = 1\nb = a")
        loaded.run("c = b / 0")
        loaded.run("d = = 1")
        loaded.ok("def f():\n    global e\n    e = a\nf()")
        loaded.ok("%pwd")
        found = loaded.executions()
        assert [e.index for e in found] == list(range(6))
        assert [e.number for e in found] == [1, 2, 3, 4, 5, 6]
        assert [e.outcome for e in found] == [
            *(Outcome.OK, Outcome.OK, Outcome.ERROR, Outcome.NOT_RUN, Outcome.OK, Outcome.OK)
        ]
        assert found[1].source == "a = 1\nb = a"
        assert found[1].bound == ("a", "b")
        assert found[2].read == ("b",)
        assert (found[2].error.type, found[2].error.line) == ("ZeroDivisionError", 1)
        assert found[4].bound == ("e", "f")
        assert "a" in found[4].read
        assert "run_line_magic('pwd', '')" in found[5].python
        assert [e.observed for e in found] == [False, True, True, True, True, True]

    def test_before_load_from_history(self, shell):
        shell.ok("a = 1")
        shell.run("b = a / 0")
        shell.load()
        shell.ok("c = a")
        found = shell.executions()
        assert [e.source for e in found] == ["a = 1", "b = a / 0", "%load_ext mlexp", "c = a"]
        assert [e.observed for e in found] == [False, False, False, True]
        assert [e.outcome for e in found[2:]] == [Outcome.OK, Outcome.OK]
        assert found[0].bound == ("a",)
        if hasattr(shell.ip.history_manager, "exceptions"):
            assert [e.outcome for e in found[:2]] == [Outcome.OK, Outcome.ERROR]
            assert found[1].error.type == "ZeroDivisionError"
        else:  # IPython 8 remembers no errors
            assert [e.outcome for e in found[:2]] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
        shell.ok("%%track\nm = c * 2.0\na")
        assert shell.latest().params == {"a": 1}

    def test_rest_of_the_loading_cell(self, shell):
        shell.ok("%load_ext mlexp\na = 5")
        shell.ok("%%track\nm = a * 2.0")
        assert shell.latest().params == {"a": 5}

    def test_cell_ids(self, kernel, project):
        kernel.ok("%%track\nx = 1", cell_id="cell-of-lab")
        assert project.find("r1").executions[-1].cell_id == "cell-of-lab"

    @pytest.mark.parametrize(
        ("cell", "line"),
        [
            ("%%track\nx = 1\n1 / 0\nx", 3),
            ("%%time\n%%track\nx = 1\n1 / 0\nx", 4),
            ("%%track\n%%time\nx = 1\n1 / 0\nx", 4),
            ("%%track\n%%capture\nx = 1\n1 / 0\nx", 4),
            ("%%capture\n%%track\nx = 1\n1 / 0\nx", 4),
            ("%%track\n%%capture\n%%time\nx = 1\n1 / 0\nx", 5),
            ("%%track\n%%prun -q\nx = 1\n1 / 0\nx", 4),
            ("%%track\nx = 1\n\nfor i in range(3):\n    exec('1 / 0')", 5),
            ("%%track\nx = 1\nexec('x = =')", 3),
            ("%%track\nx = 1\nawait g()", 3),
            ("\n\n%%track\nx = 1\n1 / 0", 3),
        ],
    )
    def test_the_line_of_an_error_counts_in_the_recorded_text(self, loaded, cell, line):
        loaded.ok("async def g(): 1 / 0")
        loaded.run(cell)
        execution = loaded.executions()[-1]
        assert execution.outcome is Outcome.ERROR
        assert execution.error.line == line
        statement = execution.python.split("\n")[line - 1]
        assert any(text in statement for text in ("1 / 0", "x = =", "g()"))


class TestModules:
    def test_the_users_own(self, loaded, folder):
        (folder / "of_ours").mkdir()
        (folder / "of_ours" / "__init__.py").write_text("")
        (folder / "of_ours" / "tools.py").write_text("VALUE = 1\n")
        loaded.ok(f"import sys\nsys.path.insert(0, {str(folder)!r})")
        try:
            loaded.ok("import of_ours.tools, json, numpy")
            package, tools = loaded.executions()[-1].modules
            assert (package.name, package.file) == ("of_ours", "of_ours/__init__.py")
            assert (tools.name, tools.file) == ("of_ours.tools", "of_ours/tools.py")
            assert loaded.project.blobs.get(tools.digest) == b"VALUE = 1\n"
            loaded.ok("x = 1")
            assert loaded.executions()[-1].modules == ()
            (folder / "of_ours" / "tools.py").write_text("VALUE = 22\n")
            loaded.ok("x = 2")
            assert loaded.executions()[-1].modules == ()  # not what runs
            loaded.ok("import importlib\nm = importlib.reload(of_ours.tools)")
            (again,) = loaded.executions()[-1].modules
            assert loaded.project.blobs.get(again.digest) == b"VALUE = 22\n"
        finally:
            loaded.ok("sys.path.pop(0)\nfor name in ('of_ours', 'of_ours.tools'): sys.modules.pop(name, None)")

    def test_imported_before_load(self, shell, folder):
        (folder / "early.py").write_text("VALUE = 1\n")
        shell.ok(f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport early\nsys.path.pop(0)")
        try:
            shell.load()
            assert "early" in [m.name for e in shell.executions() for m in e.modules]
        finally:
            shell.ok("del sys.modules['early']")
