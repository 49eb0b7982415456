"""Files and folders that a cell may mean: by its literals, and by the values of the variables that it reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from mlexp.capture.probes.absolute import absolute
from mlexp.capture.probes.shell_lines import is_path
from mlexp.dataflow.files import literals_of

_ASKS = ("exists(", "isfile(", "is_file(", "isdir(", "is_dir(", "getsize(", "stat(", "getmtime(")
_READS = ("read_", "scan_", "load", "connect", "File(", "HDFStore", "open", "ead(")
_MOST = 48
_MOST_JOINED = 128


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a cell may mean by its texts: paths as they are spelled and resolved, there or not."""

    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...] = ()
    """Folders that are there."""
    native: bool = False
    """Whether the text may read or write files in a way that Python tells nothing of."""
    asks: bool = False
    """Whether it asks whether files are there."""
    reads: bool = False
    """Whether it seems to read files at all."""

    @classmethod
    def of(
        cls, python: str, names: Sequence[str], namespace: Mapping[str, object], is_ignored: Callable[[str], bool]
    ) -> Self:
        """Return those of a cell that reads these names."""
        literals = literals_of(python)
        asks = any(word in python for word in _ASKS)
        values = [text for name in names for text in _texts_of(namespace.get(name))]
        spelled = dict.fromkeys((*literals.texts, *values[:_MOST]))
        files: dict[str, str] = {}
        folders: dict[str, None] = {}
        for text in (*spelled, *literals.folders):
            kind = _kind_of(text)
            if kind is None and not asks and "." not in text and "/" not in text:
                continue
            resolved = absolute(os.path.expanduser(text))
            if is_ignored(resolved):
                continue
            if kind is not None and stat.S_ISDIR(kind):
                folders[resolved] = None
            elif text in spelled:
                files[resolved] = text
        joined = [(folder, text) for folder in folders for text in literals.texts if not os.path.isabs(text)]
        for folder, text in joined[:_MOST_JOINED]:
            place = absolute(os.path.join(folder, text))
            if os.path.isfile(place):
                files.setdefault(place, place)
            elif os.path.isdir(place):
                folders[place] = None
        return cls(
            files=tuple((text, resolved) for resolved, text in files.items()),
            folders=tuple(folders),
            native=literals.native,
            asks=asks,
            reads=any(word in python for word in _READS),
        )


def _kind_of(text: str) -> int | None:
    """Return the mode of what a text is the path of; None if nothing is there."""
    try:
        return os.stat(text if text[0] != "~" else os.path.expanduser(text)).st_mode
    except (OSError, ValueError):
        return None


def _texts_of(value: object) -> Iterator[str]:
    """Yield the texts and paths that a variable holds, itself or as the items of a plain container."""
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]  # as asked
        if 0 < len(text) <= 1024 and "\n" not in text:
            yield text
    elif kind is list or kind is tuple:
        for item in value[:_MOST]:  # type: ignore[index]  # as asked
            if type(item) is str or is_path(item):
                yield from _texts_of(item)
    elif kind is dict:
        for _, item in zip(range(_MOST), tuple(value.values()), strict=False):  # type: ignore[attr-defined]  # as asked
            if type(item) is str or is_path(item):
                yield from _texts_of(item)
    elif is_path(value):
        yield os.fspath(value)  # type: ignore[call-overload]  # as asked
