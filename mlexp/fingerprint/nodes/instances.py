"""Objects of classes that Python code defines: their attributes, past any code of their class."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator
from types import MemberDescriptorType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from mlexp.fingerprint.asking import attributes_of, bases_of, members_of, module_of, name_of
from mlexp.fingerprint.nodes.graph import Trait
from mlexp.fingerprint.nodes.kinds import opener_of

if TYPE_CHECKING:
    from mlexp.fingerprint.nodes.graph import Walk

_CACHES = frozenset({"_cache", "_item_cache", "_cacher"})
_MAX_ATTRIBUTES = 2_000
_UNSET = object()


def open_instance(value: Any, walk: Walk) -> object:
    """Read an object's class and attributes."""
    cls = type(value)
    content: list[object] = [id(cls)]
    if walk.is_own(module_of(cls)):
        content.append(walk.token(cls))
    attributes = attributes_of(value)
    if len(attributes) > _MAX_ATTRIBUTES:
        walk.unread()
    for name, item in [*list(attributes.items())[:_MAX_ATTRIBUTES], *_slots(value)]:
        if type(name) is not str or name in _CACHES:
            continue
        token = walk.token(item)
        if not _is_cached(cls, name):  # that it is kept is no change; a change of it is
            content += [name, token]
    return content


def open_derived(value: Any, walk: Walk) -> object:
    """Read an object whose class builds on one that we know: what that one holds, and its own attributes."""
    opener = opener_of(type(value))
    assert opener is not None
    return [opener(value, walk), open_instance(value, walk)]


def open_namespace(value: Any, walk: Walk) -> object:
    """Read a SimpleNamespace."""
    attributes = SimpleNamespace.__dict__["__dict__"].__get__(value)
    return [[name, walk.token(item)] for name, item in attributes.items() if type(name) is str]


def open_error(value: Any, walk: Walk) -> object:
    """Read an exception: its arguments and attributes, not where it came from."""
    arguments = BaseException.__dict__["args"].__get__(value)
    return [walk.token(arguments), walk.token(BaseException.__dict__["__dict__"].__get__(value))]


def open_weakref(value: Any, walk: Walk) -> object:
    """Follow a weak reference."""
    return [walk.token(weakref.ref.__call__(value))]


def open_connection(value: Any, walk: Walk) -> object:
    """Read how many rows a database connection has changed; what it has not counted stays hidden."""
    walk.mark(Trait.OPAQUE)
    own = next(members_of(base) for base in bases_of(type(value)) if name_of(base) == "sqlite3.Connection")
    return [own[name].__get__(value) for name in ("total_changes", "in_transaction")]


def open_by_state(value: Any, walk: Walk) -> object:
    """Read what an object of an installed library gives for its pickle."""
    cls: Any = type(value)
    state = cls.__getstate__(value)
    content: list[object] = []
    for name, item in state.items():
        if type(item).__module__ == "numpy" and hasattr(item, "nbytes"):  # made for us: nobody else has it
            content += [name, str(item.shape), walk.bulk(item.reshape(-1).view("u1")) if item.nbytes else 0]
        else:
            content += [name, walk.token(item)]
    return content


def open_artist(value: Any, walk: Walk) -> object:
    """Follow what is drawn to its figure, which hides what is drawn on it."""
    held = attributes_of(value)
    figure = held.get("_parent_figure", held.get("figure"))
    if figure is None or figure is value:
        walk.mark(Trait.OPAQUE)
        return ()
    return [walk.token(figure)]


def open_hidden(value: Any, walk: Walk) -> object:  # noqa: ARG001  (the others')
    """Read nothing of an object that hides its state."""
    walk.mark(Trait.OPAQUE)
    return ()


def value_of_path(value: Any) -> object:
    """Return the parts of a path, as they are kept."""
    found: dict[str, Any] = {
        name: item for name, item in _slots(value) if name in ("_raw_paths", "_drv", "_root", "_parts")
    }
    raw = found.get("_raw_paths")
    if raw is not None:
        return tuple(str(part) for part in raw if type(part) is str)
    return (found.get("_drv"), found.get("_root"), tuple(found.get("_parts") or ()))


def _slots(value: Any) -> Iterator[tuple[str, object]]:
    for base in bases_of(type(value)):
        for name, member in members_of(base).items():
            if type(member) is MemberDescriptorType and type(name) is str and name not in ("__weakref__", "__dict__"):
                try:
                    yield name, member.__get__(value)
                except AttributeError:  # not set
                    continue


def _is_cached(cls: type, name: str) -> bool:
    for base in bases_of(cls):
        member = members_of(base).get(name, _UNSET)
        if member is not _UNSET:
            return type(member) is functools.cached_property
    return False
