"""Run a command and leave nothing of it behind. Started as a file, in a process of its own.

    python -I -S supervise.py LIMIT_S ENDED.json COMMAND...

The command is ended after LIMIT_S seconds, and when our stdin closes: so it does whenever the process that started us
ends, however that comes about. Processes that the command leaves behind become our children (Linux), wherever they
hide; they are ended, too. ENDED.json then tells its exit status, or that it took too long.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

_SUBREAPER = 36


def main() -> None:
    """Run the command to its end."""
    limit_s, answer, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        ended: dict[str, object] = {"status": None, "error": str(error)}
    else:
        status = _wait(process, limit_s)
        _end_all(process)
        ended = {"status": status, "error": "" if status is not None else "late"}
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(ended, file)


def _wait(process: "subprocess.Popen[bytes]", limit_s: float) -> int | None:
    """Return the exit status; None if the time was over, or if nobody waits for it any more."""
    until = time.monotonic() + limit_s
    pause_s = 0.002
    while process.poll() is None:
        if time.monotonic() > until:
            return None
        if _is_alone(pause_s):
            return None
        pause_s = min(2 * pause_s, 0.1)
    return process.returncode


def _is_alone(pause_s: float) -> bool:
    """Wait a moment; tell whether our stdin was closed meanwhile. Windows cannot wait for a pipe."""
    if sys.platform == "win32":
        time.sleep(pause_s)
        return False
    closed, _, _ = select.select([sys.stdin], [], [], pause_s)
    return bool(closed) and not os.read(sys.stdin.fileno(), 1)


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    """End the command and whatever it started: each one that is ended hands its own children to us."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    until = time.monotonic() + (5 if sys.platform == "linux" else 0)  # elsewhere none of them becomes ours
    while time.monotonic() < until:
        for child in _children():
            os.kill(child, signal.SIGKILL)
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.002)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main()
