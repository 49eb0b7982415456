"""Values that are known to be secret, found wherever they stand: as they are, escaped, encoded, or in pieces."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from json import dumps  # by name: the user may put others in their place
from urllib.parse import quote, quote_plus

from mlexp.redaction.looks import is_stand_in, looks_drawn
from mlexp.redaction.shapes import Span
from mlexp.redaction.words import Words

SHORTEST = 8
"""Shorter values are not searched for: they stand in too many places by chance."""
_PIECE = 16
"""A piece of a drawn value is taken for one from so many characters on."""
_GRAM = 8
_OTHERS = bytes(b for b in range(256) if not chr(b).isalnum() or b > 127)


def is_searchable(value: str) -> bool:
    """Tell whether a value may be searched for: it is not so short or plain that it stands elsewhere by chance."""
    text = value.strip()
    plain = text.isalpha() and (text.islower() or text.istitle()) and len(text) < 12
    return len(text) >= SHORTEST and not is_stand_in(text) and not plain and not (text.isdigit() and len(text) < 10)


@dataclass(frozen=True)
class Known:
    """One value."""

    value: str
    name: str

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The value and what escaping and encoding make of it, the longest first."""
        data = self.value.encode("utf-8", "surrogatepass")
        found = {self.value, repr(self.value)[1:-1], dumps(self.value)[1:-1], _as_html(self.value)}
        found |= {dumps(self.value, ensure_ascii=False)[1:-1], repr(data)[2:-1], self.value.replace("\\", "\\\\")}
        with suppress(UnicodeError):
            found |= {quote(self.value), quote(self.value, safe=""), quote_plus(self.value)}
        found |= {repr(form)[1:-1] for form in tuple(found)} | {dumps(form)[1:-1] for form in tuple(found)}
        if len(data) >= 12:
            found.add(data.hex())
            for shift in range(3):  # base64 of a text that holds it, as in the header of basic authentication
                whole = base64.b64encode(b"\0" * shift + data)
                start = -(-shift * 8 // 6)
                stop = (shift + len(data)) * 8 // 6
                found |= {core.decode() for core in (whole[start:stop], whole.translate(_URLSAFE)[start:stop])}
        return tuple(sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True))

    @cached_property
    def is_drawn(self) -> bool:
        """Whether its pieces, too, are searched for."""
        return len(self.value) >= 20 and looks_drawn(self.value)

    @cached_property
    def bare(self) -> bytes:
        """Its letters and digits, if these are enough to know it by; else nothing."""
        core = self.value.encode("utf-8", "replace").translate(None, _OTHERS)
        return core if len(core) >= 12 and looks_drawn(core.decode()) else b""

    @cached_property
    def split(self) -> re.Pattern[str]:
        """The same with anything between the characters, as where a long text was wrapped."""
        return re.compile(r"[^A-Za-z0-9]{0,60}+".join(map(re.escape, self.bare.decode())))

    def spans(self, text: str, words: Words) -> Iterator[Span]:
        """Yield where it stands whole, given the text's words."""
        for form in self.forms:
            at = text.find(form) if words.may_hold(form) else -1
            while at >= 0:
                yield Span(at, at + len(form), self.name)
                at = text.find(form, at + len(form))

    def wrapped(self, text: str, bare: bytes) -> Iterator[Span]:
        """Yield where it stands with something between its characters, given the text's own letters and digits."""
        if self.bare and self.bare in bare:
            yield from (Span(*match.span(), self.name) for match in self.split.finditer(text))

    def pieces(self, text: str, words: Words) -> Iterator[Span]:
        """Yield where a long piece of it stands, given the text's words."""
        if not self.is_drawn:
            return
        value = self.value
        for first in range(0, len(value) - _GRAM + 1, _PIECE - _GRAM):
            gram = value[first : first + _GRAM]
            at = text.find(gram) if words.may_hold(gram) else -1
            while at >= 0:
                start, stop = at, at + _GRAM
                left, right = first, first + _GRAM
                while left > 0 and start > 0 and value[left - 1] == text[start - 1]:
                    left, start = left - 1, start - 1
                while right < len(value) and stop < len(text) and value[right] == text[stop]:
                    right, stop = right + 1, stop + 1
                if right - left >= _PIECE and any(c.isdigit() for c in value[left:right]):
                    yield Span(start, stop, self.name)
                at = text.find(gram, stop)


def _as_html(text: str) -> str:
    for character, name in ("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#x27"):
        text = text.replace(character, f"&{name};")
    return text


def bare_of(text: str) -> bytes:
    """Return a text's letters and digits."""
    return text.encode("utf-8", "replace").translate(None, _OTHERS)


_URLSAFE = bytes.maketrans(b"+/", b"-_")
