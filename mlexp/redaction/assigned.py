"""Secrets in texts that give them a name: `password=…`, `"api_key": "…"`, `export TOKEN=…`, `--token …`, `Pwd=…;`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from string import ascii_letters

from mlexp.redaction.looks import SCHEME, is_secret_by, is_stand_in, looks_drawn
from mlexp.redaction.names import Suspicion, suspicion_of, variable_of
from mlexp.redaction.shapes import Span
from mlexp.redaction.tables import spans_of_forms, spans_of_html_tables, spans_of_text_tables
from mlexp.redaction.words import Words

_ANCHORS = tuple(
    """
    password passwd passphrase passcode pwd secret token key authorization credential _pass cookie jwt creds senha
    kennwort passwort pw
""".split()
)
"""What the names of secrets hold, in lower case."""
_IN_CODE = tuple(
    """
    auth login fernet dbpass userpass pw _pat sid cred phrase psw jwt appid app_id connect( aes totp hmac
""".split()
)
_GIVEN_ALONE = re.compile(r"""[A-Z]\w*\(\s*[bru]?["'][\w\-.+/=]{12,}["']\s*[,)]""")
"""A class that is given a long word, as `OpenAI("…")` is its key."""
_BEFORE = re.compile(r"[\w.\-]*\Z", re.ASCII)
_BEHIND = re.compile(
    r"""(?P<rest>[\w\-]*)                                 # of the name
        (?P<close>\\*["']|&quot;|&\#(?:x27|34|39);)?(?:\])?(?:</\w{1,10}>)?
        (?:\ (?:for\ [\w.@\-']+|provided|given|used|sent|received))?(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*
        (?P<sign>\s*(?:=>|->|:=|[:=>]|%3[AD]|\ (?i:is):?)\s* | \s+ | \s*,\s*)(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*
        (?: &(?:quot|\#x27|\#34|\#39);(?P<escaped>[^&\n]{1,400})&
          | (?:\w{1,20}\()?[rbuRBU]{0,2}(?P<quote>\\*["']{1,3})(?P<quoted>(?:(?!(?P=quote)|\n).){1,4000})
            (?:(?P=quote)|$|\n)
          | \{(?P<braced>[^{}\n]{3,200})\}
          | (?P<bare>[^\s,;"'`<>(){}\[\]|\\\x1b]{3,4000}) )""",
    re.VERBOSE | re.ASCII,
)
_SIGN = (
    r"""[\w\-]*(?:(?:\\*["']|&\w+;)?\]?(?:</\w{1,10}>)?[^\S\n]*(?:(?:\x1b|\\x1b|\\u001b)\[[0-9;]*m)*\s*"""
    r"""(?:=>|->|[:=>]|%3)|\\*["']\s*,|\\n|\s)\s*\S"""
)


@cache
def _candidates(anchor: str) -> re.Pattern[str]:
    """Return what finds a name with a value; it begins with a fixed text, so it is found as fast as memory is read."""
    return re.compile(f"{anchor}(?!s\\b(?!_)){_SIGN}", re.ASCII)


_GIVEN = re.compile(
    r"%(?:set_)?env\s+\Z|[\"'](?:set_)?env[\"'],\s*[\"']\Z|configure set \Z|(?:-H|--header)[ =]?[\"']\Z"
)
"""What stands before a name whose value is given as it is, in a command."""
_WORD_BEFORE = re.compile(r"\b([A-Za-z]+) \Z")
_OF_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|(?:[A-Z][a-z]+){2,}")
"""What is a name in code: `self.token`, `SecretStr`."""
_CONNECTION = re.compile(r"\b(?:host|server|user|uid|user id|dbname|database|driver)\s*=", re.IGNORECASE)
_STATES = frozenset(
    """
    required optional incorrect invalid accepted rejected changed missing expired protected disabled enabled unchanged
    configured verified unknown redacted encrypted
""".split()
)


def spans_of_assigned(text: str, words: Words | None = None) -> Iterator[Span]:
    """Yield the values of secret names in a text of any kind.

    Args:
        text: The text.
        words: Its words, if they have been gathered.
    """
    words = words or Words(text)
    lowered = lower_of(text)
    mentioned = [anchor for anchor in _ANCHORS if words.may_hold(anchor) and anchor in lowered]
    is_ruled = "|" in text or "\u2502" in text
    for anchor in mentioned:
        stop = n = 0
        for match in _candidates(anchor).finditer(lowered):
            at = match.start()
            if at >= stop and (run := _RUN.match(text, at)):
                stop, n = run.end(), 0
            n += 1
            if n > _MOST_IN_RUN or _is_plain(text, at, is_ruled=is_ruled):
                continue
            span = _span_at(text, match.start())
            if span is not None:
                yield span
            yield from spans_of_text_tables(text, match.start())
    if mentioned:
        yield from spans_of_html_tables(text, mentioned)
    if words.may_hold("<input"):
        yield from spans_of_forms(text)


_RUN = re.compile(r"[^\s,;\"'`<>(){}\[\]|\\\x1b]*")
_MOST_IN_RUN = 50
"""So many names are looked at within what may be the value of the first, as in `token=token=…`."""


def _is_plain(text: str, at: int, *, is_ruled: bool) -> bool:
    """Tell, fast, of a part of a name that it is no secret's name, or stands in prose: most are so."""
    start = _start_of(text, at, _OF_NAME)
    end = _REST.match(text, at)
    front = text[start - 1 : start]
    if front == "\\" or end is None:
        return False
    is_given = front in _BEFORE_GIVEN and any(part in text[max(0, start - 30) : start] for part in _PARTS_OF_GIVEN)
    if not is_given and not is_ruled and text[start] != "-" and _BEFORE_PROSE.match(text, end.end()):
        return True
    name = text[start : end.end()].rpartition(".")[2].lstrip("-")
    if suspicion_of(name):
        return False
    word = text[_start_of(text, start - 1, _OF_WORD) : start - 1] if front == " " else ""
    return not word or not suspicion_of(f"{word}_{name}")


def _start_of(text: str, at: int, characters: frozenset[str]) -> int:
    start, least = at, max(0, at - 60)
    while start > least and text[start - 1] in characters:
        start -= 1
    return start


_OF_WORD = frozenset(ascii_letters)
_OF_NAME = _OF_WORD | frozenset("0123456789_.-")
_REST = re.compile(r"[\w\-]*", re.ASCII)
_BEFORE_GIVEN = frozenset(" \t\n'\"")
_PARTS_OF_GIVEN = ("env", "set ", "-H", "-header")
"""Of which one stands in all that `_GIVEN` finds."""
_BEFORE_PROSE = re.compile(r" (?!(?:is|for|provided|given|used|sent|received)\b)[A-Za-z\d.,%]{1,11}\s", re.IGNORECASE)
"""What follows a name in a sentence: a space and a short word, which is no value."""


def mentions_secrets(text: str) -> bool:
    """Tell whether code holds anything by which literals in it may be known for secrets; most code does not."""
    lowered = text.lower()
    return any(anchor in lowered for anchor in (*_ANCHORS, *_IN_CODE)) or _GIVEN_ALONE.search(text) is not None


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
    is_spelled = bool(found["quoted"]) and suspicion is Suspicion.CERTAIN and not found["close"]  # `PASSWORD 'x'`
    if (not sign and not is_flag and not is_given and not is_spelled and not _stands_out(bare, suspicion)) or (
        sign == "," and not found["close"]
    ):
        return None
    group = next(group for group in ("escaped", "quoted", "braced", "bare") if found[group] is not None)
    value = found[group]
    if sign == "," and not (group == "quoted" and looks_drawn(value)):
        return None
    start, stop = found.span(group)
    if group == "quoted" and value[0] in "),;:]}+% ":  # the quote has closed a question, as in `getpass("Password: ")`
        return None
    if group != "bare":
        scheme = SCHEME.match(value)
        if scheme:
            start += scheme.end()
            value = value[scheme.end() :]
        return Span(start, stop, variable_of(name)) if is_secret_by(suspicion, value) else None
    if ("\n" in found["sign"] and not (sign and suspicion is Suspicion.CERTAIN and looks_drawn(value))) or (
        not sign and value.isalpha() and not is_given
    ):
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
    if is_stand_in(value) or following in ("(", "["):
        return False
    shell = rf"\s*[+\-]?\s*[!%]*\s*(?:(?:export|set|setenv|ENV|env|set_env)\s+)?{re.escape(name)}=\S"
    if is_flag or (name.isupper() and re.match(shell, line)) or _CONNECTION.search(line):
        return is_secret_by(suspicion, value)
    if _OF_CODE.fullmatch(value):
        return False
    if looks_drawn(value):
        return True
    alone = rf"[\s+\-#/;*]*[\"']?{re.escape(name)}[\"']?(?::\s*|=|\s=>?\s)[^\s,]{{8,}}\s*"
    if suspicion >= Suspicion.STRONG and re.fullmatch(alone, line):
        return value.isascii() and "_" not in value and value.lower() not in _STATES and is_secret_by(suspicion, value)
    in_prose = rf"[^()\[\]{{}}\"'`]*\s{re.escape(name)}={re.escape(value)}(?:\s[^()=]*)?"
    if suspicion is Suspicion.CERTAIN and len(value) >= 8 and re.fullmatch(in_prose, line):  # of a log, and no call
        return is_secret_by(suspicion, value)
    plain = value.isdigit() or bool(re.fullmatch(r"[^\W\d]+(?:[._][^\W\d]*)*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", value))
    return suspicion >= Suspicion.CERTAIN and len(value) >= 6 and not plain and is_secret_by(suspicion, value)


_LINE_ENDS = ("\n", "\\n")
"""Also as they are written in a literal."""


def _line_around(text: str, at: int) -> str:
    first = max(0, at - 500)
    start = max(first, *(found + len(end) for end in _LINE_ENDS if (found := text.rfind(end, first, at)) >= 0), 0)
    stop = min(at + 500, *(found for end in _LINE_ENDS if (found := text.find(end, at, at + 500)) >= 0), len(text))
    return text[start:stop]
