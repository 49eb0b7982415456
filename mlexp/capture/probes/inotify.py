"""What happens in folders, as Linux tells it: by any means and by anybody, readers in C and other processes included.

No process is named and no content is told; a folder's own entries only. Elsewhere there are no watches.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from enum import IntFlag

_MOST = 256
_HEAD = struct.Struct("iIII")


class Happened(IntFlag):
    """What happened to a file, as bits of inotify's masks."""

    CLOSED_WRITTEN = 0x8
    OPENED = 0x20
    MOVED_AWAY = 0x40
    MOVED_HERE = 0x80
    MADE = 0x100
    GONE = 0x200


_WATCHED = Happened(0x3E8)
"""No event for each single read or write: they would cost the user's code 1 µs each."""
_ONLY_FOLDERS, _OVERFLOW, _IGNORED, _IS_FOLDER = 0x01000000, 0x4000, 0x8000, 0x40000000


class Watches:
    """Watches over folders; `close` ends them."""

    def __init__(self) -> None:
        """Begin without any folder; raise OSError where the system has no inotify, or no more of it."""
        if not sys.platform.startswith("linux"):
            raise OSError("inotify is Linux's")
        self._libc = ctypes.CDLL(None, use_errno=True)
        begin = getattr(self._libc, "inotify_init1", None)
        if begin is None:
            raise OSError("this system's library has no inotify")
        self._fd = begin(getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._folders: dict[int, str] = {}
        self._known: dict[str, int] = {}
        self.overflowed = False
        """Whether more has happened than the system held for us."""

    def add(self, folder: str) -> bool:
        """Watch a folder; return False if it is watched already, is none, or is one too many."""
        if folder in self._known or len(self._known) >= _MOST:
            return False
        number = self._libc.inotify_add_watch(self._fd, os.fsencode(folder), ctypes.c_uint32(_WATCHED | _ONLY_FOLDERS))
        if number >= 0:
            self._known[folder] = number
            self._folders[number] = folder
        return bool(number >= 0)

    def happened(self) -> dict[str, Happened]:
        """Return what has happened since this was last asked, by absolute path; folders end in a separator."""
        found: dict[str, Happened] = {}
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return found
            self._gather(data, found)

    def _gather(self, data: bytes, found: dict[str, Happened]) -> None:
        at = 0
        while at < len(data):
            number, mask, _, length = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
            at += _HEAD.size + length
            if mask & _OVERFLOW:
                self.overflowed = True
            elif mask & _IGNORED:
                self._known.pop(self._folders.pop(number, ""), None)
            elif name and (folder := self._folders.get(number)) is not None:
                path = os.path.join(folder, os.fsdecode(name)) + (os.sep if mask & _IS_FOLDER else "")
                found[path] = found.get(path, Happened(0)) | Happened(mask & _WATCHED)

    def close(self) -> None:
        """End all watches."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
