"""Keep a script's side effects in. Loaded by the runner alone, in a process of one thread, before the script starts.

Standard library only. Three levels, the best that the system has; the proof records which:

    "landlock"  Linux, Landlock ABI 3 or newer: the kernel refuses writes outside the work folder, for every child too
    "audit"     elsewhere: Python's own writes outside are refused, and processes are not started, since nothing
                could hold them

At both, the network is refused: by a network namespace of its own where the system allows one, and by the audit hook.
The hook also remembers what was refused, so that the verdict can name it. It does not see what a child process is
refused, nor a library in C.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAME_EVENTS = {
    "os.remove": ((0, True),), "os.rename": ((0, True), (1, None)), "os.rmdir": ((0, True),), "os.mkdir": ((0, False),),
    "os.link": ((0, True), (1, None)), "os.symlink": ((1, None),), "shutil.rmtree": ((0, True),),
}  # fmt: skip
"""Events that change a folder: numbers of the arguments that name an entry of it, and whether that has to be there.

What is not there cannot be taken away, nor what is there be made: that the system says itself.
"""
_FILE_EVENTS = frozenset({"os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr", "sqlite3.connect"})
"""Events that change what their first argument leads to, links followed."""
_PROCESS_EVENTS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.forkpty"})
_NETWORK_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_LOCAL = ("127.", "localhost", "::1", "0.0.0.0")


class Heard:
    """What the hook heard of a script."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.refused: list[str] = []
        """What it was refused."""
        self.started: list[str] = []
        """Commands that its own lines started: the hook sees nothing of what these are refused."""
        self.ended = False
        """Whether the script has ended: then the hook holds nothing any more."""


def confine(heard: Heard, *, writable: Sequence[str], network: bool) -> str:
    """Confine this process and all that it starts; return the level.

    Args:
        heard: Is told what the script asked for.
        writable: Folders that may be written.
        network: Whether the network may be used.
    """
    folders = [os.path.realpath(folder) for folder in writable]
    if not network:
        _own_network()
    holds = sys.platform == "linux" and _landlock([*folders, "/dev/shm"])
    sys.addaudithook(_hook(heard, folders, network=network, processes=holds))
    return "landlock" if holds else "audit"


def _hook(
    heard: Heard, folders: list[str], *, network: bool, processes: bool
) -> Callable[[str, tuple[Any, ...]], None]:
    inside = tuple(folder + os.sep for folder in (*folders, "/dev", "/proc"))
    library = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

    def outside(path: Any, *, follow: bool) -> str | None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None  # a descriptor
        text = os.fsdecode(path)
        if text in (":memory:", ""):
            return None
        folder, name = os.path.split(os.path.abspath(text))
        resolved = os.path.realpath(text) if follow else os.path.join(os.path.realpath(folder), name)
        return None if (resolved + os.sep).startswith(inside) else resolved

    def refuse(what: str) -> None:
        heard.refused.append(what)
        raise PermissionError(errno.EACCES, f"refused while the script is proven: {what}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if heard.ended:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = set(mode) & set("wax+") if isinstance(mode, str) else (flags or 0) & _WRITING
            if writes and (found := outside(path, follow=True)) is not None:
                refuse(f"writing {found}")
        elif event in _NAME_EVENTS:
            for index, has_to_be in _NAME_EVENTS[event]:
                found = outside(arguments[index], follow=False)
                if found is not None and has_to_be in (None, os.path.lexists(found)):
                    refuse(f"{event.partition('.')[2]} {found}")
        elif event in _FILE_EVENTS:
            is_database = event == "sqlite3.connect"
            if is_database and processes:
                return  # reading one needs no write; the kernel decides
            found = outside(arguments[0], follow=True)
            if found is not None and (is_database or os.path.exists(found)):
                refuse(f"{event.partition('.')[2]} {found}")
        elif event in _PROCESS_EVENTS:
            if not processes:
                refuse(f"starting {_command(event, arguments)}")
            if _called_by(heard.script, library):
                heard.started.append(_command(event, arguments))
        elif event in _NETWORK_EVENTS and not network:
            address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
            host = address[0] if isinstance(address, tuple) and address else address
            if isinstance(host, bytes):
                host = host.decode("ascii", "replace")
            remote = isinstance(host, str) and host and not host.startswith(("/", "\0", *_LOCAL))
            if remote:
                refuse(f"network: {host}")

    return hook


def _command(event: str, arguments: tuple[Any, ...]) -> str:
    """Return a command as it would be typed; of a terminal's child (`os.forkpty`) nothing is told."""
    has_words = event in ("subprocess.Popen", "os.posix_spawn", "os.exec") and len(arguments) > 1
    told = arguments[1] if has_words else arguments[:1]
    words = [told] if isinstance(told, (str, bytes, os.PathLike)) else told
    return " ".join(os.fsdecode(word) for word in words or () if isinstance(word, (str, bytes, os.PathLike))) or event


def _called_by(script: str, library: str) -> bool:
    """Tell whether the script's own code, and no package, called the standard library that calls us."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((library, "<frozen")):
        frame = frame.f_back
    return frame.f_code.co_filename == script


def _own_network() -> bool:
    """Move into a network namespace of our own; tell whether the system allowed it."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(0x10000000 | 0x40000000) != 0:  # CLONE_NEWUSER | CLONE_NEWNET
        return False
    try:
        for name, text in ("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
        _raise_loopback()
    except OSError:
        pass
    return True


def _raise_loopback() -> None:
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        fcntl.ioctl(plug, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running


def _landlock(folders: list[str]) -> bool:
    """Let the kernel refuse writes outside `folders`, here and in every process to come; tell whether it does."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"create": 444, "add": 445, "restrict": 446}
    abi = libc.syscall(number["create"], None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi < 3:  # older ones let a file outside be truncated
        return False
    writes = 0x7FF2  # write, remove, make, refer, truncate
    ruleset = libc.syscall(number["create"], struct.pack("=Q", writes), ctypes.c_size_t(8), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in (*folders, "/dev/null"):
            allowed = writes if path != "/dev/null" else 0x4002
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                if libc.syscall(number["add"], ruleset, 1, struct.pack("=Qi", allowed, place), ctypes.c_uint32(0)) != 0:
                    return False
            finally:
                os.close(place)
        if libc.prctl(38, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
            return False
        return bool(libc.syscall(number["restrict"], ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)
