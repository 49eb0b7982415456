"""Play cells in IPython shells or in kernels. Started as a file, in a process of its own.

It reads requests, a line of JSON each, and answers each with a line of JSON: the stdout of each cell. A request has

    folder       where the session happens
    environment  variables that it has, besides ours
    kernel       whether a real kernel runs it; else a shell in a fork of this process
    steps        [kind, text, cell id]: "cell" is run, "sh" happens in a terminal between two cells, "interrupt" is a
                 cell that is interrupted once it has made the file `started`, "answer" is typed into the cells behind
"""

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from runpy import run_path

# Not imported: it would be taken for a module of the session's own.
SERVE = run_path(str(Path(__file__).parents[1] / "served.py"))["serve"]


def main():
    for name in "IPython.core.interactiveshell", "traitlets.config", "mlexp.magics":
        import_module(name)  # once for all sessions
    SERVE(lambda request: {"printed": play(request)})


def play(request):
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    execute, end = in_kernel() if request["kernel"] else in_shell()
    printed, answers = [], []
    for kind, text, cell in request["steps"]:
        if kind == "sh":
            subprocess.run(text, shell=True, check=True)
        elif kind == "answer":
            answers.append(text)
        else:
            printed.append(execute(text, cell, answers, interrupted=kind == "interrupt"))
    end()
    return printed


def in_shell():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    sys.stdin = io.StringIO()
    at = next(i for i, folder in enumerate(sys.path) if folder.endswith("site-packages"))
    sys.path[: at + 1] = [*sys.path[1:at], "", sys.path[at]]  # as a kernel has it

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            """There is none."""

    shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))

    def execute(text, cell, answers, *, interrupted):  # noqa: ARG001  (as in a kernel)
        if interrupted:
            when_started(lambda: os.kill(os.getpid(), 2))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            shell.run_cell(text, store_history=True)
        return printed.getvalue()

    return execute, lambda: execute("%unload_ext mlexp", "", [], interrupted=False)


def in_kernel():
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def execute(text, cell, answers, *, interrupted):
        if interrupted:
            when_started(manager.interrupt_kernel)
        return executed(client, text, cell, answers)

    def end():
        executed(client, "%unload_ext mlexp", "", [])
        client.stop_channels()
        manager.shutdown_kernel(now=True)

    return execute, end


def executed(client, code, cell, answers):
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True}
    message = client.session.msg("execute_request", content | {"stop_on_error": False}, metadata={"cellId": cell})
    client.shell_channel.send(message)
    mine = message["header"]["msg_id"]
    printed = []
    while True:
        if client.stdin_channel.msg_ready() and client.get_stdin_msg()["header"]["msg_type"] == "input_request":
            client.input(answers.pop(0))
        try:
            found = client.get_iopub_msg(timeout=0.05)
        except Exception:
            continue
        if found["parent_header"].get("msg_id") != mine:
            continue
        if found["msg_type"] == "stream" and found["content"]["name"] == "stdout":
            printed.append(found["content"]["text"])
        if found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
            client.get_shell_msg(timeout=60)
            return "".join(printed)


def when_started(action):
    def wait():
        while not Path("started").exists():
            time.sleep(0.005)
        Path("started").unlink()
        time.sleep(0.05)
        action()

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    main()
