"""Take objects apart and put them together again.

`describe(value, sink)` walks a value once. Bulk bytes go to `sink`, which returns what stands for them: a digest
where only the identity is wanted, and the same digest where a snapshot also keeps them. So change detection, snapshots
and proofs ask one question and cannot drift apart. The description is plain data (lists, text, numbers, bytes) whose
MessagePack form is the same for equal values in every process.

A codec knows the objects of one library and is imported only when one of these turns up.
What no codec knows raises NotWalkableError: no guess, no pickle. Where only the identity is wanted, more objects have
one than can be given back: fitted estimators, networks, instances of the user's classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import msgpack

from mlexp._plugins import Registry
from mlexp.errors import MlexpError, NotInTimeError, NotWalkableError
from mlexp.fingerprint.asking import bases_of, imported, module_of, name_of
from mlexp.fingerprint.codecs import builtin, instances
from mlexp.fingerprint.keys import Bytes, content_digest
from mlexp.records import Digest

MAX_DEPTH = 40
PER_ITEM_S = 2e-6
"""What one more object takes."""
PER_BYTE_S = 1e-9
"""What one more byte takes, kept on a disk or not."""
_LOOKS = 256
"""After so many objects the clock is read again."""
Sink = Callable[[Bytes], Digest]
Source = Callable[[Digest], bytes]


class Codec(Protocol):
    """One kind of object: how it is taken apart and put together.

    `restore(describe(x))` equals `x` in values to the bit, types, order, labels and flags, or `describe` raises
    NotWalkableError. Equal values give equal descriptions however they lie in memory.
    """

    @property
    def kind(self) -> str:
        """Its name in stored descriptions, such as "pandas.DataFrame"; never reused for another form."""

    def handles(self, value: object) -> bool:
        """Tell whether this codec takes `value`; subclasses that it does not know are not taken."""

    def describe(self, value: Any, walker: Walker) -> object:
        """Return plain data; children go through `walker.child`, bulk bytes through `walker.buffer`."""

    def restore(self, fields: Any, restorer: Restorer) -> object:
        """Return the object; check `fields` before anything is built of it."""

    def summary(self, value: Any) -> str:
        """Return its extent in a few words, such as "6,714 × 15"."""


_registry: Registry[tuple[Codec, ...]] = Registry("mlexp.codecs")


@dataclass(frozen=True, slots=True)
class Described:
    """A value taken apart."""

    kind: str
    packed: bytes
    """The description, as MessagePack."""
    size_bytes: int
    """Bytes that went to the sink, and of the description."""

    @property
    def digest(self) -> Digest:
        """The value's identity."""
        return content_digest(self.packed)


class Walker:
    """One walk over one value."""

    def __init__(
        self, sink: Sink, *, limit_bytes: int | None, until: float | None = None, identity: bool = False
    ) -> None:
        self._sink = sink
        self._identity = identity
        self._limit = limit_bytes
        self._until = until
        self._open: dict[int, None] = {}  # from the outermost on
        self._n_objects = 0
        self.size_bytes = 0

    def child(self, value: object) -> list[object]:
        """Return the description of a value inside the one being described."""
        self._n_objects += 1
        if self._n_objects % _LOOKS == 0:
            self.ahead(1)
        if id(value) in self._open or len(self._open) >= MAX_DEPTH:
            if self._identity and id(value) in self._open:
                return ["above", list(self._open).index(id(value))]
            raise NotWalkableError(f"{name_of(type(value))}: it contains itself, or is nested too deep")
        self._open[id(value)] = None
        try:
            try:
                codec = _codec_of(value, identity=self._identity)
            except NotWalkableError:
                if not self._identity:
                    raise
                return instances.describe(value, self)
            return [codec.kind, codec.describe(value, self)]
        finally:
            del self._open[id(value)]

    def buffer(self, content: Bytes) -> str:
        """Hand bulk bytes on and return what stands for them."""
        n_bytes = memoryview(content).nbytes
        self.ahead(n_bytes, PER_BYTE_S)
        self.size_bytes += n_bytes
        if self._limit is not None and self.size_bytes > self._limit:
            raise NotWalkableError(f"larger than the limit of {self._limit // 2**20} MB (max_object_mb)")
        return self._sink(content)

    def ahead(self, n: int, each_s: float = PER_ITEM_S) -> None:
        """Raise NotInTimeError where so much more could not be done in time: asked before anything of it is begun."""
        if self._until is not None and time.perf_counter() + n * each_s > self._until:
            raise NotInTimeError("too large to be read in time")


class Restorer:
    """Puts one description together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._depth = 0

    def child(self, described: Any) -> Any:
        """Return the object that an inner description stands for."""
        if not (isinstance(described, list) and len(described) == 2 and isinstance(described[0], str)):
            raise NotWalkableError("a stored description has another form than a pair of kind and fields")
        self._depth += 1
        if self._depth > 2 * MAX_DEPTH:
            raise NotWalkableError("a stored description is nested too deep")
        try:
            return _codec_named(described[0]).restore(described[1], self)
        finally:
            self._depth -= 1

    def buffer(self, reference: Any) -> bytes:
        """Return the bytes that a reference stands for."""
        return self._source(Digest(str(reference)))


def describe(
    value: object, sink: Sink = content_digest, *, limit_bytes: int | None = None, until: float | None = None
) -> Described:
    """Take `value` apart.

    Raises:
        NotWalkableError: No codec knows the value or one inside it, or it is larger than `limit_bytes`.
        NotInTimeError: It could not be done before `until`, on the clock of `time.perf_counter`.
    """
    walker = Walker(sink, limit_bytes=limit_bytes, until=until)
    described = walker.child(value)
    packed = _packed(described)
    return Described(str(described[0]), packed, walker.size_bytes + len(packed))


def _packed(described: list[object]) -> bytes:
    packed: bytes = msgpack.packb(described, use_bin_type=True, unicode_errors="surrogatepass")
    return packed


def restore(packed: bytes, source: Source) -> Any:
    """Return the value that `describe` took apart; `source` gives the bytes for a digest.

    Raises:
        NotWalkableError: No value is described so.
    """
    try:
        described = msgpack.unpackb(packed, raw=False, strict_map_key=False, unicode_errors="surrogatepass")
        return Restorer(source).child(described)
    except (MlexpError, OSError):
        raise
    except Exception as error:  # whatever a library says of parts that do not fit
        raise NotWalkableError(f"a stored description cannot be read: {error!r}") from error


def digest_of(value: object, *, until: float | None = None) -> Digest:
    """Return the value's identity, also of what cannot be given back; nothing is kept.

    Raises:
        NotWalkableError: It may hold what nobody can see.
        NotInTimeError: It could not be done before `until`.
    """
    walker = Walker(content_digest, limit_bytes=None, until=until, identity=True)
    return content_digest(_packed(walker.child(value)))


def kind_of(value: object) -> str:
    """Return the codec's name for the value, or its type's name."""
    try:
        return _codec_of(value).kind
    except NotWalkableError:
        return name_of(type(value))


def summary_of(value: object) -> str:
    """Return the value's extent in a few words; empty where no codec knows it."""
    try:
        return _codec_of(value).summary(value)
    except NotWalkableError:
        return ""


def _libraries_of(value: object) -> Iterator[str]:
    """Yield the libraries that define the value's type, nearest first; import none."""
    for cls in bases_of(type(value)):
        yield module_of(cls).partition(".")[0]


def _codec_of(value: object, *, identity: bool = False) -> Codec:
    if type(type(value)) is type:  # another metaclass might be asked for the hash
        known = builtin.BY_TYPE.get(type(value))
        if known is not None:
            return known
    for library in dict.fromkeys(_libraries_of(value)):
        if library != "builtins" and imported(library) is not None:  # else a class only says that it is from there
            for candidate in _registry.find(library) or ():
                if candidate.handles(value) and (identity or getattr(candidate, "gives_back", True)):
                    return candidate
    raise NotWalkableError(f"no codec for {name_of(type(value))}")


def _codec_named(kind: str) -> Codec:
    known = _BUILTIN_BY_KIND.get(kind)
    if known is not None:
        return known
    for candidate in _registry.find(kind.partition(".")[0]) or ():
        if candidate.kind == kind:
            return candidate
    raise NotWalkableError(f"no codec called {kind!r} is installed")


_BUILTIN_BY_KIND = MappingProxyType({codec.kind: codec for codec in builtin.BY_TYPE.values()})
