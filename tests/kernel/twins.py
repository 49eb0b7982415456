"""The same cells in a plain kernel, in one beside mlexp, and tracked: all that comes back has to be the same."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby
from typing import Any

from tests.kernel.driver import Answer, Kernel

_NOISE = (
    (re.compile(r"(?<=ipykernel_)\d+|\b\d{5,}(?=\.py)"), "N"),  # processes, files named after a text's hash
    (re.compile(r"(CPU times|Wall time|real|user|sys)\b.*"), r"\1"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"0x[0-9a-f]+|(?<= at )[0-9a-f]{8,}"), "0xN"),
    (re.compile(r"pid=\d+"), "pid=N"),
    (re.compile(r"\b\d+\.?\d* (s|ms|μs|us|ns|min)\b"), "T"),
    (re.compile(r"\d+\.\d+ seconds"), "T seconds"),
    (re.compile(r"twins\d+(?=/)|(?<=/)(plain|beside|tracking)(?=/)"), "KERNEL"),
    (re.compile(r"# %%track"), "%%track"),  # the raw history keeps the line as it was typed
)


def without_chance(text: str) -> str:
    """Take out what differs between any two kernels."""
    for pattern, instead in _NOISE:
        text = pattern.sub(instead, text)
    return text


@dataclass
class Twins:
    """Three kernels that get the same cells."""

    plain: Kernel
    beside: Kernel
    tracking: Kernel
    stuck: bool = False
    """Whether a cell did not come back: these kernels are of no more use."""

    @classmethod
    def start(cls, make: Callable[[str], Kernel]) -> "Twins":
        """Start them, each in below a folder of that name; their cells have the same numbers from here on."""
        twins = cls(make("plain"), make("beside"), make("tracking"))
        twins.plain.ok("import random; random.seed(0)")
        twins.beside.load()
        twins.tracking.load()
        for kernel in (twins.plain, twins.beside, twins.tracking):
            kernel.ok("import random; random.seed(0)")
        return twins

    def run(self, body: str, *, card: bool = True, **options: Any) -> Answer:
        """Run a cell in each, compare what comes back, and return it as it came from the plain one.

        Args:
            body: The cell.
            card: Whether a card is to stand below it where it is tracked.
            **options: Those of `Kernel.run`.
        """
        options.setdefault("stop_on_error", False)
        # IPython sees `%%track` as a comment; above another cell magic it does not see it at all.
        untracked = body if body.lstrip().startswith("%%") else f"# %%track\n{body}"
        self.stuck = True
        answer = self.plain.run(untracked, **options)
        beside = self.beside.run(untracked, **options)
        tracked = self.tracking.run(f"%%track\n{body}", **options)
        self.stuck = False
        for other, how in (beside, "beside mlexp"), (tracked, "tracked"):
            assert_same(_seen(answer), _seen(other), how, body)
        assert len(tracked.cards) == int(card), body
        if card:
            assert tracked.outputs[-1][1]["data"].get("text/html") == tracked.cards[0], "the card comes last"
        return answer

    def seen(self, kernel: Kernel, cell: str) -> list[str]:
        """Run a cell in one of them and return what comes back, as it is compared."""
        return _seen(kernel.run(cell, stop_on_error=False))


def assert_same(plain: list[str], other: list[str], how: str, cell: str) -> None:
    """Fail with the lines that differ."""
    difference = list(unified_diff(plain, other, "plain", how, n=0, lineterm=""))
    assert not difference, "\n".join([cell, *difference])


def _settled(outputs: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Put texts of the two streams that follow each other in one order: which is sent first is a matter of moments."""
    settled: list[tuple[str, dict[str, Any]]] = []
    for is_stream, group in groupby(outputs, key=lambda output: output[0] == "stream"):
        found = list(group)
        if is_stream:
            names = sorted({content["name"] for _, content in found})
            texts = {name: "".join(c["text"] for _, c in found if c["name"] == name) for name in names}
            found = [("stream", {"name": name, "text": text}) for name, text in texts.items()]
        settled += found
    return settled


def _seen(answer: Answer) -> list[str]:
    """Return what came back, a line each, so that a failed comparison can be read."""
    outputs = [o for o in answer.outputs if 'aria-label="Run r' not in str(o[1].get("data", {}).get("text/html"))]
    texts = [*map(repr, _settled(outputs)), *map(repr, sorted(answer.content.items()))]
    return [line for text in texts for line in without_chance(text).split("\\n")]
