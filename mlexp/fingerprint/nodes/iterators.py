"""What is used up by being read: generators, iterators, files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import bases_of, is_one_of, members_of, module_of, variables_of
from mlexp.fingerprint.nodes.graph import Trait

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_LONG, _PIECE = 1 << 20, 2048
_ENCODED = 20
"""What a character costs, as much as reading so many bytes."""


def open_generator(value: Any, walk: Walk) -> object:
    """Read how far a generator or coroutine has come, and what its variables lead to."""
    prefix = {"generator": "gi", "coroutine": "cr", "async_generator": "ag"}[type(value).__name__]
    frame = getattr(value, f"{prefix}_frame")
    if frame is None:
        return ()
    variables = variables_of(frame)
    if variables is None:
        walk.mark(Trait.OPAQUE)
        return [frame.f_lasti]
    return [frame.f_lasti, [[name, walk.token(item)] for name, item in variables.items()]]


def open_iterator(value: Any, walk: Walk) -> object:
    """Read an iterator of C by what it gives for its copy; of one that gives nothing nearly any use moves it."""
    cls: Any = type(value)
    if module_of(cls) != "builtins" or "__reduce__" not in members_of(cls):
        walk.mark(Trait.MOVING)
        return ()
    content: list[object] = []
    for part in cls.__reduce__(value)[1:]:
        if type(part) is tuple:
            content += [walk.items(item if type(item) is not list else () for item in part), len(part)]
            content += [[len(item), walk.items(item[:1])] for item in part if type(item) is list]
        else:
            content.append(walk.token(part))
    return content


def open_memory_file(value: Any, walk: Walk) -> object:
    """Read a file in memory: its content and where it is read next."""
    base: Any = next(cls for cls in bases_of(type(value)) if is_one_of(cls, (io.StringIO, io.BytesIO)))
    if base.closed.__get__(value):
        return "closed"
    at, content = base.tell(value), base.getvalue(value)
    if base is io.BytesIO:
        return [at, walk.bulk(content)]
    n = len(content)
    if n > _LONG and not walk.has_time(_ENCODED * n):
        walk.unread()
        return [at, n, content[:_PIECE], content[-_PIECE:], content[:: n // _PIECE]]
    return [at, walk.bulk(content.encode("utf-8", "surrogatepass"))]


def open_file(value: Any, walk: Walk) -> object:
    """Read whether a file is open: asked where it stands, it would write what it still holds back."""
    closed = next(members_of(cls)["closed"] for cls in bases_of(type(value)) if "closed" in members_of(cls))
    if module_of(type(value)) != "_io" or not closed.__get__(value):
        walk.mark(Trait.MOVING)
        return "open"
    return "closed"
