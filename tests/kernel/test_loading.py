"""Load puts in, unload takes out all of it."""

import builtins
import gc
import getpass
import logging
import re
import subprocess
import sys
import threading
import warnings
import weakref

import pytest

from mlexp.project import Project

HEAVY = "numpy pandas pyarrow torch optuna sklearn scipy matplotlib IPython".split()

IPYTHONS = re.compile(r"In|Out|_dh|_[io]h|_+|_i+|_i?\d+")


def state(ip):
    """What of a kernel a program could tell mlexp by."""
    ip.run_cell("")  # IPython's own marks on the streams
    return {
        "events": {name: list(callbacks) for name, callbacks in ip.events.callbacks.items()},
        "cleanup": list(ip.input_transformer_manager.cleanup_transforms),
        "lines": list(ip.input_transformer_manager.line_transforms),
        "post": list(ip.input_transformers_post),
        "ast": list(ip.ast_transformers),
        "magics": {kind: dict(found) for kind, found in ip.magics_manager.magics.items()},
        "user magics": dict(vars(ip.magics_manager.user_magics)),
        "names": {name: value for name, value in ip.user_ns.items() if not IPYTHONS.fullmatch(name)},
        "hidden": {name for name in ip.user_ns_hidden if not IPYTHONS.fullmatch(name)},
        "builtins": dict(vars(builtins)),
        "asks": getpass.getpass,
        "streams": (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook),
        "writes": [vars(stream).get("write") for stream in (sys.stdout, sys.stderr)],
        "display hooks": (list(ip.display_pub.__dict__), list(ip.displayhook.__dict__)),
        "attributes": set(vars(ip)),
        "threads": {thread.name for thread in threading.enumerate()},
        "path": (list(sys.path), list(sys.meta_path), list(sys.path_hooks)),
        "traces": (sys.gettrace(), sys.getprofile()),
        "loggers": (list(logging.root.handlers), list(logging.getLogger("mlexp").handlers)),
        "filters": list(warnings.filters),
        "monitoring": [sys.monitoring.get_tool(i) for i in range(6)] if hasattr(sys, "monitoring") else [],
        "hooks of extensions": set(ip.extension_manager.loaded),
    }


def differing(before, after):
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


@pytest.fixture
def warm(shell):
    """A shell in which mlexp has been loaded once, so that its modules and its audit hook are there."""
    shell.load()
    shell.ok("%unload_ext mlexp")
    return shell.ip


def test_unload_leaves_nothing(warm):
    before = state(warm)
    warm.run_line_magic("load_ext", "mlexp")
    assert differing(before, state(warm)).keys() == {
        *("events", "cleanup", "magics", "attributes", "hooks of extensions", "builtins", "asks")
    }
    assert {name for name, value in before["builtins"].items() if getattr(builtins, name) is not value} == {"input"}
    ours = [weakref.ref(warm._mlexp_extension), weakref.ref(warm._mlexp_extension.session)]
    warm.run_cell("%%track base\na = 2.0 * len('ab')\nprint(a)")
    warm.run_cell("%%track base\nraise ValueError")
    warm.run_cell("%runs")
    del warm.user_ns["a"]
    warm.run_line_magic("unload_ext", "mlexp")
    assert differing(before, state(warm)) == {}
    gc.collect()
    assert [reference() for reference in ours] == [None, None]  # nor does atexit or a thread hold them


def test_unload_inside_a_tracked_cell(warm, capsys):
    before = state(warm)
    warm.run_line_magic("load_ext", "mlexp")
    folder = warm._mlexp_extension.project.folder
    result = warm.run_cell("%%track base\nimport mlexp\nmlexp.log(loss=0.5)\n%unload_ext mlexp\nx = 1\nprint('end')\nx")
    assert result.success
    assert result.result == 1
    assert "end" in capsys.readouterr().out
    for name in ("x", "mlexp"):
        del warm.user_ns[name]
    assert differing(before, state(warm)) == {}
    found = Project.open(folder.parent)
    (run,) = found.runs()
    found.close()
    assert run.status == "interrupted"
    assert any("unloaded" in note for note in run.record.notes)
    assert run.metrics == {"loss": 0.5}
    assert not list((folder / "logs").iterdir())


def test_audit_hook_is_inert(warm, folder):
    hook = sys._mlexp_audit_hook
    assert hook.listener is None
    (folder / "x.txt").write_text("x")
    warm.run_cell("open('x.txt').close()")
    assert hook.listener is None
    warm.run_line_magic("load_ext", "mlexp")
    assert sys._mlexp_audit_hook is hook  # one in a process, whatever is loaded how often


def test_several_loads_and_unloads(shell):
    for _ in range(3):
        shell.load()
        shell.ok("%load_ext mlexp")
        shell.ok("%reload_ext mlexp")
        shell.ok("%%track\nx = 1")
        shell.ok("%unload_ext mlexp")
        shell.ok("%unload_ext mlexp")
    shell.load()
    assert [run.ref for run in shell.project.runs()] == ["r3", "r2", "r1"]
    assert (
        shell.ip.input_transformer_manager.cleanup_transforms.count(
            shell.ip.input_transformer_manager.cleanup_transforms[-1]
        )
        == 1
    )


def test_reload_keeps_tracking(loaded):
    loaded.ok("%%track a\nx = 1")
    loaded.ok("%reload_ext mlexp")
    loaded.ok("%%track b\nx = 2")
    assert [run.name for run in loaded.project.runs()] == ["b", "a"]


def test_without_the_extension_the_line_is_an_unknown_magic(shell, capsys):
    shell.load()
    shell.ok("%unload_ext mlexp")
    shell.run("%%track base\nx = 1")
    assert "track" in capsys.readouterr().err
    assert "x" not in shell.names


def test_a_magic_of_the_users_comes_back(shell):
    shell.ok("from IPython.core.magic import register_line_magic\n@register_line_magic\ndef runs(line): return 'mine'")
    shell.load()
    shell.ok("%unload_ext mlexp")
    assert shell.ok("%runs") == "mine"


def test_a_magic_that_the_user_defines_later_stays(loaded):
    loaded.ok("from IPython.core.magic import register_line_magic\n@register_line_magic\ndef runs(line): return 'mine'")
    loaded.ok("%unload_ext mlexp")
    assert loaded.ok("%runs") == "mine"


def test_load_that_fails_leaves_nothing(warm, folder):
    before = state(warm)
    (folder / ".mlexp" / "runs.db").write_bytes(b"no database" * 100)
    for name in ("-wal", "-shm"):
        (folder / ".mlexp" / f"runs.db{name}").unlink(missing_ok=True)
    result = warm.run_cell("%load_ext mlexp")
    assert "cannot be" in str(result.error_in_exec)
    assert differing(before, state(warm)) == {}
    assert warm.run_cell("1 + 1").result == 2


class TestImport:
    """In real kernels: a module is imported once in a process."""

    def test_import_loads(self, kernels):
        kernel = kernels()
        kernel.ok("import mlexp")
        answer = kernel.ok("%%track base\nx = 1\nx")
        assert answer.result == "1"
        assert len(answer.cards) == 1
        kernel.ok("%load_ext mlexp")
        kernel.ok("import mlexp")
        assert len(kernel.ok("%%track base\nx = 1\nx").cards) == 1
        kernel.ok("%unload_ext mlexp\nimport mlexp")
        assert kernel.run("%%track base\nx = 1").status == "error"

    def test_the_streams_of_a_kernel_are_free_again(self, kernels):
        look = (
            "import sys, threading\ndef hooks():\n    found, done = {}, threading.Event()\n"
            "    for name in ('stdout', 'stderr'):\n        stream = getattr(sys, name)\n"
            "        stream.pub_thread.schedule(lambda s=stream, n=name: found.update({n: list(s._hooks)}))\n"
            "    sys.stdout.pub_thread.schedule(done.set)\n    done.wait(5)\n"
            "    rest = type(sys.stdout), 'write' in vars(sys.stdout), ip.display_pub._hooks, ip.kernel.session.send\n"
            "    return found, *rest\n"
            "ip = get_ipython()\nbefore = hooks()"
        )
        kernel = kernels()
        kernel.ok(look)
        kernel.load()
        kernel.run("%%track\n1 / 0")
        kernel.ok("%%track\nduring = hooks()")
        assert kernel.ok("during[:4] == before[:4], during[4] == before[4]").result == "(True, False)"
        kernel.ok("%%track\n%unload_ext mlexp")
        assert kernel.ok("hooks() == before").result == "True"

    def test_nothing_heavy(self, kernels):
        kernel = kernels()
        kernel.load()
        kernel.ok("%%track base\nx = 2.0 * len('ab')\nx")
        kernel.ok("%runs")
        kernel.ok("%compare r1 r1")
        heavy = [name for name in HEAVY if name != "IPython"]
        assert kernel.ok(f"import sys\n[n for n in {heavy} if n in sys.modules]").result == "[]"

    def test_nothing_heavy_without_ipython(self):
        code = f"import mlexp, sys; print([n for n in {HEAVY} if n in sys.modules])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"

    def test_a_store_that_cannot_be_opened_does_not_break_import(self, kernels, folder):
        (folder / ".mlexp").mkdir()
        (folder / ".mlexp" / "runs.db").write_bytes(b"no database" * 100)
        kernel = kernels()
        answer = kernel.ok("import mlexp\nmlexp.__version__")
        assert "cannot be" in answer.stderr
        assert kernel.run("%load_ext mlexp").status == "error"
        assert kernel.ok("1 + 1").result == "2"
