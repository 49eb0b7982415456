"""What users declare: params, datasets, artifacts, and blocks that are runs, in cells, functions and scripts."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import weakref
from pathlib import Path

import pytest

import mlexp
from mlexp.errors import NotKeptError
from mlexp.project import Project
from mlexp.records import ParamOrigin, RunStatus

PLAIN = {
    "whole": "3",
    "float": "0.1",
    "text": "'a b'",
    "flag": "True",
    "none": "None",
    "tuple": "(64, 32)",
    "nested": "{'a': [1, (2.5, None)], 'b': {'c'}}",
    "negative": "-1e-300",
}
NOT_PLAIN = {
    "an object": "object()",
    "a class": "int",
    "nan": "float('nan')",
    "an object in a list": "[1, object()]",
    "complex": "1j",
    "long": "'x' * 10_000",
    "itself": "loop",
}


@pytest.fixture
def tracking(loaded):
    """A shell that has imported mlexp."""
    loaded.ok("import mlexp, numpy as np")
    return loaded


class TestParam:
    @pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
    def test_a_plain_value_is_a_param(self, tracking, text):
        assert tracking.ok(f"%%track\nx = mlexp.param('x', {text})\nx") == eval(text)
        run = tracking.latest()
        assert run.params == {"x": eval(text)}
        assert [p.origin for p in run.record.params] == [ParamOrigin.DECLARED]
        assert run.metrics == {}

    @pytest.mark.parametrize("text", NOT_PLAIN.values(), ids=NOT_PLAIN)
    def test_any_other_value_is_given_back_with_a_warning(self, tracking, text):
        tracking.ok("loop = []\nloop.append(loop)")
        tracking.names["given"] = value = eval(text, tracking.names)
        with pytest.warns(UserWarning, match="no plain value"):
            assert tracking.ok("%%track\nmlexp.param('x', given) is given")
        assert "x" not in tracking.latest().params
        del value

    def test_numbers_of_numpy_are_numbers(self, tracking):
        tracking.ok("%%track\nx = mlexp.param('x', np.float64(0.5))\nn = mlexp.param('n', np.int32(3))")
        assert tracking.latest().params == {"x": 0.5, "n": 3}

    def test_a_name_that_is_no_text(self, tracking):
        with pytest.warns(UserWarning, match="a text, not a int"):
            assert tracking.ok("%%track\nmlexp.param(3, 4)") == 4

    def test_no_code_of_the_values_runs(self, tracking):
        tracking.ok(
            "class Trap:\n    def __getattribute__(self, name): raise RuntimeError(name)\n"
            "    def __eq__(self, other): raise RuntimeError\n"
            "    __hash__ = None\ntrap = Trap()"
        )
        with pytest.warns(UserWarning, match="Trap"):
            tracking.ok("%%track\nmlexp.param('x', trap)\nmlexp.param('y', [trap])")
        assert tracking.latest().status is RunStatus.FINISHED

    def test_the_last_value_counts_and_several_are_noted(self, tracking):
        tracking.ok("%%track\nfor lr in (0.1, 0.2, 0.1, 0.3):\n    mlexp.param('lr', lr)\n    mlexp.param('n', 5)")
        run = tracking.latest()
        assert run.params == {"lr": 0.3, "n": 5}
        (note,) = [note for note in run.record.notes if "several" in note]
        assert "0.2, 0.1, 0.3" in note

    def test_of_an_earlier_cell_it_belongs_to_the_runs_that_rest_on_it(self, tracking):
        tracking.ok("rate = mlexp.param('learning rate', 0.1)")
        tracking.ok("other = mlexp.param('other', 7)")
        tracking.ok("%%track\ny = rate * float(2)")
        assert tracking.latest().params == {"learning rate": 0.1}
        assert tracking.latest().metrics == {"y": 0.2}

    def test_in_functions_and_threads(self, tracking):
        tracking.ok(
            "import threading\ndef f():\n    return mlexp.param('in a function', 1)\n"
            "def start():\n    t = threading.Thread(target=lambda: mlexp.param('in a thread', 2))\n"
            "    t.start(); t.join()"
        )
        tracking.ok("%%track\nf()\nstart()")
        assert tracking.latest().params == {"in a function": 1, "in a thread": 2}

    def test_a_million_calls_end(self, tracking):
        tracking.ok("%%track\nfor i in range(100_000):\n    mlexp.param('i', i)")
        assert tracking.latest().params["i"] == 99_999


class TestDataset:
    def test_it_is_kept_as_it_is_at_the_call(self, tracking):
        tracking.ok("%%track\ndef made():\n    return mlexp.dataset('made', np.arange(3))\nx = made()\nx[:] = 9")
        assert list(tracking.latest().data["made"]) == [0, 1, 2]

    def test_a_value_that_cannot_be_taken_apart_is_given_back(self, tracking):
        with pytest.warns(UserWarning, match="odd is not kept"):
            assert tracking.ok("%%track\nodd = object()\nmlexp.dataset('odd', odd) is odd")
        with pytest.raises(NotKeptError):
            tracking.latest().data["odd"]

    def test_nothing_is_kept_alive(self, tracking):
        tracking.ok("%%track\nx = mlexp.dataset('x', np.zeros(1000))\nx.resize(2000)")
        alive = weakref.ref(tracking.names["x"])
        tracking.ok("del x")
        tracking.ok("1")
        assert alive() is None


class TestArtifact:
    def test_a_file(self, tracking, folder):
        (folder / "notes.bin").write_bytes(b"\x00\xff" * 10)
        tracking.ok(
            "%%track\nfrom pathlib import Path\nmlexp.artifact(Path('notes.bin'))\nmlexp.artifact('notes.bin', 'n')"
        )
        (folder / "notes.bin").unlink()
        artifacts = tracking.latest().artifacts
        assert dict(artifacts) == {"notes.bin": b"\x00\xff" * 10, "n": b"\x00\xff" * 10}

    def test_objects(self, tracking):
        tracking.ok("import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})")
        tracking.ok(
            "%%track\nmlexp.artifact(frame, 'table')\nmlexp.artifact({'a': 1}, 'dict')\nmlexp.artifact(np.ones(2))"
        )
        artifacts = tracking.latest().artifacts
        assert list(artifacts) == ["table", "dict", "ndarray"]
        assert artifacts["table"].equals(tracking.names["frame"])
        assert artifacts["dict"] == {"a": 1}

    def test_a_figure_is_kept_as_png_and_left_as_it_is(self, tracking):
        tracking.ok("import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
        tracking.ok(
            "%%track\nfig, ax = plt.subplots()\nax.plot([1, 2])\nmlexp.artifact(fig, 'curve')\n"
            "open_ = plt.get_fignums()"
        )
        assert tracking.latest().artifacts["curve"].startswith(b"\x89PNG")
        assert tracking.names["open_"] == [1]
        tracking.ok("plt.close('all')")

    def test_given_twice_the_last_counts(self, tracking):
        tracking.ok("%%track\nfor i in range(3):\n    mlexp.artifact([i], 'a')")
        assert dict(tracking.latest().artifacts) == {"a": [2]}

    @pytest.mark.parametrize("text", ["'gone.txt'", "'.'", "object()", "lambda: 1", "''", "'a\\0b'"])
    def test_what_cannot_be_kept_is_a_warning_and_a_reason(self, tracking, text):
        with pytest.warns(UserWarning, match=r"mlexp\.artifact"):
            tracking.ok(f"%%track\nmlexp.artifact({text}, 'a')\nm = 1.0 * len('a')")
        run = tracking.latest()
        assert (run.status, run.metrics) == (RunStatus.FINISHED, {"m": 1.0})
        if run.artifacts:
            with pytest.raises(NotKeptError):
                run.artifacts["a"]

    def test_what_exits_or_lies_is_a_warning(self, tracking):
        tracking.ok(
            "import os\nclass Path(os.PathLike):\n    def __fspath__(self): raise SystemExit\n"
            "class Error(Exception):\n    def __str__(self): raise Error\n"
            "class Other(os.PathLike):\n    def __fspath__(self): raise Error\n"
        )
        for call in ("mlexp.artifact(Path())", "mlexp.artifact(Other())", "mlexp.artifact(Path(), name=Other())"):
            with pytest.warns(UserWarning, match=r"mlexp\.artifact"):
                tracking.ok(f"%%track\n{call}\nm = sum([1.0])")
            assert tracking.latest().metrics == {"m": 1.0}

    def test_what_is_too_large_is_named(self, tracking, folder, monkeypatch):
        monkeypatch.setenv("MLEXP_MAX_FILE_MB", "1")
        monkeypatch.setenv("MLEXP_MAX_OBJECT_MB", "1")
        tracking.ok("%reload_ext mlexp")
        (folder / "large").write_bytes(b"x" * (2**20 + 1))
        with pytest.warns(UserWarning, match="larger"):
            tracking.ok("%%track\nmlexp.artifact('large')\nmlexp.artifact(np.zeros(2**20), 'zeros')")
        assert all("larger" in record.reason for record in tracking.latest().record.artifacts)


@pytest.mark.parametrize("call", ["mlexp.dataset('a', 1)", "mlexp.artifact([1], 'a')"])
def test_outside_a_run_there_is_one_warning_a_cell(tracking, call):
    for _ in range(2):
        with pytest.warns(UserWarning, match="no run is under way") as said:
            tracking.ok(f"{call}\n{call}")
        assert len(said) == 1
        assert said[0].filename.startswith(("<ipython", "<cell", "/tmp"))
    assert not tracking.project.runs()


def test_where_warnings_are_errors_nothing_is_raised(tracking):
    tracking.ok("import warnings\nwarnings.simplefilter('error')\nmlexp.dataset('a', 1)\nmlexp.artifact('gone')")


class TestBlocksInAKernel:
    def test_in_a_cell(self, tracking, capsys):
        tracking.ok("scale = 2")
        tracking.ok(
            "before = 1.0 * len('ab')\nwith mlexp.track('block', tags=['t'], note='n', experiment='e') as run:\n"
            "    rate = 0.5\n    m = scale * rate * float(3)\n    print('inside')\n    mlexp.log(loss=1.0)\n"
            "after = 2.0 * m"
        )
        run = tracking.latest()
        assert (run.name, run.experiment, run.labels.tags, run.labels.note) == ("block", "e", ("t",), "n")
        assert run.status is RunStatus.FINISHED
        assert run.metrics == {"m": 3.0, "loss": 1.0}
        assert run.params == {"scale": 2, "rate": 0.5}
        assert run.stdout == "inside\n"
        assert tracking.names["run"].metrics == run.metrics
        assert "inside" in capsys.readouterr().out

    def test_in_a_function_called_by_a_cell(self, tracking):
        tracking.ok(
            "def fit(n):\n    with mlexp.track(f'n={n}'):\n        depth = 4\n        mlexp.log(score=n / 2)\n"
            "        total = sum(range(n))\n        return depth"
        )
        assert tracking.ok("[fit(n) for n in (2, 4)]") == [4, 4]
        runs = {run.name: run for run in tracking.project.runs()}
        assert {name: run.metrics["score"] for name, run in runs.items()} == {"n=2": 1.0, "n=4": 2.0}
        assert {name: run.metrics["total"] for name, run in runs.items()} == {"n=2": 1, "n=4": 6}

    def test_it_exports_and_proves(self, tracking, folder):
        tracking.ok("with mlexp.track('block') as run:\n    m = sum([1.5, 3.0])\nprint(run.metrics)")
        tracking.ok("1 + 1")
        assert mlexp.export("block", folder / "block.py").verdict == "reproduced"
        assert "mlexp.track" not in (folder / "block.py").read_text().partition("# %% In")[2]

    @pytest.mark.parametrize(
        ("cell", "status"),
        [("raise ValueError('v')", RunStatus.FAILED), ("raise KeyboardInterrupt", RunStatus.INTERRUPTED)],
    )
    def test_an_error_goes_on(self, tracking, cell, status):
        assert not tracking.run(f"with mlexp.track('bad'):\n    x = 1\n    {cell}").success
        assert tracking.latest().status is status
        tracking.ok("with mlexp.track('good'):\n    mlexp.log(a=1)")
        assert tracking.latest().metrics == {"a": 1}

    @pytest.mark.parametrize("outer", ["%%track outer\n", "with mlexp.track('outer'):\n"])
    def test_inside_a_run_it_is_a_part_of_it(self, tracking, outer):
        indent = "    " if outer.startswith("with") else ""
        body = f"{indent}with mlexp.track('inner') as inner:\n{indent}    mlexp.log(a=1)\n{indent}mlexp.log(b=2)"
        with pytest.warns(UserWarning, match="under way already"):
            tracking.ok(outer + body)
        assert [(run.name, run.metrics) for run in tracking.project.runs()] == [("outer", {"a": 1, "b": 2})]
        assert tracking.names["inner"] is None

    def test_a_functions_variables_are_not_kept_alive(self, tracking):
        tracking.ok(
            "import weakref\nclass Big: pass\ndef f():\n    with mlexp.track():\n        big = Big()\n"
            "        alive = weakref.ref(big)\n        x = np.zeros(10)\n        x.resize(20)\n        del big\n"
            "        gone = alive() is None\n    return gone"
        )
        assert tracking.ok("f()") is True


def script(folder: Path, text: str, *words: str, name: str = "train.py", how: tuple[str, ...] = (), **variables: str):
    """Run a script as a user does."""
    (folder / name).write_text(textwrap.dedent(text))
    command = [sys.executable, *(how or (name,)), *words]
    env = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)


@pytest.fixture
def opened(folder):
    """Opens the store of the project's folder, as another process sees it."""
    projects = []

    def open_() -> Project:
        projects.append(Project.open(folder))
        return projects[-1]

    yield open_
    for project in projects:
        project.close()


class TestScripts:
    TRAIN = """
        import argparse
        import random
        import mlexp

        rate = 0.1
        depth = mlexp.param("depth", 3)
        random.seed(7)
        with open("rows.txt") as lines:
            rows = [float(line) for line in lines]
        parser = argparse.ArgumentParser()
        parser.add_argument("--n", type=int, default=5)
        args = parser.parse_args()
        with mlexp.track("base") as run:
            momentum = 0.9
            for i in range(args.n):
                mlexp.log(loss=1 / (i + 1))
            auc = sum(rows) * rate * momentum + random.random() + depth
            print("trained")
        print("done", run.ref, run.metrics["auc"] == auc)
        """

    def test_a_run_of_a_script(self, folder, opened):
        (folder / "rows.txt").write_text("1\n2\n")
        done = script(folder, self.TRAIN, "--n", "4")
        assert (done.stdout, done.returncode) == ("trained\ndone r1 True\n", 0)
        assert "new store" in done.stderr
        run = opened().find("base")
        assert run.status is RunStatus.FINISHED
        assert {"rate": 0.1, "momentum": 0.9, "depth": 3}.items() <= run.params.items()
        assert run.metrics.keys() == {"auc", "loss"}
        assert list(run.history("loss")["value"]) == [1, 1 / 2, 1 / 3, 1 / 4]
        assert run.stdout == "trained\n"
        assert run.experiment == "train.py"
        assert run.environment is not None
        assert [file.path for file in run.inputs] == ["rows.txt"]

    def test_its_script_is_the_file_with_its_arguments(self, folder, opened):
        (folder / "rows.txt").write_text("1\n2\n")
        script(folder, self.TRAIN, "--n", "4")
        exported = folder / "elsewhere" / "out.py"
        exported.parent.mkdir()
        proof = mlexp.export(opened().find("base"), exported)
        assert (proof.verdict, proof.reason) == ("reproduced", "")
        (folder / "rows.txt").unlink()
        (folder / "train.py").unlink()
        command = [sys.executable, "-I", str(exported), "--check"]
        assert subprocess.run(command, cwd="/", capture_output=True).returncode == 0
        command = [sys.executable, "-I", str(exported), "--rate", "0.2", "--depth", "5", "--metrics", "m.json"]
        subprocess.run(command, cwd=exported.parent, check=True, capture_output=True)
        changed = json.loads((exported.parent / "m.json").read_text())["metrics"]
        assert changed["auc"] > opened().find("base").metrics["auc"] + 2

    def test_ipython_is_not_imported(self, folder):
        code = """
            import sys
            import mlexp
            with mlexp.track("a"):
                m = sum([0.5, 1.5])
            heavy = [n for n in ("IPython", "ipykernel", "numpy", "pandas", "traitlets") if n in sys.modules]
            print(heavy, len(mlexp.runs()), mlexp.run("@last").metrics)
            """
        assert script(folder, code).stdout == "[] 1 {'m': 2.0}\n"

    def test_without_ipython_installed(self, folder):
        hide = "import sys\nsys.modules['IPython'] = None\n"
        code = hide + "import mlexp\nwith mlexp.track('a'):\n    m = sum([0.5, 1.5])\nprint(mlexp.runs())"
        done = script(folder, code)
        assert "finished" in done.stdout, done.stderr

    def test_in_main(self, folder, opened):
        code = """
            import mlexp
            LIMIT = 10
            def main():
                size = 3
                with mlexp.track("main"):
                    rate = 0.5
                    total = sum(range(LIMIT)) * rate
                    mlexp.log(score=total)
            if __name__ == "__main__":
                main()
            """
        assert script(folder, code).returncode == 0
        run = opened().find("main")
        assert run.metrics == {"total": 22.5, "score": 22.5}
        assert run.params["rate"] == 0.5
        assert mlexp.verify(run).verdict == "reproduced"

    @pytest.mark.parametrize(
        ("line", "status", "error"),
        [
            ("raise ValueError('bad')", RunStatus.FAILED, "ValueError"),
            ("raise KeyboardInterrupt", RunStatus.INTERRUPTED, "KeyboardInterrupt"),
            ("sys.exit(3)", RunStatus.FAILED, "SystemExit"),
            ("sys.exit()", RunStatus.FINISHED, None),
        ],
    )
    def test_how_it_ends(self, folder, opened, line, status, error):
        code = f"import sys\nimport mlexp\nwith mlexp.track('a'):\n    mlexp.log(loss=1.0)\n    {line}\n"
        done = script(folder, code)
        run = opened().find("a")
        assert run.status is status
        assert (run.record.error.type if run.record.error else None) == error
        assert run.metrics == {"loss": 1.0}
        assert (done.returncode == 0) == (status is RunStatus.FINISHED)
        if status is RunStatus.FAILED and error == "ValueError":
            assert "ValueError: bad" in done.stderr
            assert "line 5" in run.record.error.traceback
            assert run.record.error.line == 5

    def test_killed(self, folder, opened):
        (folder / "slow.py").write_text(
            "import mlexp, time\nwith mlexp.track('a'):\n    mlexp.log(loss=0.5)\n"
            "    print('go', flush=True)\n    time.sleep(60)\n"
        )
        process = subprocess.Popen([sys.executable, "slow.py"], cwd=folder, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"go\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        run = opened().find("a")
        assert (run.status, run.metrics) == (RunStatus.KILLED, {"loss": 0.5})

    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            (("-c", "import mlexp\nwith mlexp.track('a'): mlexp.log(m=1)"), "python -c"),
            (("-m", "package.train"), "relatively"),
        ],
        ids=["-c", "-m"],
    )
    def test_what_no_script_can_be_made_of_is_said(self, folder, opened, how, reason):
        (folder / "package").mkdir()
        (folder / "package" / "__init__.py").write_text("")
        (folder / "package" / "other.py").write_text("")
        (folder / "package" / "train.py").write_text(
            "import mlexp\nfrom . import other\nwith mlexp.track('a'): mlexp.log(m=1)"
        )
        done = script(folder, "", how=how)
        assert done.returncode == 0, done.stderr
        run = opened().find("a")
        assert run.metrics == {"m": 1}
        assert any("no script" in note and reason in note for note in run.record.notes)
        with pytest.raises(mlexp.errors.ExportError, match="no code to export"):
            mlexp.verify(run)

    def test_a_prompt(self, folder, opened):
        command = [sys.executable, "-i", "-q"]
        text = "import mlexp\nwith mlexp.track('a'):\n    mlexp.log(m=1)\n\nexit()\n"
        subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, check=True)
        assert opened().find("a").metrics == {"m": 1}

    def test_a_module_started_by_name(self, folder, opened):
        done = script(folder, "import mlexp\nwith mlexp.track('a'):\n    m = sum([2.0, 4.0])\n", how=("-m", "train"))
        assert done.returncode == 0, done.stderr
        assert mlexp.verify(opened().find("a")).verdict == "reproduced"

    def test_several_blocks_and_threads(self, folder, opened):
        code = """
            import threading
            import mlexp
            for n in (1, 2):
                with mlexp.track(f"loop {n}"):
                    mlexp.log(n=n)
            barrier = threading.Barrier(2)
            def work(name):
                with mlexp.track(name):
                    barrier.wait()
                    mlexp.log({name: 1})
                    barrier.wait()
            threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            """
        done = script(folder, code)
        assert done.returncode == 0, done.stderr
        assert {run.name: run.metrics for run in opened().runs()} == {
            "loop 1": {"n": 1}, "loop 2": {"n": 2}, "a": {"a": 1}, "b": {"b": 1},
        }  # fmt: skip

    def test_children(self, folder, opened):
        code = """
            import os
            import mlexp
            with mlexp.track("parent"):
                child = os.fork()
                mlexp.log(**({"child": 1} if child == 0 else {"parent": 1}))
                if child:
                    os.waitpid(child, 0)
            if child:
                print("end")
            """
        done = script(folder, code)
        assert done.stdout == "end\n", done.stderr
        (run,) = opened().runs()
        assert run.status is RunStatus.FINISHED
        assert run.metrics.keys() == {"child", "parent"}

    def test_a_store_that_cannot_be_made_does_not_stop_it(self, folder):
        (folder / "file").write_text("")
        code = "import mlexp\nwith mlexp.track('a') as run:\n    print('goes on', run)"
        done = script(folder, code, MLEXP_STORE=str(folder / "file" / "s"), XDG_STATE_HOME=str(folder / "file"))
        assert done.stdout == "goes on None\n"
        assert "not recorded" in done.stderr

    def test_draws_are_as_without(self, folder):
        code = "import random\nrandom.seed(1)\n{}\n    a = random.random()\nprint(a, random.random())"
        with_, without = (
            script(folder, "import mlexp\n" + code.format(head)).stdout for head in ("with mlexp.track():", "if True:")
        )
        assert with_ == without

    def test_the_streams_are_as_they_were(self, folder):
        code = """
            import sys
            import mlexp
            before = sys.stdout, sys.stderr, vars(sys.stdout).get("write")
            with mlexp.track():
                print("a")
            print(before == (sys.stdout, sys.stderr, vars(sys.stdout).get("write")))
            """
        assert script(folder, code).stdout == "a\nTrue\n"

    def test_secrets_in_arguments_text_and_params_are_not_written(self, folder, opened):
        code = """
            import mlexp
            password = mlexp.param("password", "Hv72kd0Qm3")
            with mlexp.track("a"):
                mlexp.log(m=1)
                mlexp.artifact(".env")
            """
        (folder / ".env").write_text("DB_PASSWORD=kf93Jd82kQ\n")
        done = script(folder, code, "--password=Tr0ub4dor98xk", "--api-key", "kq83jd92kdu28dk3")
        assert done.returncode == 0, done.stderr
        assert "holds credentials" in done.stderr
        opened().close()
        kept = b"".join(path.read_bytes() for path in (folder / ".mlexp").rglob("*") if path.is_file())
        for secret in (b"Hv72kd0Qm3", b"kf93Jd82kQ", b"Tr0ub4dor98xk", b"kq83jd92kdu28dk3"):
            assert secret not in kept
