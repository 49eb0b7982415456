"""Secrets in tables and forms: a column, a row or a field that has a secret's name. Frames are printed so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mlexp.redaction.looks import is_secret_by, looks_drawn
from mlexp.redaction.names import Suspicion, suspicion_of, variable_of
from mlexp.redaction.shapes import Span

_MAX_ROWS = 200
_WORD = re.compile(r"\S+")
_CELL = re.compile(r"[^|\u2502\u2506]+")
_NAMES = re.compile(r"\s*(?:[\w.\-]+(?:\s{2,}|\s*$))+")
"""What a frame's header is made of; with a single space between them stand the words of prose."""
_LINE_END = re.compile(r"\\?\\n|\n")
"""Also as it is written in a literal."""
_PREFIX = re.compile(r"(?:[\w.]+:){1,3}|[^'\"|]{0,60}['\"]{1,3}")
"""What stands before a text that is logged, raised or written as a literal: its other lines have none."""
_RULED = re.compile(r"[|\u2502]")
_TAG = re.compile(r"<input\b[^>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w\-]+)\s*=\s*(?:\\?"([^"\\]*)|\\?'([^'\\]*)|([^\s"'<>\\]+))""")
_ROW = re.compile(r"<tr\b[^>]*>(.{0,20000}?)</tr>", re.IGNORECASE | re.DOTALL)
_HTML_CELL = re.compile(r"<t[dh]\b[^>]*>(.{0,2000}?)</t[dh]>", re.IGNORECASE | re.DOTALL)


def spans_of_forms(text: str) -> Iterator[Span]:
    """Yield the values of HTML's input fields for passwords, and of those with a secret's name."""
    if "<input" not in text and "<INPUT" not in text:
        return
    for tag in _TAG.finditer(text):
        found = {match[1].lower(): match for match in _ATTRIBUTE.finditer(text, tag.start() + 6, tag.end())}
        told = {name: next((g for g in match.groups()[1:] if g), "") for name, match in found.items()}
        name = max((told.get("name", ""), told.get("id", "")), key=suspicion_of)
        suspicion = Suspicion.CERTAIN if told.get("type") == "password" else suspicion_of(name)
        if "value" in told and suspicion and is_secret_by(suspicion, told["value"]):
            group = next(i for i in (2, 3, 4) if found["value"][i])
            yield Span(*found["value"].span(group), variable_of(name) if suspicion_of(name) else "PASSWORD")


def spans_of_html_tables(text: str, mentioned: Sequence[str]) -> Iterator[Span]:
    """Yield the cells beneath and beside the names of secrets.

    Args:
        text: Any text.
        mentioned: What the names of secrets in it hold, in lower case.
    """
    if "<td" not in text:
        return
    from html import unescape  # its table of names takes 2 ms to load

    columns: dict[int, str] = {}
    for row in _ROW.finditer(text):
        if not columns:
            lowered = row[1].lower()
            if not any(part in lowered for part in mentioned):
                continue
        matches = list(_HTML_CELL.finditer(text, *row.span(1)))
        cells = [(_exact(match[1], match.start(1)), unescape(match[1]).strip()) for match in matches]
        if "<td" not in row[1]:
            columns = {i: cell for i, (_, cell) in enumerate(cells) if suspicion_of(cell)}
        yield from _of_cells(cells, columns)


def spans_of_text_tables(text: str, at: int) -> Iterator[Span]:
    """Yield what stands beneath a name, or beside it between rules.

    Args:
        text: Any text.
        at: Where the name of a secret stands in it, or a part of one.
    """
    first = max(0, at - 1000)
    start = max((first, *(found.end() for found in _LINE_END.finditer(text, first, at))))
    ending = _LINE_END.search(text, at, at + 1000)
    stop = ending.start() if ending is not None else min(len(text), at + 1000)
    prefix = _PREFIX.match(text, start, min(stop, at))
    start = prefix.end() if prefix is not None else start
    header = text[start:stop]
    if _RULED.search(header):
        cells = _cells(header, start)
        yield from _of_cells(cells, {})
        columns = {i: cell for i, (_, cell) in enumerate(cells) if suspicion_of(cell)}
        for first, line in _lines_below(text, stop):
            if columns and _RULED.search(line):
                yield from _of_cells(_cells(line, first), columns)
        return
    name = next((m for m in _WORD.finditer(header) if m.start() <= at - start < m.end()), None)
    if name is None or name.start() == 0 or len(name[0]) > 60 or not suspicion_of(name[0]):
        return
    if not _NAMES.fullmatch(header):
        return
    for first, line in _lines_below(text, stop):
        for word in _WORD.finditer(line):
            right = word.end() - name.end()
            if right == 0 or word.start() == name.start() or (right == -1 and prefix is not None):  # a space is its
                yield from _secret(name[0], word[0], first + word.start())


def _lines_below(text: str, at: int) -> Iterator[tuple[int, str]]:
    ending = _LINE_END.match(text, at)
    for _ in range(_MAX_ROWS):
        if ending is None:
            return
        start = ending.end()
        ending = _LINE_END.search(text, start, start + 1000)
        line = text[start : ending.start() if ending is not None else min(len(text), start + 1000)]
        if not line.strip():
            return
        yield start, line


def _cells(line: str, start: int) -> list[tuple[tuple[int, int], str]]:
    cells = [(_exact(match[0], start + match.start()), match[0].strip()) for match in _CELL.finditer(line)]
    return cells[1:] if cells and not cells[0][1] else cells  # what stands before the first rule


def _exact(cell: str, start: int) -> tuple[int, int]:
    """Return where a cell's content stands, without the space around it."""
    first = start + len(cell) - len(cell.lstrip())
    return first, first + len(cell.strip())


def _of_cells(cells: list[tuple[tuple[int, int], str]], columns: dict[int, str]) -> Iterator[Span]:
    names = dict(columns)
    for i, ((_, one), (_, other)) in enumerate(pairwise(cells)):
        if not columns and suspicion_of(one) and not suspicion_of(other):  # a name and its value
            names[i + 1] = one
    for i, ((start, stop), cell) in enumerate(cells):
        if i in names and cell and cell != names[i]:
            yield from (Span(start, stop, span.name) for span in _secret(names[i], cell, start))


def _secret(name: str, value: str, start: int) -> Iterator[Span]:
    suspicion = suspicion_of(name)
    mixed = not value.isalpha() and not re.fullmatch(r"[\d.,:/\-]+", value)
    if is_secret_by(suspicion, value) and (looks_drawn(value) or (suspicion is Suspicion.CERTAIN and mixed)):
        yield Span(start, start + len(value), variable_of(name))
