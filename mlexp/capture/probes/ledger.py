"""What an execution did to files, given one event after another, and how the session left each file that it wrote.

A file is the session's own as long as it lies there as the session left it. One that somebody else has changed since is
an input from outside again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping

from mlexp.capture.probes.kept_files import KeptFiles
from mlexp.records import InputFile

Sign = tuple[int, ...] | None
"""A file's inode, size and time of change; of a folder only its inode; None: nothing is there."""

_LOOKED_AFTER = 32
"""So many files, those that were last written, are looked at around each execution."""


class Ledger:
    """The files of the executions that are under way, and those that the session has written so far."""

    def __init__(self, kept: KeptFiles) -> None:
        self._kept = kept
        self._left: dict[str, Sign] = {}
        """How the session left what it wrote or removed, the last one last."""
        self._held: dict[str, Sign] = {}
        """Databases from outside, as they were: a later execution may change them without opening them again."""
        self.wrote_meanwhile: Callable[[str], bool] = lambda _: False
        """Tells whether a file was written, by whatever means, since the execution began, and notes it if so."""
        self.begin()

    def begin(self) -> None:
        """Begin with another execution."""
        self._inputs: dict[str, InputFile] = {}
        self._reads: dict[str, None] = {}
        self._writes: dict[str, None] = {}
        self._appends: dict[str, None] = {}
        self._removes: dict[str, None] = {}
        self._listed: dict[str, tuple[int, int]] = {}
        self._made: set[str] = set()
        """Paths at which nothing was when they were first written."""
        for path, left in self._watched():
            if signature(path) != left:  # somebody else, between the executions
                self._left.pop(path, None)
                self._held.pop(path, None)

    def read(self, spelled: str, resolved: str) -> None:
        """Note that a file is about to be read: keep it if it is from outside."""
        if resolved in self._inputs or resolved in self._writes or resolved in self._reads:
            return
        if (own := self._own(resolved)) is not None:
            self._reads[own] = None
        elif not self.wrote_meanwhile(resolved) and (file := self._kept.keep(spelled, resolved)) is not None:
            self._inputs[resolved] = file

    def was_read(self, file: InputFile) -> None:
        """Note that a file was read whose content was kept before."""
        self._inputs.setdefault(file.resolved, file)

    def listed(self, folder: str, entries: Iterable[str]) -> None:
        """Note that the entries of a folder are asked for, in its order; of those, folders end in a separator."""
        self._listed.setdefault(folder, (0, 0))
        for path in entries:
            plain = path.rstrip(os.sep)
            if path not in self._listed and plain not in self._writes and self._own(plain) is None:
                found = signature(plain)
                self._listed[path] = (found[1], found[2]) if found is not None and len(found) > 1 else (0, 0)

    def hold(self, resolved: str) -> None:
        """Note that a file stays open, and may be changed by whoever holds it."""
        self._held[resolved] = signature(resolved)

    def write(self, spelled: str, resolved: str, *, keeps: bool) -> None:
        """Note that a file is about to be written, or was; `keeps`: its earlier content stays a part of it."""
        there = os.path.lexists(resolved)
        self._note_folder(resolved)
        if keeps and there and resolved not in self._writes:
            if self._own(resolved) is None:
                self.read(spelled, resolved)
            self._appends[resolved] = None
        if not keeps:
            self._appends.pop(resolved, None)
        if not there and resolved not in self._writes:
            self._made.add(resolved)
        self._removes.pop(resolved, None)
        self._writes[resolved] = None

    def written(self, resolved: str, *, keeps: bool, made: bool) -> None:
        """Note that a file was written, seen afterwards.

        Args:
            resolved: The file.
            keeps: Whether its earlier content stays a part of it.
            made: Whether it was not there before.
        """
        self._note_folder(resolved)
        if made:
            self._made.add(resolved)
        elif keeps and resolved not in self._writes:
            self._appends[resolved] = None
        self._removes.pop(resolved, None)
        self._writes[resolved] = None

    def make_folder(self, resolved: str, *, made: bool = False) -> None:
        """Note that a folder is about to be made, or made sure of; `made`: it was not there and is now."""
        if self._own(resolved) is None:
            self._note_folder(resolved)
            self._writes[resolved] = None
            if made or not os.path.lexists(resolved):
                self._made.add(resolved)

    def remove(self, resolved: str, *, named: bool = False) -> None:
        """Note that a file or folder goes, or is gone; `named`: it would be a mistake if it were not there."""
        inside = resolved + os.sep
        if named:
            self.read(resolved, resolved)
        for path in [p for p in list(self._writes) if p == resolved or p.startswith(inside)]:
            del self._writes[path]
            self._appends.pop(path, None)
            if path not in self._made:
                self._removes[path] = None
        own = [path for path, left in list(self._left.items()) if left is not None and path.startswith(inside)]
        for path in own:
            self._removes[path] = None
        if resolved not in self._made:
            self._removes[resolved] = None

    def rename(self, source: str, target: str) -> None:
        """Note that a file or folder is about to get another name: the new one is written from the old one."""
        if os.path.isdir(source) and not os.path.islink(source):
            for folder, _, names in os.walk(source):
                for name in names[:_LOOKED_AFTER]:
                    old = os.path.join(folder, name)
                    self.rename(old, os.path.join(target, os.path.relpath(old, source)))
            self._writes[target] = None
            self.remove(source)
            return
        if source not in self._writes:
            self.read(source, source)
        self.write(target, target, keeps=False)
        self.remove(source)

    def knows(self, resolved: str) -> bool:
        """Tell whether the session has written or removed what is called so."""
        return resolved in self._left

    def left(self, resolved: str) -> Sign:
        """Return what the session left there; None where it left nothing."""
        return self._left.get(resolved)

    def is_noted(self, resolved: str) -> bool:
        """Tell whether something is noted of a file for the execution that is under way."""
        return resolved in self._inputs or resolved in self._reads or self.is_written(resolved)

    def is_written(self, resolved: str) -> bool:
        """Tell whether the execution that is under way has written or removed a file."""
        return resolved in self._writes or resolved in self._removes

    def asked_for(self, resolved: str) -> None:
        """Note that it was asked whether a file is there that the session has written or removed."""
        if resolved in self._left and not self.is_noted(resolved):
            self._reads[resolved] = None

    def end(self, *, fetched: bool) -> Mapping[str, object]:
        """Return the fields of the execution's record.

        Args:
            fetched: Whether it used the network: then what it wrote counts as from outside, as it cannot be had again.
        """
        for path, left in self._watched():
            if path not in self._writes and path not in self._removes and signature(path) != left:
                self._writes[path] = self._appends[path] = None  # by a handle that was opened before
                if path in self._held:
                    del self._held[path]
        if fetched:
            self._take_as_inputs()
        for path in [*self._removes, *self._writes]:
            self._left.pop(path, None)
            if not (fetched and path in self._inputs):
                self._left[path] = signature(path)
        return {
            "inputs": tuple(self._inputs.values()),
            "reads": tuple(self._reads),
            "writes": tuple(self._writes),
            "appends": tuple(self._appends),
            "removes": tuple(self._removes),
            "listed": tuple(self._listed),
            "listed_signs": tuple(self._listed.values()),
        }

    def _take_as_inputs(self) -> None:
        for path in list(self._writes):
            if path not in self._appends and (file := self._kept.keep(path, path)) is not None:
                self._inputs[path] = file

    def folders_made(self) -> list[str]:
        """Return the folders that the execution under way has made."""
        return [path for path in list(self._writes) if path in self._made and os.path.isdir(path)]

    def folders(self) -> set[str]:
        """Return the folders of what is noted."""
        noted = (*self._inputs, *self._reads, *self._writes)
        return {os.path.dirname(path) for path in noted}

    def _own(self, resolved: str) -> str | None:
        """Return the name under which the session has written a file that lies there as it was left, or None."""
        for path in (resolved, os.path.realpath(resolved)) if self._left else ():
            left = self._left.get(path)
            if left is not None:
                if path in self._writes or signature(path) == left:
                    return path
                del self._left[path]
        return None

    def _note_folder(self, resolved: str) -> None:
        """Note that a file needs the folder that the session has made for it."""
        folder = os.path.dirname(resolved)
        if folder not in self._writes and self._left.get(folder) is not None:
            self._reads[folder] = None

    def _watched(self) -> Iterable[tuple[str, Sign]]:
        newest = list(self._left.items())[-_LOOKED_AFTER:]
        return [*newest, *self._held.items()]


def signature(path: str) -> Sign:
    """Return what tells a file from another under its name, and from itself before a change."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(found.st_mode):
        return (found.st_ino,)
    return (found.st_ino, found.st_size, found.st_mtime_ns)
