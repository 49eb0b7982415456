"""A store that fails, kernels that are killed, several kernels: cells go on, and nothing is lost in silence."""

import re
import shutil
import sqlite3
import threading
import time
from unittest.mock import Mock

import pytest

from mlexp.project import Project
from mlexp.records import RunStatus
from tests.kernel.conftest import until


@pytest.fixture
def damage(loaded):
    """Let a statement happen to the database behind the store's back."""

    def happen(*statements):
        connection = sqlite3.connect(loaded.project.folder / "runs.db", timeout=0.1, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return happen


class TestFailingStore:
    def test_the_run_cannot_begin(self, loaded, damage, caplog, capsys):
        loaded.ok("import mlexp")
        damage("ALTER TABLE runs RENAME TO hidden")
        capsys.readouterr()
        assert loaded.ok("%%track base\nx = 2\nprint('shown')\nx * 3") == 6
        assert "shown\n" in capsys.readouterr().out
        (record,) = caplog.records
        assert "could not begin the run" in record.message
        assert "no such table" in record.message
        damage("ALTER TABLE hidden RENAME TO runs")
        loaded.ok("%%track after\nm = x * 1.0")
        assert [run.name for run in loaded.project.runs()] == ["after"]
        assert [e.source.split("\n")[0] for e in loaded.executions()[2:]] == ["%%track base", "%%track after"]

    def test_the_run_cannot_end(self, loaded, damage, capsys):
        loaded.names["damage"] = damage
        loaded.ok("import mlexp")
        assert (
            loaded.ok("%%track base\nmlexp.log(loss=0.5)\ndamage('ALTER TABLE run_numbers RENAME TO hidden')\n7") == 7
        )
        loaded.ok("y = 1")
        loaded.run("%%track second\n1 / 0")
        damage("ALTER TABLE hidden RENAME TO run_numbers")
        loaded.ok("z = 1")
        said = capsys.readouterr().out
        for reference in "r1", "r2":
            assert re.search(f"mlexp: {reference} has ended, but is not kept yet.*no such table", said)
        runs = {run.name: run for run in loaded.project.runs()}
        assert (runs["base"].status, runs["base"].metrics) == (RunStatus.FINISHED, {"loss": 0.5})
        loaded.ok("%%track after\n1.0 * y")
        assert not list((loaded.project.folder / "logs").iterdir())
        assert runs["second"].status is RunStatus.FAILED
        assert [e.index for e in loaded.executions()] == list(range(7))

    def test_executions_wait_until_they_can_be_kept(self, loaded, damage):
        damage("ALTER TABLE executions RENAME TO hidden")
        loaded.ok("a = 1")
        loaded.ok("b = 2")
        damage("ALTER TABLE hidden RENAME TO executions")
        loaded.ok("c = 3")
        assert [e.source for e in loaded.executions()] == ["%load_ext mlexp", "a = 1", "b = 2", "c = 3"]

    def test_a_busy_store_is_waited_for(self, loaded):
        connection = sqlite3.connect(loaded.project.folder / "runs.db", isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        started = time.perf_counter()
        assert loaded.ok("1 + 1") == 2
        assert time.perf_counter() - started < 1.5
        threading.Timer(0.4, lambda: connection.execute("COMMIT")).start()
        assert loaded.ok("%%track base\nx = 3\nx") == 3
        assert loaded.latest().status is RunStatus.FINISHED
        assert [e.source for e in loaded.executions()][1:] == ["1 + 1", "%%track base\nx = 3\nx"]
        connection.close()

    def test_content_cannot_be_kept(self, loaded, folder, caplog):
        (folder / "x.txt").write_text("x")
        loaded.ok("import random\nimport numpy as np\nX = np.arange(3.0)")
        shutil.rmtree(loaded.project.folder / "blobs", ignore_errors=True)
        (loaded.project.folder / "blobs").write_text("in the way")
        loaded.ok("%%track base\nr = random.random()\nopen('x.txt').close()\nm = float(X.sum())\nprint('printed')")
        run = loaded.latest()
        assert run.status is RunStatus.FINISHED
        assert run.metrics["m"] == 3.0
        assert any("look after a cell" in note for note in run.record.notes)
        with pytest.raises(LookupError):
            run.data["X"]
        assert caplog.records

    def test_the_folder_is_gone(self, loaded):
        shutil.rmtree(loaded.project.folder)
        assert loaded.ok("%%track base\nx = 2\nx") == 2
        assert loaded.ok("x + 1") == 3
        assert loaded.ok("%unload_ext mlexp") is None

    def test_the_card_cannot_be_shown(self, loaded, monkeypatch, caplog):
        monkeypatch.setattr("mlexp.magics.run_card", Mock(side_effect=SystemExit("no card")))
        assert loaded.ok("%%track base\n1.0 * int('3')") == 3.0
        (record,) = caplog.records
        assert "show the card" in record.message
        assert loaded.latest().status is RunStatus.FINISHED

    @pytest.mark.parametrize("hook", ["before", "after"])
    def test_a_probe_fails(self, loaded, monkeypatch, caplog, hook):
        probe = loaded.ip._mlexp_extension.session._probes[-1]
        monkeypatch.setattr(probe, hook, Mock(side_effect=SystemExit("probe")))
        assert loaded.ok("%%track base\nm = 1.0 * int('3')\nm") == 3.0
        assert loaded.ok("m") == 3.0
        assert len(caplog.records) == 1
        assert loaded.latest().metrics == {"m": 3.0}
        assert [e.source for e in loaded.executions()][1:] == ["%%track base\nm = 1.0 * int('3')\nm", "m"]


class TestOddEnds:
    def test_a_cell_that_ends_without_a_result(self, loaded):
        """What ipykernel does with a cell that is cancelled from outside."""
        from IPython.core.interactiveshell import ExecutionInfo

        info = ExecutionInfo("%%track base\nx = 1", True, False, True, None)
        loaded.ip.events.trigger("pre_run_cell", info)
        loaded.ip.events.trigger("post_run_cell", None)
        assert loaded.latest().status is RunStatus.INTERRUPTED
        loaded.ok("%%track after\n1")
        assert loaded.latest().status is RunStatus.FINISHED

    def test_a_cell_whose_end_is_never_seen(self, loaded):
        from IPython.core.interactiveshell import ExecutionInfo

        loaded.ip.events.trigger("pre_run_cell", ExecutionInfo("%%track base\nx = 1", True, False, True, None))
        loaded.ok("y = 1")
        loaded.ok("%%track after\n1")
        runs = {run.name: run for run in loaded.project.runs()}
        assert runs["after"].status is RunStatus.FINISHED
        assert runs["base"].status is RunStatus.INTERRUPTED

    def test_system_exit(self, loaded):
        with pytest.warns(UserWarning, match="To exit"):
            loaded.run("%%track base\nraise SystemExit(3)")
        assert loaded.latest().status is RunStatus.FAILED
        loaded.ok("%%track after\n1")
        assert loaded.latest().status is RunStatus.FINISHED

    def test_names_cleared_in_a_run(self, loaded):
        loaded.ok("x = 1")
        loaded.ok("%%track base\ny = x * 2.0\n%reset -f")
        assert loaded.latest().status is RunStatus.FINISHED
        loaded.ok("%%track after\nz = 1.0 * int('2')")
        assert loaded.latest().metrics == {"z": 2.0}

    def test_working_directory_gone(self, loaded, folder):
        loaded.ok("import os, shutil\nos.mkdir('d')\nos.chdir('d')")
        loaded.ok("%%track base\nos.rmdir(os.getcwd())\nx = 1.0 * int('1')")
        loaded.ok("%%track after\nx")
        loaded.ok("try: open('nowhere')\nexcept OSError: pass")
        loaded.ok(f"os.chdir({str(folder)!r})")
        assert [run.status for run in loaded.project.runs()] == [RunStatus.FINISHED] * 2

    def test_deep_and_odd_texts(self, loaded):
        loaded.ok("%%track base\nx = " + "(" * 80 + "1.0" + ")" * 80)
        loaded.run("%%track base\nx = " + "[" * 300 + "]" * 300)
        loaded.run("%%track base\nx = '\x00'")
        loaded.ok("%%track after\n1")
        assert loaded.latest().name == "after"

    def test_a_transformer_of_the_users_that_raises(self, loaded):
        def broken(lines):
            if "boom" in "".join(lines):
                raise SyntaxError("boom")
            return lines

        loaded.ip.input_transformers_post.append(broken)
        assert not loaded.run("%%track base\nx = 'boom'").success
        assert loaded.latest().status is RunStatus.FAILED
        loaded.ok("%%track after\n1")
        assert [run.name for run in loaded.project.runs()] == ["after", "base"]


class TestKilled:
    def test_in_the_middle_of_a_run(self, kernels, folder):
        kernel = kernels()
        kernel.ok("import mlexp")
        kernel.run(
            "%%track base\nfor i in range(1000):\n    mlexp.log(loss=1 / (i + 1))\nprint('logged', flush=True)\n"
            "import time\ntime.sleep(60)",
            kill_at="logged",
        )
        opened = Project.open(folder)
        (run,) = opened.runs()
        assert run.status is RunStatus.KILLED
        assert run.metrics == {"loss": 1 / 1000}
        assert list(run.history("loss")["value"]) == [1 / (i + 1) for i in range(1000)]
        assert list(run.history("loss")["step"]) == list(range(1000))
        assert not list((opened.folder / "logs").iterdir())
        opened.close()

    def test_what_ran_before_is_kept(self, kernels, folder):
        kernel = kernels()
        kernel.load()
        kernel.ok("a = 5")
        kernel.ok("%%track base\nm = a * 2.0")
        kernel.kill()
        opened = Project.open(folder)
        run = opened.find("base")
        assert (run.status, run.metrics, run.params) == (RunStatus.FINISHED, {"m": 10.0}, {"a": 5})
        assert [e.source for e in run.executions] == ["%load_ext mlexp", "a = 5", "%%track base\nm = a * 2.0"]
        opened.close()

    def test_a_living_run_is_left_alone(self, kernel, folder):
        kernel.ok("import threading, subprocess, sys")
        answer = kernel.ok(
            "%%track base\ncommand = [sys.executable, '-m', 'mlexp', 'runs']\n"
            "print(subprocess.run(command, capture_output=True, text=True).stdout)"
        )
        assert "running" in answer.stdout
        opened = Project.open(folder)
        assert opened.find("base").status is RunStatus.FINISHED
        opened.close()

    def test_an_ordinary_end_of_the_kernel(self, kernels, folder):
        kernel = kernels()
        kernel.load()
        kernel.ok("import numpy")
        kernel.ok("%%track base\nm = 1.0 * int('3')")
        kernel.run("quit()")
        opened = Project.open(folder)
        environment = until(lambda: opened.find("base").environment)
        assert "numpy" in [package.name for package in environment.packages]
        opened.close()


def test_two_kernels_on_one_store(kernels, project):
    first, second = kernels(), kernels()
    for kernel in (first, second):
        kernel.ok("import mlexp")
    threads = []
    for kernel, name in ((first, "a"), (second, "b")):

        def work(kernel=kernel, name=name):
            for i in range(8):
                kernel.ok(f"%%track {name}{i}\nmlexp.log(loss={i})\nm = {i} * 1.0")
                kernel.ok(f"x = {i}")

        threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = project.runs()
    assert [run.record.number for run in runs] == list(range(16, 0, -1))
    assert {run.name for run in runs} == {f"{k}{i}" for k in "ab" for i in range(8)}
    assert all(run.status is RunStatus.FINISHED for run in runs)
    assert "a7" in first.ok("print(mlexp.run('@last').name)").stdout
    assert "b7" in second.ok("print(mlexp.run('@last').name)").stdout
    for name in "ab":
        sources = [e.source for e in project.find(f"{name}7").executions]
        assert [s for s in sources if s.startswith("%%track")] == [
            f"%%track {name}{i}\nmlexp.log(loss={i})\nm = {i} * 1.0" for i in range(8)
        ]
