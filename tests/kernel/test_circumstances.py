"""What is kept of a run's circumstances: what it cost, the machine, the checkout, every generator in reach."""

import getpass
import json
import platform
import random
import shutil
import subprocess
import threading

import numpy as np
import pytest

from mlexp.capture.probes.gpu import reader
from mlexp.capture.probes.reach import generators_in_reach
from tests.kernel.conftest import until


def git(folder, *words):
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@b.c", *words], check=True, capture_output=True
    )


def environment_of(loaded):
    run = loaded.latest()
    return until(lambda: run.environment)


class TestResources:
    def test_processor_memory_and_their_course(self, loaded):
        loaded.ok(
            "%%track\nimport time\nend = time.process_time() + 0.5\nbig = b'x' * 60_000_000\n"
            "while time.process_time() < end: pass\nm = 1.0 * len(big)"
        )
        run = loaded.latest()
        resources = run.record.resources
        assert 0.45 < resources.cpu_s < 5  # the system counts in hundredths
        assert resources.peak_memory_bytes > 60_000_000
        columns = json.loads(loaded.project.blobs.get(resources.samples))
        assert {len(column) for column in columns.values()} == {len(columns["t_s"])}
        assert len(columns["t_s"]) >= 2
        assert columns["t_s"] == sorted(columns["t_s"])
        assert max(columns["cpu"]) > 0.05
        assert all(size > 1_000_000 for size in columns["memory_bytes"])

    def test_children_count(self, loaded):
        loaded.ok(
            "%%track\nimport subprocess, sys\n"
            "subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.4: pass'], check=True)"
        )
        assert loaded.latest().record.resources.cpu_s > 0.35  # the system counts in hundredths

    def test_short_cells_have_no_course(self, loaded):
        loaded.ok("%%track\nm = 1.0 * len('a')")
        assert loaded.latest().record.resources.samples is None

    def test_a_failing_cell_has_cost_something_too(self, loaded):
        loaded.run("%%track\n1 / 0")
        assert loaded.latest().record.resources.cpu_s >= 0

    def test_long_runs_have_as_many_samples_as_short_ones(self, loaded, monkeypatch):
        from mlexp.capture.parts import resources

        monkeypatch.setattr(resources, "_INTERVAL_S", 0.001)
        monkeypatch.setattr(resources, "_MANY", 16)
        loaded.ok("%%track\nimport time\ntime.sleep(0.5)\nm = 1.0 * len('a')")
        columns = json.loads(loaded.project.blobs.get(loaded.latest().record.resources.samples))
        assert 4 <= len(columns["t_s"]) <= 16
        assert columns["t_s"][-1] > 0.1

    def test_no_thread_of_ours_is_seen(self, loaded):
        loaded.ok("import threading\nbefore = set(threading.enumerate())")
        loaded.ok("%%track\nimport time\ntime.sleep(0.25)\nm = 1.0 * len(before)\nduring = set(threading.enumerate())")
        assert loaded.names["during"] <= loaded.names["before"] | {threading.main_thread()}

    @pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
    def test_gpus_are_read_through_the_drivers_library(self, tmp_path):
        """The driver's library stands outside the project; here one with the same interface, and two GPUs."""
        source, library = tmp_path / "nvml.c", tmp_path / "libnvml.so"
        source.write_text(
            "typedef struct { unsigned long long total, free, used; } memory;\n"
            "typedef struct { unsigned gpu, memory; } use;\n"
            "int nvmlInit_v2(void) { return 0; }\n"
            "int nvmlDeviceGetCount_v2(unsigned *n) { *n = 2; return 0; }\n"
            "int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { *d = (void *)(long)(i + 1); return 0; }\n"
            "int nvmlDeviceGetUtilizationRates(void *d, use *u) { u->gpu = 25 * (unsigned)(long)d; return 0; }\n"
            "int nvmlDeviceGetMemoryInfo(void *d, memory *m) { m->used = 1000; return 0; }\n"
        )
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        assert reader(str(library))() == (0.75, 2000.0)

    def test_no_driver_no_gpu(self):
        assert reader("libsuch-a-library-there-is-not.so.1") is None


class TestSurroundings:
    def test_user_machine_and_pools_of_threads(self, loaded):
        pytest.importorskip("scipy")
        loaded.ok("%%track\nimport numpy as np\nx = float(np.ones(3) @ np.ones(3))")
        environment = environment_of(loaded)
        assert environment.user == getpass.getuser()
        assert environment.machine == platform.node()
        libraries = {pool.library for pool in environment.thread_pools}
        assert libraries & {"openblas", "mkl", "blis", "flexiblas"}
        assert all(pool.n_threads >= 1 for pool in environment.thread_pools)

    def test_commit_branch_and_what_is_not_committed(self, shell, folder):
        (folder / "model.py").write_text("DEPTH = 3\n")
        git(folder, "init", "-q", "-b", "trunk")
        git(folder, "add", "model.py")
        git(folder, "commit", "-qm", "one")
        loaded = shell.load()
        loaded.ok("%%track\nx = 1.0 * len('a')")
        clean = environment_of(loaded)
        assert len(clean.git_commit) == 40
        assert (clean.git_branch, clean.git_dirty, clean.git_diff) == ("trunk", False, None)
        (folder / "model.py").write_text("DEPTH = 5\n")
        loaded.ok("%%track\nx = 2.0 * len('a')")
        dirty = environment_of(loaded)
        assert (dirty.git_commit, dirty.git_dirty) == (clean.git_commit, True)
        assert "-DEPTH = 3\n+DEPTH = 5\n" in loaded.project.blobs.get(dirty.git_diff).decode()

    def test_git_is_no_child_of_the_kernel(self, kernels, project, folder):
        """A child would end the user's `os.wait()`, and call his handler of SIGCHLD."""
        git(folder, "init", "-q")
        git(folder, "commit", "-qm", "one", "--allow-empty")
        kernel = kernels()
        kernel.load()
        kernel.ok(
            "import os, signal, threading, time\nheard, found = [], []\n"
            "def wait():\n    while not stop:\n        time.sleep(0.0002)\n"
            "        try: found.append(os.waitpid(-1, os.WNOHANG))\n        except ChildProcessError: pass\n"
            "stop = []\nthread = threading.Thread(target=wait)\nthread.start()\n"
            "_ = signal.signal(signal.SIGCHLD, lambda *_: heard.append(1))"
        )
        kernel.ok("%%track\nx = 1.5 * 2")
        environment = until(lambda: project.store.environment(project.find("r1").record.id))
        assert len(environment.git_commit) == 40
        assert kernel.ok("stop.append(1)\nthread.join()\nheard, found").result == "([], [])"

    def test_a_repository_without_a_commit(self, shell, folder):
        git(folder, "init", "-q")
        loaded = shell.load()
        loaded.ok("%%track\nx = 1.0 * len('a')")
        environment = environment_of(loaded)
        assert (environment.git_commit, environment.git_diff) == (None, None)

    def test_nothing_of_the_repository_is_run(self, shell, folder):
        """A repository's configuration may name programs; one that was only downloaded must not run any."""
        (folder / "a.txt").write_text("a\n")
        git(folder, "init", "-q")
        git(folder, "add", "a.txt")
        git(folder, "commit", "-qm", "one")
        mark = folder / "ran"
        program = folder / "program"
        program.write_text(f"#!/bin/sh\ntouch {mark}\n")
        program.chmod(0o755)
        (folder / ".gitattributes").write_text("*.txt diff=mine\n")
        for name in ("diff.external", "diff.mine.textconv", "diff.mine.command", "core.fsmonitor"):
            git(folder, "config", name, str(program))
        (folder / "a.txt").write_text("b\n")
        mark.unlink(missing_ok=True)
        loaded = shell.load()
        loaded.ok("%%track\nx = 1.0 * len('a')")
        environment = environment_of(loaded)
        assert b"+b" in loaded.project.blobs.get(environment.git_diff)
        assert not mark.exists()


class TestGenerators:
    def generators(self, loaded):
        return {g.variable or g.generator: g for g in loaded.executions()[-1].generators}

    def state(self, loaded, digest):
        return json.loads(loaded.project.blobs.get(digest))

    def test_of_the_users_names_containers_attributes_and_closures(self, loaded):
        loaded.ok(
            "import numpy as np, random\n"
            "class Model:\n    def __init__(self): self.rng = np.random.default_rng(1)\n"
            "def made():\n    inner = np.random.default_rng(2)\n    return lambda: inner.random()\n"
            "model, draw, rngs = Model(), made(), {'a': [np.random.RandomState(3)]}\n"
            "mine, idle = random.Random(4), np.random.default_rng(5)"
        )
        loaded.ok("x = model.rng.random() + draw() + rngs['a'][0].rand() + mine.random() + len([idle])")
        found = self.generators(loaded)
        assert set(found) == {
            "model.rng",
            "draw.__closure__[0].cell_contents",
            "rngs['a'][0]",
            "mine",
        }
        assert self.state(loaded, found["model.rng"].before) == np.random.default_rng(1).bit_generator.state
        again = random.Random()
        state = self.state(loaded, found["mine"].before)
        again.setstate((state[0], tuple(state[1]), state[2]))
        assert again.random() == random.Random(4).random()

    def test_before_a_tracked_cell_all_in_reach_though_they_rest(self, loaded):
        loaded.ok("import numpy as np\nrng = np.random.default_rng(1)")
        loaded.ok("%%track\nm = 1.0 * len([rng])")
        assert set(self.generators(loaded)) == {"random", "numpy", "rng"}

    def test_one_that_the_cell_makes_begins_with_its_entropy(self, loaded):
        loaded.ok("import numpy as np\nrng = np.random.default_rng()\nx = rng.random()")
        state = self.state(loaded, self.generators(loaded)["rng"].before)
        again = np.random.default_rng()
        again.bit_generator.state = state
        assert again.random() == loaded.names["x"]
        loaded.ok("rng = np.random.default_rng(7)\ny = rng.random()")
        state = self.state(loaded, self.generators(loaded)["rng"].before)
        assert state == np.random.default_rng(7).bit_generator.state

    def test_looking_draws_nothing_and_keeps_nothing(self, loaded):
        loaded.ok("import random, weakref\nrng = random.Random(1)\nheard = weakref.ref(rng)")
        loaded.ok("first = rng.random()")
        assert loaded.names["first"] == random.Random(1).random()
        loaded.ok("del rng")
        assert loaded.names["heard"]() is None

    def test_odd_classes_are_passed_over(self):
        class Lying:
            @property
            def __dict__(self):
                raise SystemExit

            def __getattribute__(self, name):
                raise SystemExit

        class Counting(type):
            def mro(cls):
                return super().mro()

        class Odd(metaclass=Counting):
            pass

        odd = Odd()
        odd.rng = np.random.default_rng(1)
        names = {"lying": Lying(), "odd": odd, "self": {}}
        names["self"]["self"] = names["self"]
        assert [place for _, place, _ in generators_in_reach(names, names)] == ["odd.rng"]

    def test_a_look_is_bounded(self):
        names = {"many": [[[object() for _ in range(90)] for _ in range(90)] for _ in range(90)]}
        assert list(generators_in_reach(names, names)) == []


class TestReaders:
    def test_circumstances_of_a_run(self, shell, folder):
        (folder / "own.py").write_text("VALUE = 1\n")
        git(folder, "init", "-q")
        git(folder, "add", "own.py")
        git(folder, "commit", "-qm", "one")
        (folder / "own.py").write_text("VALUE = 2\n")
        loaded = shell.load()
        loaded.ok(f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport own\nsys.path.pop(0)")
        loaded.ok("%%track\nimport time\ntime.sleep(0.25)\nm = 1.0 * own.VALUE\ndel sys.modules['own']")
        environment_of(loaded)
        run = loaded.latest()
        assert run.modules["own"] == "VALUE = 2\n"
        assert "+VALUE = 2" in run.uncommitted
        assert list(run.usage().columns[:3]) == ["t_s", "cpu", "memory_bytes"]
        assert len(run.usage()) >= 1
        assert run.resources.cpu_s < run.elapsed_s

    def test_of_a_short_cell(self, loaded):
        loaded.ok("%%track\nm = 1.0 * len('a')")
        run = loaded.latest()
        assert run.usage().empty
        assert run.uncommitted == ""
