"""The text of a cell: what stands before its body, and its body as a syntax tree.

A cell may begin with comments, `%%track …`, and magics that run the body in place (`%%time`, `%%capture`, `%%prun`).
`peel` turns each of these lines into a comment, so that line numbers stay, and hands the rest on.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TRACK = "track"
BODY_MAGICS = frozenset({"time", "capture", "prun"})
"""Cell magics that run their body in the user's namespace, as the cell itself would."""

TEXT = "<cell>"
"""The file name under which we compile texts: `quietly` knows our own warnings by it."""

_OWN_WARNINGS = ("ignore", None, Warning, re.compile(rf"{TEXT}\Z"), 0)
_MAGIC_LINE = re.compile(r"%%(\w+)(?:\s+(.*?))?\s*$")
_PEELED_LINE = re.compile(rf"# %%(?:{'|'.join(sorted({TRACK, *BODY_MAGICS}))})\b")


@dataclass(frozen=True, slots=True)
class Peeled:
    """A cell's text without the magics that stand around its body."""

    track: str | None
    """What stands behind `%%track`; None if the cell has no such line."""
    track_line: int
    """Index of that line, counted from 0; -1 if there is none."""
    body: str
    """The text with each peeled line made a comment: the lines keep their numbers."""
    magics: tuple[str, ...]
    """Names of the peeled magics, `track` left out."""


def peel(source: str) -> Peeled:
    """Take `%%track` and the magics that run their body off the top of a cell."""
    lines = source.split("\n")
    track, track_line, magics = None, -1, []
    for index, line in enumerate(lines):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _MAGIC_LINE.match(line)
        if not match or (match[1] != TRACK and match[1] not in BODY_MAGICS):
            break
        if match[1] == TRACK:
            if track is not None:
                break
            track, track_line = match[2] or "", index
        else:
            magics.append(match[1])
        lines[index] = f"# {line}"
    return Peeled(track, track_line, "\n".join(lines), tuple(magics))


def without_peeled(text: str) -> str:
    """Return a cell's text without the comments that `peel` made, and without blank lines at its ends."""
    lines = text.split("\n")
    top = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    kept = [*(line for line in lines[:top] if not _PEELED_LINE.match(line)), *lines[top:]]
    while kept and not kept[0].strip():
        del kept[0]
    return "\n".join(kept).rstrip()


def parse(python: str) -> ast.Module | None:
    """Return the syntax tree of a cell (top-level `await` is allowed), or None if it has none."""
    try:
        with quietly():
            tree = compile(python, TEXT, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(tree, ast.Module)
    return tree


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what Python warns of in a text that we compile as TEXT to ourselves: an odd escape, said when the cell runs.

    `warnings.catch_warnings` would make Python forget which warnings it has shown, so that libraries say theirs again
    in each cell. A filter for our own file name, put in and taken out by hand, does not.
    """
    warnings.filters.insert(0, _OWN_WARNINGS)  # type: ignore[attr-defined]  # a list, whatever the stub calls it
    try:
        yield
    finally:
        warnings.filters.remove(_OWN_WARNINGS)  # type: ignore[attr-defined]


def magic_call(node: ast.AST) -> tuple[str, tuple[str, ...]] | None:
    """Return the method and its texts if `node` is a call such as `get_ipython().run_line_magic("time", "f()")`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    shell = node.func.value
    if not (isinstance(shell, ast.Call) and isinstance(shell.func, ast.Name) and shell.func.id == "get_ipython"):
        return None
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return (node.func.attr, tuple(texts)) if len(texts) == len(node.args) else (node.func.attr, ())
