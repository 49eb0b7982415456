"""Which words stand in a text, so that what is not mentioned need not be searched for.

A log of megabytes has few words. To gather them costs less than ten searches through the text, and there are a hundred
texts to search for.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SMALL = 20_000
"""In fewer characters a search costs less than to gather words."""
_LETTERS = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256))
_DIGITS = b"0123456789"
_RUN = re.compile(r"[a-z]+")


class Words:
    """The words of a text: runs of ASCII letters in lower case, digits left out."""

    def __init__(self, text: str) -> None:
        """Gather them, if the text is long."""
        self._text = text
        self._words: bytes | None = None
        if len(text) > _SMALL:
            letters = text.encode("utf-8", "replace").translate(_LETTERS, _DIGITS)
            words = letters.split()
            is_dense = len(letters) > 20 * len(words)  # base64: hardly a word comes twice
            self._words = letters if is_dense else b" ".join(set(words))

    def may_hold(self, part: str) -> bool:
        """Tell whether a text may stand in this one, as it is or in another case; False means that it does not."""
        if self._words is None:
            return True
        key = _key_of(part)
        if key is not None:
            return key in self._words
        return all(character in self._text for character in part if not character.isalpha())


@lru_cache(maxsize=16384)
def _key_of(part: str) -> bytes | None:
    """Return the longest run of letters, if it is so long that it says something."""
    lowered = part.encode("utf-8", "replace").translate(_LETTERS, _DIGITS).decode()
    run = max(_RUN.findall(lowered), key=len, default="")
    return run.encode() if len(run) >= 3 else None
