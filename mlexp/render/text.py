"""Tables of plain text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Return rows under a head and a line, columns padded; the columns in `right` are aligned to the right."""
    cells = [[clean(cell) for cell in row] for row in (head, *rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(
            _padded(cell, width, right=i in right) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(line.rstrip() for line in (lines[0], rule, *lines[1:]))


def clean(text: str) -> str:
    """Return the text as one line, without control characters and marks that turn the reading direction."""
    return "".join(
        " " if c in "\n\t\r\u2028\u2029" else "" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text
    )


def cut(text: str, n: int) -> str:
    """Return the text, shortened to `n` characters."""
    return text if len(text) <= n else text[: n - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
