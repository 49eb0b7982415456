"""What the cell prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.capture.probes.streams import StreamCapture


class OutputPart:
    """Keeps the text of the two streams."""

    what: ClassVar[str] = "keep what the cell prints"

    def __init__(self) -> None:
        self._streams: StreamCapture | None = None

    def begin(self, tracked: Tracked) -> None:
        """Begin to listen."""
        self._streams = StreamCapture(tracked.shell)

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Keep what was heard."""
        if self._streams is None:
            return {}
        texts = self._streams.stop()
        return {name: tracked.place.blobs.put(text.encode("utf-8", "replace")) for name, text in texts.items() if text}
