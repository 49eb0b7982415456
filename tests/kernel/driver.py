"""A real kernel, driven as a front end drives it: iopub, shell and stdin are read together, to idle *and* reply."""

import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.manager import KernelManager

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Answer:
    """What one execution sent back."""

    content: dict[str, Any] = field(default_factory=dict)
    outputs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """(type, content) of what stands under the cell, in order; texts of one stream that follow each other are one."""
    elapsed_s: float = 0.0
    """From the request to the reply."""

    @property
    def status(self) -> str:
        return str(self.content["status"])

    @property
    def number(self) -> int:
        return int(self.content["execution_count"])

    @property
    def stdout(self) -> str:
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        return self._text("stderr")

    @property
    def result(self) -> str | None:
        """The text of `Out[n]`."""
        return next((c["data"]["text/plain"] for kind, c in self.outputs if kind == "execute_result"), None)

    @property
    def cards(self) -> list[str]:
        htmls = [c["data"].get("text/html", "") for kind, c in self.outputs if kind == "display_data"]
        return [html for html in htmls if 'aria-label="Run r' in html]

    @property
    def notices(self) -> list[str]:
        htmls = [c["data"].get("text/html", "") for kind, c in self.outputs if kind == "display_data"]
        return [html for html in htmls if 'role="alert"' in html]

    @property
    def error(self) -> str:
        """The error's type, or nothing."""
        return str(self.content.get("ename", ""))

    @property
    def traceback(self) -> str:
        return _ANSI.sub("", "\n".join(self.content.get("traceback", [])))

    def _text(self, name: str) -> str:
        return "".join(c["text"] for kind, c in self.outputs if kind == "stream" and c["name"] == name)


class Kernel:
    """A kernel in a folder."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not re.match("MLEXP_|JPY_|PYTEST_", name)}
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(
            cwd=str(folder), env={**kept, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(
        self,
        code: str,
        *,
        answers: tuple[str, ...] = (),
        interrupt_at: str = "",
        kill_at: str = "",
        cell_id: str = "",
        deleted_cells: tuple[str, ...] = (),
        limit_s: float = 20,
        **options: Any,
    ) -> Answer:
        """Execute a cell.

        Args:
            code: The cell.
            answers: What is typed where it asks.
            interrupt_at: Interrupt it once it has printed this.
            kill_at: Kill the kernel once it has printed this; the answer is what came until then.
            cell_id: The cell's id, as JupyterLab sends it.
            deleted_cells: Ids of the cells that were deleted since the execution before, as JupyterLab sends them.
            limit_s: The test fails if it takes longer.
            **options: Those of the `execute_request`.
        """
        client, answer, waiting = self._client, Answer(), list(answers)
        message = client.session.msg("execute_request", _request(code, **options))
        if cell_id:
            message["metadata"] |= {"cellId": cell_id, "deletedCells": list(deleted_cells)}
        started = time.perf_counter()
        client.shell_channel.send(message)
        channels = {c.socket: c for c in (client.iopub_channel, client.shell_channel, client.stdin_channel)}
        poller = zmq.Poller()
        for socket in channels:
            poller.register(socket, zmq.POLLIN)
        replied = idle = False
        while not (replied and idle):
            left = started + limit_s - time.perf_counter()
            assert left > 0, f"no answer within {limit_s} s to {code!r}; so far {answer}"
            for socket, _ in poller.poll(1000 * left):
                reply = channels[socket].get_msg(timeout=5)
                if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                    continue
                kind, content = reply["header"]["msg_type"], reply["content"]
                if kind == "execute_reply":
                    answer.content, replied = content, True
                    answer.elapsed_s = time.perf_counter() - started
                elif kind == "input_request":
                    client.input(waiting.pop(0))
                elif kind == "status":
                    idle = content["execution_state"] == "idle"
                elif kind in ("stream", "execute_result", "display_data", "update_display_data", "error"):
                    _add(answer, kind, content)
                    if interrupt_at and interrupt_at in answer.stdout:
                        interrupt_at = ""
                        self._manager.interrupt_kernel()
                    if kill_at and kill_at in answer.stdout:
                        self.kill()
                        return answer
        return answer

    def ok(self, code: str, **options: Any) -> Answer:
        """Execute a cell that is expected to succeed."""
        answer = self.run(code, **options)
        assert answer.status == "ok", answer.traceback or answer.content
        return answer

    def asked(self, what: str, **content: Any) -> dict[str, Any]:
        """Return the reply to another request on the shell channel, such as "complete"."""
        client = self._client
        message = client.session.msg(f"{what}_request", content)
        client.shell_channel.send(message)
        while True:
            reply = client.shell_channel.get_msg(timeout=20)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(reply["content"])

    def load(self) -> None:
        """Load mlexp."""
        self.ok("%load_ext mlexp")

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._manager.shutdown_kernel(now=True)

    def close(self) -> None:
        """End it, in whatever state it is."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


def _request(code: str, **options: Any) -> dict[str, Any]:
    defaults = {"silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True}
    return {"code": code, **defaults, "stop_on_error": True, **options}


def _add(answer: Answer, kind: str, content: dict[str, Any]) -> None:
    last = answer.outputs[-1] if answer.outputs else None
    if kind == "stream" and last is not None and last[0] == "stream" and last[1]["name"] == content["name"]:
        last[1]["text"] += content["text"]
    else:
        answer.outputs.append((kind, content))
