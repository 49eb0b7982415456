"""What a run put out, read back: nothing here is shown as HTML, whatever the cell had shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlexp.capture.heard import is_text
from mlexp.errors import NotKeptError
from mlexp.records import LateOutput, OutputKind, OutputRecord, RunRecord
from mlexp.snapshot import BlobStore

_SHOWN = ("text/plain", "image/png")


def stream_text(run: RunRecord, late: Sequence[LateOutput], stream: str, blobs: BlobStore) -> str:
    """Return the text of "stdout" or "stderr", and what came after the run's end."""
    first = run.stdout if stream == "stdout" else run.stderr
    digests = [first] if first else []
    digests += [more.digest for more in late if more.stream == stream]
    return "".join(blobs.get(digest).decode("utf-8", "replace") for digest in digests)


class Output(Mapping[str, "str | bytes"]):
    """One rich output: its forms by mime type, text as `str` and everything else as `bytes`."""

    def __init__(self, record: OutputRecord, blobs: BlobStore) -> None:
        self._forms = {form.mime: form for form in record.representations}
        self._blobs = blobs
        self.kind: OutputKind = record.kind
        """Whether it was displayed, or is the value of the cell's last expression."""

    def __getitem__(self, mime: str) -> str | bytes:
        """Return a form.

        Raises:
            KeyError: The output had no such form.
            NotKeptError: It was too large to be kept.
            BlobCorruptError: What was kept is damaged.
        """
        form = self._forms[mime]
        if form.digest is None:
            raise NotKeptError(f"{mime} was not kept: its {form.size_bytes:,} bytes are more than max_output_mb allows")
        content = self._blobs.get(form.digest)
        return content.decode("utf-8", "replace") if is_text(mime) else content

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def __repr__(self) -> str:
        return f"<{self.kind}: {', '.join(self._forms)}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str | bytes]:
        shown = {mime: self[mime] for mime in _SHOWN if mime in self._forms and self._forms[mime].digest}
        return {"text/plain": repr(self)} | shown


class Outputs(Sequence[Output]):
    """The rich outputs of a run, in the order in which they were shown."""

    def __init__(self, run: RunRecord, blobs: BlobStore) -> None:
        self._outputs = tuple(Output(record, blobs) for record in run.outputs)

    def __getitem__(self, index: Any) -> Any:
        """Return one, or those of a slice."""
        return self._outputs[index]

    def __len__(self) -> int:
        return len(self._outputs)

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self._outputs))}]"


class Figure:
    """A figure or another image that a run showed."""

    def __init__(self, output: Output) -> None:
        self._output = output

    @property
    def png(self) -> bytes | None:
        """The picture as it was shown; None where there is none, or it was too large."""
        found = self._form("image/png")
        return found if isinstance(found, bytes) else None

    @property
    def svg(self) -> str | None:
        """The drawing; None where there is none, or it would have taken too long."""
        found = self._form("image/svg+xml")
        return found if isinstance(found, str) else None

    def __repr__(self) -> str:
        forms = [mime for mime in self._output if mime.startswith("image/")]
        return f"<figure: {', '.join(forms)}>"

    def _repr_png_(self) -> bytes | None:
        return self.png

    def _form(self, mime: str) -> str | bytes | None:
        try:
            return self._output.get(mime)
        except NotKeptError:
            return None


def figures_of(outputs: Sequence[Output]) -> tuple[Figure, ...]:
    """Return the outputs that have a picture."""
    return tuple(Figure(output) for output in outputs if "image/png" in output or "image/svg+xml" in output)
