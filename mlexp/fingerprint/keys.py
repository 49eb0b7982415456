"""Digests of bytes. BLAKE3 is the identity under which content is kept."""

from __future__ import annotations

from blake3 import blake3

from mlexp.records import Digest

_PREFIX = "blake3:"
Bytes = bytes | bytearray | memoryview


def content_digest(content: Bytes) -> Digest:
    """Return the digest under which `content` is kept."""
    return Digest(_PREFIX + blake3(content).hexdigest())


class StreamDigest:
    """The digest of content that comes in pieces."""

    def __init__(self) -> None:
        self._state = blake3()

    def update(self, piece: Bytes) -> None:
        """Add the next piece."""
        self._state.update(piece)

    def digest(self) -> Digest:
        """Return the digest of all pieces so far."""
        return Digest(_PREFIX + self._state.hexdigest())


def hex_of(digest: Digest) -> str:
    """Return the hexadecimal part; raise ValueError for a digest of another form."""
    text = digest.removeprefix(_PREFIX)
    if text == digest or len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise ValueError(f"{digest!r} is no BLAKE3 digest")
    return text
