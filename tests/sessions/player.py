"""Play sessions in IPython shells or in kernels, with mlexp or without. Started as a file, in a process of its own.

It reads requests, a line of JSON each, and answers each with a line of JSON. A request has

    folder       where the session happens
    environment  variables that it has, besides ours
    kernel       whether a real kernel runs it; else a shell in a fork of this process
    steps        (kind, text, cell id), as in `form.Step`
    values       names whose values are told, as they are right after the tracked cell

The answer: of each cell that was executed its number and the name of its error, and the values.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from runpy import run_path

# Not imported: it would be taken for a module of the session's own.
SERVE = run_path(str(Path(__file__).parents[1] / "served.py"))["serve"]

sys.path[0] = str(Path(__file__).parents[2])
VALUES = str(Path(__file__).with_name("values.py"))
CELLS = ("need", "may", "junk", "track", "load")


def main():
    for name in sys.argv[1:]:
        import_module(name)  # once for all sessions
    SERVE(play)


def play(request):
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    host = (Kernel if request["kernel"] else Shell)()
    cells, answers, values = [], [], {}
    deleted = []
    for kind, text, cell in request["steps"]:
        if kind == "sh":
            subprocess.run(text, shell=True, check=True, stdout=subprocess.DEVNULL)
        elif kind == "answer":
            answers.append(text)
        elif kind == "delete":
            deleted.append(cell)
        else:
            number, error = host.execute(text, cell, answers, deleted)
            cells.append([number, error])
            if kind == "track":
                values = host.values(request["values"])
    host.end()
    return {"cells": cells, "values": values}


class Shell:
    def __init__(self):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        here = sys.path.pop(0)
        at = next(i for i, folder in enumerate(sys.path) if folder.endswith("site-packages"))
        sys.path[at:at] = [""]  # as a kernel has it
        import_module("tests")  # stays importable for what was loaded
        assert here

        class WithoutWindows(InteractiveShell):
            def enable_gui(self, gui=None):
                """There is none."""

        self.shell = WithoutWindows.instance(config=Config(HistoryManager={"enabled": False}))

    def execute(self, text, cell, answers, deleted):  # noqa: ARG002  (only kernels hear of deleted cells)
        sys.stdin = io.StringIO("".join(f"{answer}\n" for answer in answers))
        answers.clear()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = self.shell.run_cell(text, store_history=True, cell_id=cell or None)
        error = result.error_before_exec or result.error_in_exec
        return result.execution_count, type(error).__name__ if error is not None else ""

    def values(self, names):
        import runpy

        return runpy.run_path(VALUES)["texts"](self.shell.user_ns, names)

    def end(self):
        if "mlexp.magics" in sys.modules:
            self.execute("%unload_ext mlexp", "", [], [])


class Kernel:
    def __init__(self):
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def execute(self, text, cell, answers, deleted, **expressions):
        content = {"code": text, "silent": not text, "store_history": bool(text), "user_expressions": expressions}
        metadata = {"cellId": cell, "deletedCells": list(deleted)}
        deleted.clear()
        content |= {"allow_stdin": True, "stop_on_error": False}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        mine = message["header"]["msg_id"]
        while True:
            asked = self.client.stdin_channel.msg_ready() and self.client.get_stdin_msg()
            if asked and asked["header"]["msg_type"] == "input_request":
                self.client.input(answers.pop(0))
            try:
                found = self.client.get_iopub_msg(timeout=0.05)
            except Exception:
                continue
            is_mine = found["parent_header"].get("msg_id") == mine
            if is_mine and found["content"].get("execution_state") == "idle":
                reply = self.client.get_shell_msg(timeout=60)["content"]
                self.told = reply.get("user_expressions", {})
                return reply["execution_count"], reply.get("ename", "")

    def values(self, names):
        tell = f"__import__('runpy').run_path({VALUES!r})['as_json'](globals(), {names!r})"
        self.execute("", "", [], [], told=tell)
        return json.loads(eval(self.told["told"]["data"]["text/plain"]))

    def end(self):
        self.execute("%unload_ext mlexp", "", [], [])
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
