"""The one walk over the user's objects: into a description of plain data and buffers of bytes, and back."""

from mlexp.fingerprint.keys import content_digest
from mlexp.fingerprint.walk import Codec, Described, Restorer, Walker, describe, digest_of, kind_of, restore, summary_of

__all__ = [
    "Codec",
    "Described",
    "Restorer",
    "Walker",
    "content_digest",
    "describe",
    "digest_of",
    "kind_of",
    "restore",
    "summary_of",
]
