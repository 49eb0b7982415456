"""Files: what came from outside and was read, with its content at that moment, and what was written and removed.

Python tells what it does itself, just before it does it. What libraries in C and other processes do is found
afterwards: on Linux by watches over the folders that the session uses, elsewhere by looking at the files that the
cell's text and variables name. Where there are no watches, what a library in C reads and nothing names is not seen.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from time import time_ns
from types import FrameType
from typing import Any

from mlexp.capture.guard import guarded
from mlexp.capture.opening import Opening
from mlexp.capture.probes.absolute import absolute, here
from mlexp.capture.probes.audit import listen
from mlexp.capture.probes.candidates import Candidates
from mlexp.capture.probes.inotify import Watches
from mlexp.capture.probes.kept_files import KeptFiles
from mlexp.capture.probes.ledger import Ledger
from mlexp.capture.probes.native import Native
from mlexp.capture.probes.shell_lines import Commands, expanded, is_path
from mlexp.capture.workplace import Workplace
from mlexp.config import home_folder, ipython_folder
from mlexp.dataflow.files import commands_in
from mlexp.errors import UsageError
from mlexp.records import InputFile

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOCAL = ("127.", "localhost", "::1", "0.0.0.0")
_MOST_LISTED = 2000


class FilesProbe:
    """Hears of each file while an execution runs, in whatever thread."""

    def __init__(self, place: Workplace, *, reads_ours: Callable[[], bool] = lambda: False) -> None:
        """Begin to keep account.

        Args:
            place: Where files are kept.
            reads_ours: Tells whether a program of ours, such as git, may read the user's files right then.
        """
        ours = (place.folder, Path(__file__).parents[2])
        self._ignored = tuple(sorted({*_system_folders(), *(f"{folder}{os.sep}" for folder in ours)}))
        self._kept = KeptFiles(place)
        self._ledger = Ledger(self._kept)
        self._commands = Commands(self._ledger)
        self._watches = _watches(place)
        self._native = Native(self._ledger, self._kept, self._watches, self._is_ignored, reads_ours)
        self._candidates = Candidates(())
        self._running: set[int] = set()
        self._pattern = ""
        self._fetched = False

    def before(self, opening: Opening) -> None:
        """Begin to listen."""
        if not self._running:  # else a file belongs to all that run: nobody can tell who opened it
            self._ledger.begin()
            self._commands.begin()
            self._fetched, self._pattern = False, ""
            self._candidates = Candidates.of(opening.python, opening.names.loaded, opening.namespace, self._is_ignored)
            with guarded("look at the files that a cell names"):
                commands = commands_in(opening.python)
                for command in commands:
                    self._commands.started(expanded(command, opening.namespace), here())
                self._native.begin(self._candidates, time_ns(), has_commands=bool(commands))
        self._running.add(opening.index)
        listen(self._heard)

    def after(self, opening: Opening) -> Mapping[str, object]:
        """Tell what was heard, and what has become of the files that nobody told of."""
        if opening.index not in self._running:
            return {}
        self._running.remove(opening.index)
        if not self._running:
            listen(None)
        with guarded("look at the files that a cell wrote"):
            self._commands.ended()
            self._native.end()
        return self._ledger.end(fetched=self._fetched or self._commands.fetched)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._running.clear()
        listen(None)
        if self._watches is not None:
            self._watches.close()

    def named(self, path: str) -> InputFile | None:
        """Keep a file that a program names, as an input; None if there is none there that could be one."""
        resolved = absolute(path)
        return None if self._is_ignored(resolved) else self._kept.keep(path, resolved)

    def _is_ignored(self, resolved: str) -> bool:
        return resolved.startswith(self._ignored) or f"{os.sep}__pycache__" in resolved

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        match event, arguments:
            case "open", (path, mode, flags):
                self._opened(path, mode, flags)
            case (("os.listdir" | "os.scandir"), (path,)) if not _is_importing(sys._getframe(2)):
                self._listed("." if path is None else path)
            case "glob.glob", (str() as pattern, *_):
                self._pattern = absolute(pattern)
            case (("os.remove" | "os.rmdir" | "shutil.rmtree"), (path, *more)):
                place = self._place(path, more[0] if more else None)
                if place is not None and os.path.lexists(place[1]):
                    self._ledger.remove(place[1], named=event == "os.remove" and not _is_folder(*more[:1]))
            case "os.rename", (source, target, *more):
                old, new = self._place(source, *more[:1]), self._place(target, *more[1:])
                if old is not None and new is not None and os.path.lexists(old[1]):
                    self._ledger.rename(old[1], new[1])
            case (("os.link" | "os.symlink"), (source, target, *_)):
                old, new = self._place(source), self._place(target)
                if new is not None:
                    if old is not None and os.path.isfile(old[1]):
                        self._ledger.read(*old)
                    self._ledger.write(*new, keeps=False)
            case "os.mkdir", (path, _, *more):
                if (place := self._place(path, *more)) is not None:
                    self._ledger.make_folder(place[1])
            case "os.truncate", (path, *_):
                if (place := self._place(path)) is not None:
                    self._ledger.write(*place, keeps=True)
            case "sqlite3.connect", (database, *_):
                self._connected(database)
            case "subprocess.Popen", (_, words, folder, _):
                self._commands.started(_words(words), str(folder) if is_path(folder) or type(folder) is str else here())
            case "os.system", (command,):
                self._commands.started(os.fsdecode(command), here())
            case "os.posix_spawn", (_, words, _):
                self._commands.started(_words(words), here())
            case (("socket.getaddrinfo" | "urllib.Request"), (host, *_)):
                text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
                remote = isinstance(text, str) and bool(text) and not text.startswith((*_LOCAL, "file:", "data:"))
                self._fetched = self._fetched or remote

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        place = self._place(path)
        if place is None or (place[1].endswith(".py") and _shows_source(sys._getframe(3))):
            return
        if isinstance(mode, str):
            reading = "r" in mode
            writing, keeps = any(c in mode for c in "wax+"), "w" not in mode and "x" not in mode
        else:
            flags = flags or 0
            writing, keeps = bool(flags & _WRITING), not flags & (os.O_TRUNC | os.O_EXCL)
            reading = not writing or (bool(flags & os.O_RDWR) and keeps)
        if reading:
            self._ledger.read(*place)
        if writing:
            self._ledger.write(*place, keeps=keeps)

    def _connected(self, database: Any) -> None:
        text = os.fsdecode(database) if isinstance(database, (str, bytes)) else database
        if isinstance(text, str) and text.startswith("file:"):
            text = text.removeprefix("file:").partition("?")[0]
        place = self._place(text) if text not in ("", ":memory:") else None
        if place is None:
            return
        if os.path.exists(place[1]):
            self._ledger.read(*place)
            self._ledger.hold(place[1])
        else:
            self._ledger.write(*place, keeps=True)

    def _listed(self, path: Any) -> None:
        place = self._place(path)
        if place is None:
            return
        folder = place[1]
        if self._is_ignored(folder + os.sep):
            return
        at, pattern = os.path.split(self._pattern)
        fits = pattern if at == folder and "**" not in pattern else "*"
        with os.scandir(folder) as entries:
            found = [entry for entry in islice(entries, _MOST_LISTED) if fnmatch(entry.name, fits)]
        paths = [f"{entry.path}{os.sep if entry.is_dir() else ''}" for entry in found]
        self._ledger.listed(folder, [path for path in paths if not self._is_ignored(path)])

    def _place(self, path: Any, folder: Any = None) -> tuple[str, str] | None:
        """Return a path as it is spelled and as it stands for a file; None if it is no path, or none of the user's."""
        if is_path(path):
            path = os.fspath(path)
        if not isinstance(path, (str, bytes)):
            return None  # a descriptor
        spelled = os.fsdecode(path)
        if _is_folder(folder) and not os.path.isabs(spelled):
            try:
                spelled = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), spelled)
            except OSError:
                return None
        resolved = absolute(spelled)
        return None if self._is_ignored(resolved) else (spelled, resolved)


def _watches(place: Workplace) -> Watches | None:
    """Return watches over folders; None where there are none, or they are not wanted."""
    if not place.settings.watch_folders:
        return None
    try:
        return Watches()
    except (OSError, AttributeError):
        return None


def _is_folder(number: Any = None) -> bool:
    """Tell whether an event's number stands for an open folder, from which its path is meant."""
    return type(number) is int and number >= 0


def _is_importing(frame: FrameType) -> bool:
    """Tell whether an import, not the user's code, lists a folder: `frame` is the one that our hook interrupts."""
    above: FrameType | None = frame
    while above is not None and (name := above.f_code.co_filename).find("IPython") < 0:
        if name.startswith("<frozen importlib") or f"importlib{os.sep}metadata" in name:
            return True
        above = above.f_back
    return False


def _shows_source(frame: FrameType | None) -> bool:
    """Tell whether a program's lines are looked up, as for a traceback: `frame` is the one that our hook interrupts."""
    for _ in range(4):
        if frame is not None and frame.f_code.co_filename.endswith(("linecache.py", "inspect.py")):
            return True
        frame = frame.f_back if frame is not None else None
    return False


def _words(words: Any) -> list[str] | str:
    if isinstance(words, (str, bytes)):
        return os.fsdecode(words)
    return list(_decoded(words))


def _decoded(words: Any) -> Iterator[str]:
    for word in words if isinstance(words, (list, tuple)) else ():
        if isinstance(word, (str, bytes)):
            yield os.fsdecode(word)
        elif is_path(word):
            yield os.fspath(word)


def _system_folders() -> set[str]:
    """Folders whose files are the interpreter's, the packages', the system's or Jupyter's: no data of the user's."""
    home = home_folder()
    folders = {"/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/var", "/run"}
    folders |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "data")}
    hidden = (".ipython", ".jupyter", ".cache", ".config", ".matplotlib", ".local", "Library")
    folders |= {str(home / name) for name in hidden if home is not None}
    folders |= {str(folder) for folder in [_ipython()] if folder is not None}
    return {absolute(folder) + os.sep for folder in folders if folder}


def _ipython() -> Path | None:
    try:
        return ipython_folder()
    except UsageError:  # without a home there is none
        return None
