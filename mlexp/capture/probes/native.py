"""What libraries in C and other processes did to files, seen by watches over folders, or by looking again."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice

from mlexp.capture.probes.absolute import here
from mlexp.capture.probes.candidates import Candidates
from mlexp.capture.probes.inotify import Happened, Watches
from mlexp.capture.probes.kept_files import KeptFiles
from mlexp.capture.probes.ledger import Ledger, Sign, signature
from mlexp.dataflow.files import keeps_earlier_content
from mlexp.records import InputFile

_SMALL = 4 * 2**20
"""Files up to this size are kept before a cell that may change them."""
_TICK_NS = 10_000_000
"""How far the times of files may lie behind the clock."""
_MOST_FOLDERS = 32
_MOST_INNER, _MOST_FILES = 100, 1000
"""So many folders below one that was made are looked through, and so many files in each."""
_COMPANIONS = ("-journal", "-shm")
_WRITE_AHEAD = ("-wal", ".wal")


class Native:
    """Looks around an execution for what nobody told of."""

    def __init__(
        self,
        ledger: Ledger,
        kept: KeptFiles,
        watches: Watches | None,
        is_ignored: Callable[[str], bool],
        reads_ours: Callable[[], bool],
    ) -> None:
        self._reads_ours = reads_ours
        self._is_ours = False
        """Whether a program of ours may have read files meanwhile: then only those are noted that the cell names."""
        self._ledger = ledger
        self._kept = kept
        self._watches = watches
        self._is_ignored = is_ignored
        self._candidates = Candidates(())
        self._before: dict[str, InputFile | None] = {}
        """Files that the cell names and that were there: with their content where they are from outside and small."""
        self._signs: dict[str, Sign] = {}
        self._started_ns = 0
        self._has_commands = False
        self._roots: set[str] = set()
        self._happened: dict[str, Happened] = {}
        ledger.wrote_meanwhile = self._wrote_meanwhile

    def begin(self, candidates: Candidates, now_ns: int, *, has_commands: bool) -> None:
        """Look before the execution."""
        self._has_commands = has_commands
        self._is_ours = self._reads_ours()
        self._candidates, self._started_ns = candidates, now_ns
        self._before, self._signs = {}, {}
        for spelled, resolved in candidates.files if candidates.native else ():
            if os.path.isfile(resolved):
                small = os.path.getsize(resolved) <= _SMALL and not self._ledger.knows(resolved)
                self._signs[resolved] = signature(resolved)
                self._before[resolved] = self._kept.keep(spelled, resolved) if small else None
        if self._watches is not None:
            for folder in (here(), *candidates.folders, *(os.path.dirname(r) for _, r in candidates.files)):
                self._watch(folder)
            self._watches.happened()  # what happened between the executions is nobody's
        self._happened = {}

    def end(self) -> None:
        """Look after it."""
        spelled = {resolved: text for text, resolved in self._candidates.files}
        self._is_ours = self._is_ours or self._reads_ours()
        if self._watches is not None:
            self._hear()
            for path, happened in list(self._happened.items()):
                if path.endswith(os.sep):
                    self._saw_folder(path.rstrip(os.sep), happened)
                elif not self._is_foreign(path, spelled):
                    self._saw(spelled.get(path, path), path, happened)
        for folder in self._ledger.folders_made():
            for inner, _, names in islice(os.walk(folder), _MOST_INNER):
                for path in (os.path.join(inner, name) for name in names[:_MOST_FILES]):
                    if not self._ledger.is_noted(path) and not self._is_foreign(path, spelled):
                        self._ledger.written(path, keeps=False, made=True)
        for folder in self._ledger.folders() if self._watches is not None else ():
            self._watch(folder)
        if self._watches is None or self._watches.overflowed:
            self._look_again(spelled)
        if self._candidates.asks:
            for resolved, text in spelled.items():
                if self._ledger.knows(resolved):
                    self._ledger.asked_for(resolved)
                elif os.path.isfile(resolved) and not self._ledger.is_noted(resolved):
                    self._ledger.read(text, resolved)

    def _hear(self) -> None:
        for path, happened in self._watches.happened().items() if self._watches is not None else ():
            self._happened[path] = self._happened.get(path, Happened(0)) | happened

    def _wrote_meanwhile(self, path: str) -> bool:
        """Tell whether a file was written since the execution began, by somebody who told nothing; note it if so."""
        self._hear()
        happened = self._happened.get(path, Happened(0))
        made = bool(happened & (Happened.MADE | Happened.MOVED_HERE)) and path not in self._before
        made = made or any(path.startswith(folder + os.sep) for folder in self._ledger.folders_made())
        if made or (path in self._signs and self._is_new(path)):
            self._wrote(path, made=made)
            return True
        if self._watches is None and path not in self._signs and _changed_at(path) >= self._started_ns > 0:
            self._wrote(path, made=True)
            return True
        return False

    def _saw(self, spelled: str, path: str, happened: Happened) -> None:
        there = os.path.isfile(path)
        if path.endswith(_WRITE_AHEAD) and os.path.isfile(base := path[:-4]):
            path, spelled, happened = base, base, Happened.CLOSED_WRITTEN
        elif path.endswith(_COMPANIONS):
            return
        if not there:
            came = happened & (Happened.MADE | Happened.MOVED_HERE)
            if happened & (Happened.GONE | Happened.MOVED_AWAY) and not came and not self._ledger.is_written(path):
                self._ledger.remove(path)
            return
        made = bool(happened & (Happened.MADE | Happened.MOVED_HERE)) and path not in self._before
        if made or (happened & Happened.CLOSED_WRITTEN and self._is_new(path)):
            self._wrote(path, made=made, held=not made and not happened & Happened.OPENED)
        elif happened & Happened.OPENED and not self._ledger.is_noted(path) and self._may_be_the_cells(path):
            self._ledger.read(spelled, path)
            if keeps_earlier_content(path):
                if self._is_new(path):
                    self._wrote(path, made=False)
                self._ledger.hold(path)

    def _may_be_the_cells(self, path: str) -> bool:
        if not self._is_ours or self._has_commands or self._candidates.native:
            return True
        folders = (folder + os.sep for folder in self._candidates.folders)
        return any(path == named for _, named in self._candidates.files) or path.startswith(tuple(folders))

    def _saw_folder(self, folder: str, happened: Happened) -> None:
        if happened & (Happened.MADE | Happened.MOVED_HERE):
            self._ledger.make_folder(folder, made=True)
        elif happened & Happened.OPENED and self._has_commands and not self._is_ignored(folder + os.sep):
            with os.scandir(folder) as entries:
                found = [f"{e.path}{os.sep if e.is_dir() else ''}" for e in islice(entries, _MOST_FILES)]
            self._ledger.listed(folder, found)

    def _look_again(self, spelled: dict[str, str]) -> None:
        for resolved, text in spelled.items() if self._candidates.native else ():
            if not os.path.isfile(resolved):
                if resolved in self._before and not self._ledger.is_written(resolved):
                    self._ledger.remove(resolved)
            elif resolved not in self._before or self._is_new(resolved):
                self._wrote(resolved, made=resolved not in self._before)
            elif not self._ledger.is_noted(resolved):
                self._ledger.read(text, resolved)

    def _wrote(self, path: str, *, made: bool, held: bool = False) -> None:
        """Note a file that was written; `held`: by a handle that an earlier execution had opened."""
        if self._ledger.is_written(path):
            return
        keeps = held or keeps_earlier_content(path)
        before = self._before.get(path)
        if not made and not held and (keeps or self._candidates.reads):
            if self._ledger.knows(path):
                self._ledger.asked_for(path)
            elif before is not None:
                self._ledger.was_read(before)
        self._ledger.written(path, keeps=keeps, made=made)

    def _is_new(self, path: str) -> bool:
        """Tell whether a file has changed since the execution began: by what it was, else by the time of its change."""
        before = self._signs.get(path) or self._ledger.left(path)
        if before is not None:
            return signature(path) != before
        return _changed_at(path) >= self._started_ns - _TICK_NS

    def _is_foreign(self, path: str, named: dict[str, str]) -> bool:
        """Tell whether a file is the front end's or an editor's, or lies where everybody's files lie."""
        if path in named or self._ledger.knows(path):
            return False
        folder, name = os.path.split(path)
        return (
            name.startswith(".") or name.endswith(("~", ".ipynb", ".pyc")) or folder == "/tmp" or self._is_ignored(path)
        )

    def _watch(self, folder: str) -> None:
        """Watch a folder and, once, those right below it."""
        if self._watches is None or folder == os.sep or self._is_ignored(folder + os.sep):
            return
        if not self._watches.add(folder) or folder in self._roots:
            return
        self._roots.add(folder)
        try:
            with os.scandir(folder) as entries:
                below = [entry.path for entry in entries if entry.is_dir() and entry.name[0] not in "._"]
        except OSError:
            return
        for inner in below[:_MOST_FOLDERS]:
            if not self._is_ignored(inner + os.sep):
                self._watches.add(inner)


def _changed_at(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return 0
