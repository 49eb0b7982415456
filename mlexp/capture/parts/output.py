"""What the cell puts out: the text of the two streams, and rich output in all its forms."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.guard import guarded
from mlexp.capture.heard import Heard, LeftOut, is_text
from mlexp.capture.late import LateText
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.capture.probes.drawing import Drawing
from mlexp.capture.probes.outlet import Outlet, Shown, outlet_of
from mlexp.capture.spill import Spill
from mlexp.capture.workplace import Workplace
from mlexp.records import OutputRecord, Representation

_WIDGET = "application/vnd.jupyter.widget-view+json"


class OutputPart:
    """Listens while the cell runs, and lets late text be filed after it."""

    what: ClassVar[str] = "keep what the cell puts out"

    def __init__(self) -> None:
        self._heard: Heard | None = None
        self._drawing: Drawing | None = None
        self._outlet: Outlet | None = None
        self._spill: Spill | None = None

    def begin(self, tracked: Tracked) -> None:
        """Begin to listen."""
        limit = tracked.place.settings.max_output_mb * 2**20
        self._outlet = tracked.outlet or outlet_of(tracked.shell)
        self._drawing = Drawing(tracked.shell, tracked.opening, limit_bytes=limit)
        self._heard = Heard(tracked.opening.request or self._outlet.request(), limit_bytes=limit, draw=self._drawing)
        if tracked.outlet is None:  # the run begins in the middle of a cell: what was printed before is not its own
            self._outlet.flush()
        self._outlet.listen(self._heard)
        self._spill = Spill(self._heard, tracked.place.journals, tracked.run.id, redact=tracked.place.redactor.text)

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:  # noqa: ARG002  (the protocol's)
        """Keep what was heard."""
        if self._outlet is None or self._heard is None or self._drawing is None:
            return {}
        with guarded("collect what the cell printed", tracked.notes.append):
            self._outlet.flush()
        self._leave(tracked, self._outlet)
        with guarded("leave IPython's formatters"):
            self._drawing.close()
        facts = self._kept(tracked, self._heard, self._drawing)
        if self._spill is not None:
            self._spill.close()
        return facts

    def _leave(self, tracked: Tracked, outlet: Outlet) -> None:
        if tracked.outlet is None:
            outlet.close()
        elif not outlet.tells_late:
            outlet.listen(None)
        else:
            place = tracked.place
            late = LateText(
                tracked.run.id,
                tracked.opening.request,
                store=place.store,
                keep=place.keep_text,
                limit_bytes=place.settings.max_output_mb * 2**20,
            )
            outlet.replace(late)

    def _kept(self, tracked: Tracked, heard: Heard, drawing: Drawing) -> Mapping[str, object]:
        facts: dict[str, object] = {}
        for name, text in heard.texts.items():
            with guarded(f"keep {name}", tracked.notes.append):
                if text.size_bytes:
                    facts[name] = tracked.place.blobs.put(_encoded(text.text(tracked.place.redactor.text)))
            if not text.is_whole:
                tracked.notes.append(f"{name}: {text.size_bytes:,} bytes, of which the head and the tail are kept")
        records = []
        for shown in heard.outputs:
            with guarded("keep an output", tracked.notes.append):
                records.append(_record_of(shown, tracked.place))
        if heard.n_cleared:
            tracked.notes.append(f"{heard.n_cleared} outputs that the cell took away again (clear_output)")
        if drawing.n_not_drawn:
            tracked.notes.append(f"the SVG of {drawing.n_not_drawn} figures, to keep the cell quick")
        if drawing.n_undrawable:
            tracked.notes.append(f"the SVG of {drawing.n_undrawable} figures, which cannot be copied or drawn twice")
        if heard.n_too_many:
            tracked.notes.append(f"{heard.n_too_many} outputs after the first {len(heard.outputs)}")
        return {**facts, "outputs": tuple(records)}


def _record_of(shown: Shown, place: Workplace) -> OutputRecord:
    forms = [
        _representation_of(mime, value, place)
        for mime, value in {**shown.data, **shown.drawn}.items()
        if mime != _WIDGET
    ]  # of a widget its text stays, which its state is not needed for
    return OutputRecord(kind=shown.kind, representations=tuple(forms))


def _representation_of(mime: str, value: object, place: Workplace) -> Representation:
    """Keep one form."""
    if isinstance(value, LeftOut):
        return Representation(mime=mime, size_bytes=value.size_bytes, digest=None)
    content = _content_of(mime, value, place)
    if len(content) > place.settings.max_output_mb * 2**20:
        return Representation(mime=mime, size_bytes=len(content), digest=None)
    return Representation(mime=mime, size_bytes=len(content), digest=place.blobs.put(content))


def _content_of(mime: str, value: object, place: Workplace) -> bytes:
    if isinstance(value, bytes):
        return _encoded(place.redactor.text(value.decode("utf-8"))) if mime == "image/svg+xml" else value
    text = str(value)
    if not is_text(mime):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            pass  # then it is no base64
    return _encoded(place.redactor.text(text))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
