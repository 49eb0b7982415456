"""Secrets that are known by their shape, whatever they are called: tokens of services, private keys, passwords in URLs.

A rule is tried only where a fixed text of it, its anchor, stands. So a text without anchors costs a few searches, each
as fast as the machine reads memory, and no regular expression walks over megabytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from mlexp.redaction.looks import is_stand_in, looks_drawn
from mlexp.redaction.names import suspicion_of
from mlexp.redaction.tokens import TABLE, WORDY
from mlexp.redaction.words import Words


@dataclass(frozen=True, slots=True)
class Span:
    """A secret in a text."""

    start: int
    stop: int
    name: str
    """The environment variable to ask for in its place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A rule."""

    name: str
    anchors: tuple[str, ...]
    expression: str
    """From the anchor on, or from up to `back` characters before it. Group 1 is the secret, if there is one."""
    back: int = 0
    fits: Callable[[str], bool] | None = None
    """What the expression cannot say."""
    flags: int = 0
    needs: str = ""
    """What stands somewhere in each text that has such a secret."""
    after: str = ""
    """Characters of which one stands right before the anchor."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when it is first needed: most never are."""
        return _compiled(self.expression, self.flags)


@cache
def _compiled(expression: str, flags: int) -> re.Pattern[str]:
    return re.compile(expression, flags)


_MOST_TRIES = 20
"""So often a rule is tried anew within what it has matched once, as in `sk-sk-sk-…`."""


def spans_of_shapes(text: str, words: Words | None = None) -> Iterator[Span]:
    """Yield the secrets that are known by their shape.

    Args:
        text: Any text.
        words: Its words, if they have been gathered.
    """
    words = words or Words(text)
    starts, after_escape, rules = _starts()
    tries: dict[str, tuple[int, int]] = {}
    places = [0, *(match.end() for match in starts.finditer(text))]
    if "\\" in text or "%" in text or "\x1b" in text:
        places += [match.end() for match in after_escape.finditer(text)]
    for at in places:
        for shape in rules.get(text[at : at + 2], ()):
            if text.startswith(shape.anchors, at) and (span := _span_at(shape, text, at, tries)) is not None:
                yield span
    for shape in _contexts():
        if shape.needs and not (words.may_hold(shape.needs) and shape.needs in text):
            continue
        tries.clear()
        for anchor in shape.anchors:
            at = text.find(anchor) if words.may_hold(anchor) else -1
            match = shape.pattern.match if at >= 0 else None
            while at >= 0:
                found = None
                if shape.back or (match is not None and match(text, at)):
                    found = _span_at(shape, text, at, tries)
                if found is not None:
                    yield found
                at = text.find(anchor, max(at + 1, found.stop if found is not None else 0))


def _span_at(shape: Shape, text: str, at: int, tries: dict[str, tuple[int, int]]) -> Span | None:
    stop, n = tries.get(shape.expression, (0, 0))
    if at < stop and n >= _MOST_TRIES:
        return None
    found = _match_at(shape, text, at)
    if found is None:
        return None
    tries[shape.expression] = (max(stop, found.end()), n + 1 if at < stop else 1)
    start, stop = found.span(1 if shape.pattern.groups else 0)
    if start < 0 or (shape.fits is not None and not shape.fits(text[start:stop])):
        return None
    return Span(start, stop, shape.name)


def _match_at(shape: Shape, text: str, at: int) -> re.Match[str] | None:
    if shape.after and text[at - 1 : at] not in shape.after:
        return None
    if not shape.back:
        return shape.pattern.match(text, at)
    found = shape.pattern.search(text, max(0, at - shape.back), at + 1000)
    while found is not None and found.end() <= at:
        found = shape.pattern.search(text, found.end(), at + 1000)
    return found if found is not None and found.start() <= at else None


_SHORTEST = 13


@cache
def _starts() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, list[Shape]]]:
    """Return what finds the places where a token may begin, at a word's beginning and behind an escape, and the rules.

    One pass over a text finds the places of all rules. It stops only at characters that are no letters or digits.
    """
    rules: dict[str, list[Shape]] = {}
    for shape in _tokens():
        for head in dict.fromkeys(anchor[:2] for anchor in shape.anchors):
            rules.setdefault(head, []).append(shape)
    escapes = (  # it begins with a set of characters, for which the text is searched fast
        r"[\\%\x1b](?:(?<=\\)(?:[abfnrtv0]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|(?:x1b|u001b|033)\[[0-9;]*m)"
        r"|(?<=%)[0-9a-fA-F]{2}|(?<=\x1b)\[[0-9;]*m)"
    )
    heads = sorted({(anchor[0], anchor[1]) for shape in _tokens() for anchor in shape.anchors})
    first, second = (re.escape("".join(sorted({head[i] for head in heads}))) for i in (0, 1))
    # No token has fewer characters, or others. A tree of all anchors would find fewer places, but takes 6 ms to make.
    long = rf"[{first}][{second}][A-Za-z0-9_\-./%+=$~]{{{_SHORTEST - 2}}}"
    return re.compile(rf"[^A-Za-z0-9](?={long})"), re.compile(rf"{escapes}(?={long})"), rules


def _not_words(secret: str) -> bool:
    return looks_drawn(re.sub(r"^[A-Za-z]{1,8}[-_]", "", secret)) or looks_drawn(secret)


def _is_token_json(secret: str) -> bool:
    """Tell whether the base64 of a JSON object is that of a token, as Neptune's and Grafana's are."""
    head = secret.split(".")[0]
    try:
        plain = base64.urlsafe_b64decode(head[: len(head) // 4 * 4])
    except (binascii.Error, ValueError):
        return False
    names = re.findall(rb'"(\w+)"\s*:', plain)
    if "." in secret:
        return any(name in (b"alg", b"typ", b"kid", b"enc") for name in names)
    return any(
        name in (b"k", b"t", b"token") or suspicion_of(name.decode()) or name == b"api_address" for name in names
    )


def _has_lines(secret: str) -> bool:
    """Tell whether there is a key between the two lines, and not only talk of them."""
    return re.search(r"[A-Za-z0-9+/]{30,}", secret) is not None


def _is_basic(secret: str) -> bool:
    try:
        return b":" in base64.b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_password(secret: str) -> bool:
    return not is_stand_in(secret) and not secret.startswith(("{", "$", "<", "%s"))


def _is_query_value(secret: str) -> bool:
    return looks_drawn(secret) or (secret.isalnum() and len(secret) >= 24)


@cache
def _tokens() -> tuple[Shape, ...]:
    """Return the rules of tokens that begin with their anchor, at the beginning of a word."""
    found = []
    for line in TABLE.strip().splitlines():
        name, *anchors, rest = line.split()
        heads = "|".join(re.escape(anchor) for anchor in anchors)
        fits = _not_words if name in WORDY else None
        found.append(Shape(name, tuple(anchors), f"(?:{heads}){rest}", fits=fits, flags=re.ASCII))
    return (*found, *_more_tokens())


@cache
def _contexts() -> tuple[Shape, ...]:
    """Return the rules that are known by what stands around, and private keys."""
    return (*_keys_and_headers(), *_others())


_TAIL = r"(?:[A-Za-z0-9+/=]{16,}(?:\\n|\s)+){2,}-----END[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"


def _keys_and_headers() -> Iterator[Shape]:
    lines = r"(?:(?:\s|\\[nr]|[\"'+(),])*[A-Za-z0-9+/=]{40,})+"  # where its end was cut off
    end = r".{0,20000}?-----END[A-Z0-9 ]*(?:PRIVATE KEY(?: BLOCK)?|Static key V1)-----"
    head = "-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    yield Shape("PRIVATE_KEY", ("-----BEGIN",), head + end, fits=_has_lines, flags=re.DOTALL, needs="-----END")
    yield Shape("PRIVATE_KEY", ("-----BEGIN",), head + lines, fits=_has_lines)
    # Its head may have been cut off.
    yield Shape("PRIVATE_KEY", ("-----END",), _TAIL, back=8000, after="\n\r\t n", needs="PRIVATE KEY")
    static = rf"-----BEGIN OpenVPN Static key V1-----{end}"
    yield Shape("OPENVPN_KEY", ("-----BEGIN OpenVPN",), static, flags=re.DOTALL)
    putty = r"Private-Lines: \d+\s+([A-Za-z0-9+/=\s]+?)\s*(?=Private-MAC|\Z)"
    yield Shape("PRIVATE_KEY", ("Private-Lines:",), putty)
    # Passwords may hold an @: the last one before the host counts.
    url = r"://[^\s/:@\"'<>{}]*:([^\s\"'<>{}]{1,200}?)@(?=[{$\w\[])(?![\w.:%\-]*@)"
    yield Shape("URL_PASSWORD", ("://",), url, fits=_is_password, needs="@")
    yield Shape("URL_TOKEN", ("://",), r"://([\w.~%\-]{16,}):?@(?=[\w.\-])", fits=looks_drawn, needs="@")
    escaped = r"%3A%2F%2F[\w.\-]*%3A([^\s\"'<>{}]{1,200}?)%40"
    yield Shape("URL_PASSWORD", ("%3A%2F%2F",), escaped, fits=_is_password)
    bearer = r"(?:Bearer|bearer|BEARER)(?:\s+|%20)([\w.~+/\-]{8,}=*)"
    yield Shape("BEARER_TOKEN", ("Bearer", "bearer", "BEARER"), bearer, fits=_is_bearer)
    yield Shape("BASIC_AUTH", ("Basic ", "basic "), r"[Bb]asic\s+([A-Za-z0-9+/]{8,}={0,2})", fits=_is_basic)
    headers = r"uthorization[\"']?\s*[:=]\s*[\"']?(?:\w+\s+)?([\w.~+/\-]{12,}=*)"
    yield Shape("AUTHORIZATION", ("uthorization", "UTHORIZATION"), headers, fits=looks_drawn, flags=re.I)
    names = "key|appid|app_id|sig|token|code|signature|auth|secret|access_token|X-Amz-Signature"
    query = rf"[?&;](?:{names})=([^&\s\"'#<>{{}}]{{8,}})"
    anchors = ("key=", "appid=", "app_id=", "sig=", "token=", "code=", "ignature=", "auth=", "secret=")
    yield Shape("URL_TOKEN", anchors, query, back=18, fits=_is_query_value, flags=re.I)


def _more_tokens() -> Iterator[Shape]:
    yield Shape("OPENAI_API_KEY", ("sk-",), r"sk-[A-Za-z0-9_\-]{18,}", fits=_not_words)
    jwt = r"eyJ[\w\-+/]{10,}={0,2}(?:\.[\w\-+/=]+){0,4}"
    yield Shape("JWT", ("eyJ",), jwt, fits=_is_token_json, flags=re.ASCII)
    yield Shape("AIRTABLE_TOKEN", ("pat",), r"pat[A-Za-z0-9]{14}\.[0-9a-f]{40,}")
    discord = r"[MNO][A-Za-z0-9_\-]{22,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,}"
    digits = ("MD", "MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT")  # the base64 of a number begins so
    yield Shape("DISCORD_TOKEN", digits, discord, fits=looks_drawn)
    twitter = r"A{18}[A-Za-z0-9]*%[A-Za-z0-9%]{40,}"
    yield Shape("TWITTER_BEARER_TOKEN", ("AAAAAAAAAAAAAAAAAA",), twitter)


def _others() -> Iterator[Shape]:
    telegram = r"(?<!\d)\d{6,12}:AA[\w\-]{28,}"
    yield Shape("TELEGRAM_TOKEN", (":AA",), telegram, back=13, flags=re.ASCII)
    yield Shape("AZURE_CLIENT_SECRET", ("Q~",), r"[\w~.\-]{3}\dQ~[\w~.\-]{30,36}", back=5)
    yield Shape("AZURE_API_KEY", ("JQQJ99",), r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{20,}", back=53)
    yield Shape("AZURE_DEVOPS_TOKEN", ("AZDO",), r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", back=77)
    azure = r"(?:AccountKey|SharedAccessKey|SharedSecret)=([A-Za-z0-9+/]{20,}={0,2})"
    yield Shape("AZURE_ACCOUNT_KEY", ("AccountKey=", "SharedAccessKey=", "SharedSecret="), azure)
    yield Shape("NEW_RELIC_LICENSE_KEY", ("NRAL",), r"[0-9a-f]{32,36}(?:FFFF)?NRAL", back=41)
    yield Shape("TERRAFORM_TOKEN", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w\-]{40,}", back=15)
    yield Shape("MAILCHIMP_API_KEY", ("-us",), r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\w)", back=33)
    machine = r"machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)"
    yield Shape("PASSWORD", ("machine",), machine, needs="login")
    kaggle = r"username[\"'\\]*\s*:\s*[\\\"']+[^\"']*[\"']\s*,\s*[\\\"']+key[\\\"']+\s*:\s*[\\\"']+([^\"'\\]{16,})"
    yield Shape("KAGGLE_KEY", ("username",), kaggle)
    yield Shape("PASSWORD", ("-u ", "--user "), r"(?:-u|--user)\s+[\"']?[^\s:\"'/]+:([^\s\"'{}$]{4,})")
    yield Shape("PASSWORD", ("login ",), r"login [^\n]{0,300}?(?:-p|--password)[ =][\"']?([^\s\"'{}$]{3,})")
    yield Shape("API_KEY", ("login ",), r"login (?:--?\w+ )*([\w\-]{20,})", fits=looks_drawn)
    yield Shape("API_KEY", ("-n key -v ",), r"-n key -v [\"']?([\w\-]{8,})")
    yield Shape("PASSWORD", ("mysql", "mariadb"), r"(?:mysql|mariadb)\w*\s[^\n]{0,200}?\s-p([^\s\"']{4,})", needs="-p")
    yield Shape("PASSWORD", ("sshpass",), r"sshpass\s+-p\s*[\"']?([^\s\"'{}$]{3,})")
    yield from _of_commands()
    mailgun = r"ailgun.{0,200}?([0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})"
    yield Shape("MAILGUN_API_KEY", ("ailgun", "AILGUN"), mailgun, flags=re.IGNORECASE | re.DOTALL)


def _of_commands() -> Iterator[Shape]:
    given = r"[\"']?([^\s\"'{}$|]{3,})[\"']?"
    piped = rf"echo\s+(?:-n\s+)?{given}\s*\|[^\n]{{0,200}}(?:password-stdin|--with-token|sudo\s+-S)"
    yield Shape("PASSWORD", ("echo",), piped, needs="|")
    yield Shape("GITHUB_TOKEN", ("--with-token",), rf"--with-token\s*<<<\s*{given}")
    yield Shape("PASSWORD", ("redis-cli",), rf"redis-cli\s[^\n]{{0,200}}?-a\s+{given}")
    yield Shape("PASSWORD", ("unzip", "7z ", "zip "), rf"(?:unzip|7z|zip)\s[^\n]{{0,200}}?(?:-P\s+|-p){given}")
    yield Shape("PASSWORD", ("openssl",), rf"openssl\s[^\n]{{0,200}}?\s-(?:k|pass\s+pass:)\s*{given}")
    cookie = r"(?:-b|--cookie)\s+[\"']?[\w\-.]+=([^;\"'\s]{12,})"
    yield Shape("COOKIE", ("-b ", "--cookie "), cookie, fits=looks_drawn)
    sql = r"(?:identified\s+(?:with\s+\w+\s+)?by|password|secret|passwd)\s+(?:=\s*)?'([^'\n]{3,200})'"
    yield Shape("PASSWORD", ("IDENTIFIED", "identified", "PASSWORD '", "SECRET '"), sql, fits=_is_password, flags=re.I)
    azure = r"fs\.azure\.[\w.\-]+[\"']?[\s,=:]+[\"']?([A-Za-z0-9+/]{40,}={0,2})"
    yield Shape("AZURE_ACCOUNT_KEY", ("fs.azure.",), azure)
    section = r"(?:api|auth|openai|weather|service)\w*[\"']?[\]:]\s*(?:[{\n]|\\n)?\s*"
    section += r"[\"']?(?:key|token)[\"']?\s*[:=]\s*[\"']?([\w\-]{16,})"
    yield Shape("API_KEY", ("api", "auth", "openai", "weather", "service"), section, fits=looks_drawn)


def _is_bearer(secret: str) -> bool:
    return looks_drawn(secret) or (len(secret) >= 20 and not secret.isalpha())
