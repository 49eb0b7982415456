"""The identifiers' types."""

from typing import NewType

RunId = NewType("RunId", str)
"""32 hexadecimal digits, the same in every store that the run is brought to."""

SessionId = NewType("SessionId", str)
"""One life of one kernel with mlexp loaded."""

Digest = NewType("Digest", str)
"""An algorithm and a digest, such as "blake3:9f86…"."""
