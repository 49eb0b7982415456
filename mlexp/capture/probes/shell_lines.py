"""What shell commands did to files: their words are looked up before and after."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from mlexp.capture.probes.absolute import absolute
from mlexp.capture.probes.ledger import Ledger, signature
from mlexp.dataflow.files import CommandFiles, files_of_command

_EXPANDED = re.compile(r"\{(\w+)\}|(?<!\\)\$(\w+)")


class Commands:
    """The commands of the executions that are under way."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before: dict[str, tuple[str, tuple[int, ...] | None]] = {}
        """What may be written, changed or removed: how, and what was there before."""
        self.fetched = False

    def begin(self) -> None:
        """Begin with another execution."""
        self._before.clear()
        self.fetched = False

    def started(self, command: str | Sequence[str], folder: str) -> None:
        """Note a command that is about to run in a folder; it keeps what it may read from outside."""
        found = files_of_command(command)
        self.fetched = self.fetched or found.fetches
        for word in (*found.reads, *found.appends, *found.removes):
            resolved = _resolved(word, folder)
            if os.path.isfile(resolved):
                self._ledger.read(word, resolved)
        self._note(found, folder)

    def ended(self) -> None:
        """Look at what the commands have written, changed and removed."""
        for path, (kind, before) in self._before.items():
            after = signature(path)
            if after == before or self._ledger.is_written(path):
                continue
            if after is None:
                self._ledger.remove(path)
            else:
                self._ledger.written(path, keeps=kind == "append", made=before is None)

    def _note(self, found: CommandFiles, folder: str) -> None:
        kinds = ("append", found.appends), ("write", found.writes), ("remove", found.removes)
        for kind, words in kinds:
            for word in words:
                resolved = _resolved(word, folder)
                self._before.setdefault(resolved, (kind, signature(resolved)))


def expanded(command: str, namespace: Mapping[str, object]) -> str:
    """Return a shell line with the values that IPython puts for `{name}` and `$name`, as far as they are plain."""

    def value_of(match: re.Match[str]) -> str:
        value = namespace.get(match[1] or match[2])
        kind = type(value)
        if kind is str or kind is int or kind is float:
            return str(value)
        return os.fspath(value) if is_path(value) else match[0]  # type: ignore[call-overload]  # as asked

    return _EXPANDED.sub(value_of, command)


def is_path(value: object) -> bool:
    """Tell whether a value is one of the standard library's paths."""
    from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath

    kind = type(value)
    return kind is PosixPath or kind is PurePosixPath or kind is WindowsPath or kind is PureWindowsPath


def _resolved(word: str, folder: str) -> str:
    return absolute(os.path.join(folder, os.path.expanduser(word)))
