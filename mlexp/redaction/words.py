"""Which words stand in a text, so that what is not mentioned need not be searched for.

A log of megabytes has few words. To gather them costs less than ten searches through the text, and there are a hundred
texts to search for.
"""

from __future__ import annotations

from functools import lru_cache

_SMALL = 20_000
"""In fewer characters a search costs less than to gather words."""
_LETTERS = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256))
_DIGITS = b"0123456789"
_ALPHANUMERIC = bytes(c for c in range(128) if chr(c).isalnum())


class Words:
    """The words of a text: runs of ASCII letters in lower case, digits left out."""

    def __init__(self, text: str) -> None:
        """Gather them, if the text is long."""
        self._words: bytes | None = None
        if len(text) > _SMALL:
            data = text.encode("utf-8", "replace")
            self._marks = frozenset(data.translate(None, _ALPHANUMERIC))
            letters = data.translate(_LETTERS, _DIGITS)
            words = letters.split()
            is_dense = len(letters) - letters.count(b" ") > 20 * len(words)  # base64: hardly a word comes twice
            self._words = b" %b " % (letters if is_dense else b" ".join(set(words)))

    def may_hold(self, part: str) -> bool:
        """Tell whether a text may stand in this one, as it is or in another case; False means that it does not."""
        if self._words is None:
            return True
        words = self._words
        marks, runs = _words_of(part)
        return marks <= self._marks and all(run in words for run in runs)


@lru_cache(maxsize=8192)
def _words_of(part: str) -> tuple[frozenset[int], tuple[bytes, ...]]:
    """Return what is no letter, and each run of letters, with a space where it is a word's beginning or end."""
    data = part.encode("utf-8", "replace")
    first, *inner = (b"." + data.translate(_LETTERS, _DIGITS) + b".").split()
    *inner, last = inner or (b"",)
    runs = [first + b" ", *(b" %b " % run for run in inner), b" " + last] if last else [first]
    bare = sorted((run.replace(b".", b"") for run in runs), key=len, reverse=True)
    return frozenset(data.translate(None, _ALPHANUMERIC)), tuple(run for run in bare if run.strip())
