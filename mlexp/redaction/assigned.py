"""Secrets in texts that give them a name: `password=…`, `"api_key": "…"`, `export TOKEN=…`, `--token …`, `Pwd=…;`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mlexp.redaction.looks import SCHEME, is_secret_by, is_stand_in, looks_drawn
from mlexp.redaction.names import Suspicion, suspicion_of, variable_of
from mlexp.redaction.shapes import Span

_ANCHORS = tuple(
    """
    password passwd passphrase passcode pwd secret token key authorization credential _pass cookie jwt creds senha
    kennwort passwort _pw
""".split()
)
"""What the names of secrets hold, in lower case."""
_IN_CODE = ("auth", "login", "fernet", "dbpass", "userpass", "pw", "_pat", "sid", "cred", "phrase", "psw", "jwt")
_BEFORE = re.compile(r"[\w.\-]*$", re.ASCII)
_BEHIND = re.compile(
    r"""(?P<rest>[\w\-]*)                                 # of the name
        (?P<close>\\*["']|&quot;|&\#(?:x27|34|39);)?(?:\])?(?:\ for\ [\w.@\-']+)?(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*
        (?P<sign>\s*(?:=>|->|:=|[:=>]|%3[AD]|\ is:?)\s* | \s+ | \s*,\s*)(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*
        (?: &(?:quot|\#x27|\#34|\#39);(?P<escaped>[^&\n]{1,400})&
          | (?:\w{1,20}\()?[rbuRBU]{0,2}(?P<quote>\\*["']{1,3})(?P<quoted>(?:(?!(?P=quote)|\n).){1,4000})
            (?:(?P=quote)|$|\n)
          | \{(?P<braced>[^{}\n]{3,200})\}
          | (?P<bare>[^\s,;"'`<>(){}\[\]|\\\x1b]{3,4000}) )""",
    re.VERBOSE | re.ASCII,
)
_SIGN = (
    r"""[\w\-]*(?:(?:\\*["']|&\w+;)?\]?[^\S\n]*(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*\s*"""
    r"""(?:=>|->|[:=>]|%3)|\\*["']\s*,|\s)\s*\S"""
)


@cache
def _candidates(anchor: str) -> re.Pattern[str]:
    """Return what finds a name with a value; it begins with a fixed text, so it is found as fast as memory is read."""
    return re.compile(f"{anchor}(?!s\\b(?!_)){_SIGN}", re.ASCII)


_GIVEN = re.compile(r"%(?:set_)?env\s+$|[\"'](?:set_)?env[\"'],\s*[\"']$|configure set $")
"""What stands before a name and its value, with nothing but a space between them."""
_WORD_BEFORE = re.compile(r"\b([A-Za-z]+) $")
_OF_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|(?:[A-Z][a-z]+){2,}")
"""What is a name in code: `self.token`, `SecretStr`."""
_CONNECTION = re.compile(r"\b(?:host|server|user|uid|user id|dbname|database|driver)\s*=", re.IGNORECASE)
_STATES = frozenset(
    """
    required optional incorrect invalid accepted rejected changed missing expired protected disabled enabled unchanged
    configured verified unknown redacted encrypted
""".split()
)


def spans_of_assigned(text: str) -> Iterator[Span]:
    """Yield the values of secret names in a text of any kind."""
    lowered = lower_of(text)
    for anchor in _ANCHORS:
        if anchor in lowered:
            for match in _candidates(anchor).finditer(lowered):
                span = _span_at(text, match.start())
                if span is not None:
                    yield span


def mentions_secrets(text: str) -> bool:
    """Tell whether code holds anything by which literals in it may be known for secrets; most code does not."""
    lowered = text.lower()
    return any(anchor in lowered for anchor in (*_ANCHORS, *_IN_CODE))


def lower_of(text: str) -> str:
    """Return a text in lower case, character by character: a few have a lower case of two."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c if len(c.lower()) != 1 else c.lower() for c in text)


def _span_at(text: str, at: int) -> Span | None:
    before = _BEFORE.search(text, max(0, at - 60), at)
    found = _BEHIND.match(text, at)
    if before is None or found is None:
        return None
    name_start = before.start()
    if text[name_start - 1 : name_start] == "\\" and text[name_start] in "nrt":  # an escape, as in "\\npassword: …"
        name_start += 1
    name = text[name_start : found.end("rest")]
    suspicion = suspicion_of(name.rpartition(".")[2].lstrip("-"))
    if suspicion < Suspicion.STRONG and (word := _WORD_BEFORE.search(text, max(0, name_start - 30), name_start)):
        suspicion = max(suspicion, suspicion_of(f"{word[1]}_{name}"))  # two words, as in "API key: …"
    if suspicion is Suspicion.NONE:
        return None
    sign = found["sign"].strip()
    if sign == ">" and text[name_start - 1 : name_start] != "<":  # no `<password>…`
        return None
    is_flag = name.startswith("--")
    is_given = bool(_GIVEN.search(text, max(0, name_start - 30), name_start))
    bare = found["bare"] or ""
    if (not sign and not is_flag and not is_given and not _stands_out(bare, suspicion)) or (
        sign == "," and not found["close"]
    ):
        return None
    group = next(group for group in ("escaped", "quoted", "braced", "bare") if found[group] is not None)
    value = found[group]
    if sign == "," and not (group == "quoted" and looks_drawn(value)):
        return None
    start, stop = found.span(group)
    if group == "quoted" and value[0] in "),;]}+% ":  # the quote has closed a question, as in `getpass("Password: ")`
        return None
    if group != "bare":
        scheme = SCHEME.match(value)
        if scheme:
            start += scheme.end()
            value = value[scheme.end() :]
        return Span(start, stop, variable_of(name)) if is_secret_by(suspicion, value) else None
    if "\n" in found["sign"] or (not sign and value.isalpha() and not is_given):
        return None
    value = value.rstrip(".") if text[stop : stop + 1] in ("", " ", "\n") else value
    line = _line_around(text, name_start)
    if not _is_bare_secret(suspicion, value, line, name, is_flag=is_flag or is_given, following=text[stop : stop + 1]):
        return None
    return Span(start, start + len(value), variable_of(name))


def _stands_out(value: str, suspicion: Suspicion) -> bool:
    """Tell whether a value is seen to be a secret where only a space stands before it; digests are not."""
    is_digest = re.fullmatch(r"[0-9a-f]+", value) is not None and suspicion < Suspicion.STRONG
    return looks_drawn(value) and not is_digest


def _is_bare_secret(suspicion: Suspicion, value: str, line: str, name: str, *, is_flag: bool, following: str) -> bool:
    """Tell whether a value without quotes is a secret: in code and prose it is a name or a word."""
    if is_stand_in(value) or following in ("(", "[") or _OF_CODE.fullmatch(value):
        return False
    shell = rf"\s*[+\-]?\s*(?:export\s+|set\s+|ENV\s+)?{re.escape(name)}=\S"
    if is_flag or (name.isupper() and re.match(shell, line)) or _CONNECTION.search(line):
        return is_secret_by(suspicion, value)
    if looks_drawn(value):
        return True
    alone = rf"\s*[+\-]?\s*[\"']?{re.escape(name)}[\"']?(?::\s*|=)[^\s,]{{8,}}\s*"
    if suspicion >= Suspicion.STRONG and re.fullmatch(alone, line):
        return value.isascii() and "_" not in value and value.lower() not in _STATES and is_secret_by(suspicion, value)
    plain = value.isdigit() or bool(re.fullmatch(r"[^\W\d]+(?:[._][^\W\d]*)*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", value))
    return suspicion >= Suspicion.CERTAIN and len(value) >= 6 and not plain and is_secret_by(suspicion, value)


def _line_around(text: str, at: int) -> str:
    start = max(text.rfind("\n", max(0, at - 500), at) + 1, at - 500, 0)
    stop = text.find("\n", at, at + 500)
    return text[start : stop if stop >= 0 else at + 500]
