"""How a value looks: drawn at random as tokens are, or put together from words as people do."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from math import log2

from mlexp.redaction.names import Suspicion, suspicion_of

_NOT_SECRET = frozenset(
    """
    bool boolean bytes category char date disabled enabled false float hidden int integer n/a na nan nil no none null
    number object off on optional os.environ required str string text true undefined unicode varchar yes
    password passwd pwd secret token key passphrase username user email login name
""".split()
)
_DUMMY = frozenset("dummy empty example fake placeholder redacted sample test todo tbd xxx".split())
_STAND_IN = re.compile(
    r"""<[^<>]*>$ | \$?\{.*\}$ | \$[A-Z][A-Z0-9_]*$ | %\(?\w*\)?s$ | \[.*\]$ | </?\w+>$
      | (?i:(?:your|insert|enter|put|replace|add)[-_ a-z]*(?:key|token|password|secret|api|here).*$)
      | (?i:.*(?:_|-|\ )here)$ """,
    re.VERBOSE,
)
SCHEME = re.compile(
    r"(?:Bearer|Basic|Token|Bot|ApiKey|Api-Key|Key|Digest|JWT|SSWS|Splunk)\s+(?=\S{8,}$)", re.IGNORECASE
)
"""What stands before the secret in the headers of requests."""
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_PATH = re.compile(
    r"(?:~|\.{0,2})/[\w.~\- ]|[A-Za-z]:\\|"
    r"[\w\-./\\ ]+\.(?:pem|key|json|txt|env|ya?ml|toml|ini|csv|crt|cer|p12|npz?|py)$"
)
_WORDS = re.compile(r"[A-Za-z]*[a-z][A-Za-z]*\d{0,4}|[A-Z]+\d{0,4}|\d{1,8}|v?\d+(?:\.\d+)*|")
_ONE_PIECE = re.compile(r"[A-Za-z0-9_\-.~+/=:%@!$&*^#]+")
"""What tokens are made of; in regular expressions, in code and in prose stand other characters too."""
_SPLIT = re.compile(r"[-_./:@ ]+")


def is_secret_by(suspicion: Suspicion, value: str) -> bool:
    """Tell whether a value is a secret where its name says that much."""
    text = without_scheme(value)
    if is_stand_in(text) or len(text) > 20_000:
        return False
    if suspicion is Suspicion.CERTAIN:
        return len(text) >= 3 and not _PATH.match(text) and "://" not in text
    if any(c.isspace() for c in text) or _PATH.match(text) or "://" in text or text.lower() in _DUMMY:
        return False
    if suspicion is Suspicion.STRONG:
        plain = len(text) < 16 and (text.islower() or text.isupper() or text.istitle()) and text.isalpha()
        return len(text) >= 8 and not plain and not _is_identifier_of_words(text)
    return suspicion is Suspicion.WEAK and looks_drawn(text)


def without_scheme(value: str) -> str:
    """Return a header's value without what stands before the secret, as in `Bearer …`."""
    return SCHEME.sub("", value.strip(), count=1)


def is_stand_in(text: str) -> bool:
    """Tell whether a text only holds a place, or names a thing: `<your key>`, `${TOKEN}`, `****`, `API_KEY`, `str`."""
    return (
        len(set(text)) < 3
        or text.lower().rstrip("?") in _NOT_SECRET
        or bool(_STAND_IN.match(text))
        or (bool(_VARIABLE.match(text)) and len(text) < 60 and suspicion_of(text) > Suspicion.NONE)
        or (text.isidentifier() and text.islower() and suspicion_of(text) > Suspicion.NONE)
    )


@lru_cache(maxsize=1024)
def looks_drawn(text: str) -> bool:
    """Tell whether a text looks drawn at random: long, of one piece, and not made of words and short numbers."""
    if not 12 <= len(text) <= 20_000 or not _ONE_PIECE.fullmatch(text) or text.isdigit():
        return False
    if not any(c.isdigit() for c in text) and (len(text) < 20 or text.islower() or text.isupper()):
        return False
    if all(_WORDS.fullmatch(part) for part in _SPLIT.split(text)) and not _mixes_cases(text):
        return False
    return entropy_of(text) >= (2.5 if re.fullmatch(r"[0-9a-fA-F-]+", text) else 2.8)


def entropy_of(text: str) -> float:
    """Return the entropy of a text's characters, in bits for each."""
    n = len(text)
    return -sum(k / n * log2(k / n) for k in Counter(text).values()) if n else 0.0


def _mixes_cases(text: str) -> bool:
    """Tell whether the case changes as often inside the words as it does in drawn text, not as in `CamelCase`."""
    changes = sum(a.islower() and b.isupper() for a, b in pairwise(text))
    return len(text) >= 20 and changes >= len(text) / 6


def _is_identifier_of_words(text: str) -> bool:
    """Tell whether a text names something of code, as `config.api_key` and `user_id` do."""
    parts = re.split(r"[._]", text)
    return len(parts) > 1 and all(part.isalpha() and part.islower() and len(part) < 12 for part in parts)
