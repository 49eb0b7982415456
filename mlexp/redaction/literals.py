"""Literals in Python code that are bound to the name of a secret, however code binds a value to a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mlexp.redaction.looks import is_secret_by, looks_drawn
from mlexp.redaction.names import SERVICES, Suspicion, holds_secrets, single_of, suspicion_of, variable_of, words_of


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal that is a secret."""

    node: ast.expr
    """The constant; or a sum of constants."""
    value: str
    variable: str
    """The environment variable that it stands for."""
    exact: bool = False
    """Whether it is that variable's own value, as in `os.environ["TOKEN"] = "…"`."""


_TEXT = (str, bytes)
_WRAPPERS = frozenset("SecretStr SecretBytes Secret str bytes Field String".split())
_DECLARES = frozenset("default value const".split())
_SETTERS = frozenset(
    "add config get getenv option param pop put putenv set set_option set_secret setattr setdefault setenv".split()
)
"""Functions that take a name and its value, one behind the other."""
_HOLD_SECRETS = frozenset("SecretStr SecretBytes Fernet TOTP HOTP from_key".split())
"""Functions whose first argument is a secret."""
_CIPHERS = frozenset("AES ChaCha20 Salsa20 DES3 ARC4 Blowfish hmac".split())
_CLIENTS = frozenset("api bot client experiment sdk session".split())
"""Last words of the classes that are given a key as their only argument without a name."""
_FERNET = re.compile(r"[A-Za-z0-9_\-]{43}=")
_OF_REQUESTS = frozenset("cookies data headers json params".split())
_LOGINS = frozenset("login authenticate HTTPBasicAuth HTTPDigestAuth HTTPProxyAuth BasicAuth basic_auth".split())


def secret_literals(tree: ast.AST) -> Iterator[Literal]:
    """Yield the literals of a tree that are bound to names of secrets."""
    handed_on: dict[str, str] = {}
    for node in ast.walk(tree):
        yield from _of(node)
        handed_on.update(_handed_on(node))
    for node in ast.walk(tree) if handed_on else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in handed_on:
                yield from _value(handed_on[name], value, Suspicion.WEAK)


def _handed_on(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield a name whose value is handed on as a secret, as in `Client(api_key=k)`, and the secret's variable."""
    match node:
        case ast.keyword(arg=str(name), value=ast.Name(id=given)):
            pass
        case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Name(id=given)):
            pass
        case ast.Call(func=function, args=[ast.Name(id=given), *_]) if _name_of(function) in _HOLD_SECRETS:
            name = "secret"
        case _:
            return
    if suspicion_of(name) >= Suspicion.STRONG:
        yield given, variable_of(name)


def text_of(node: ast.expr) -> str | None:
    """Return the text of a constant, or of a sum or product of such; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, _TEXT):
        return node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        return None if left is None or right is None else left + right
    return None


def _of(node: ast.AST) -> Iterator[Literal]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _bound(target, value)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _bound(target, value)
        case ast.NamedExpr(target=target, value=value):
            yield from _bound(target, value)
        case ast.AugAssign(target=target, value=value):
            yield from _bound(target, value)
        case ast.keyword(arg=str(name), value=value):
            yield from _named(name, value)
            yield from _of_request(name, value)
        case ast.Dict(keys=keys, values=values):
            yield from _of_dict(keys, values)
        case ast.arguments():
            yield from _of_defaults(node)
        case ast.Compare(left=left, comparators=[right]):
            for one, other in ((left, right), (right, left)):
                if (compared := _name_of(one)) is not None:
                    yield from _named(compared, other)
        case ast.Call():
            yield from _of_call(node)
        case ast.BoolOp(values=[ast.Call(args=[ast.Constant(value=str(name)), *_]), *others]):
            for other in others:  # `os.getenv("TOKEN") or "…"`
                yield from _named(name, other)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield from _of_words(items, is_pair=isinstance(node, ast.Tuple) and len(items) == 2)
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            for item in _items(value):
                yield from _named(_name_of(target) or "", item)
        case ast.MatchMapping(keys=keys, patterns=patterns):
            pairs = [(k, p.value) for k, p in zip(keys, patterns, strict=True) if isinstance(p, ast.MatchValue)]
            yield from _of_dict([key for key, _ in pairs], [value for _, value in pairs])


def _of_dict(keys: list[ast.expr | None], values: list[ast.expr]) -> Iterator[Literal]:
    names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
    for name, value in zip(names, values, strict=True):
        if isinstance(name, str):
            yield from _named(name, value)
            if name == "key" and "username" in names:  # kaggle.json
                yield from _value("KAGGLE_KEY", value, Suspicion.WEAK)


def _of_request(name: str, value: ast.expr) -> Iterator[Literal]:
    """Yield from `params={"key": "…"}`: in what is sent with a request a key is one."""
    if name in _OF_REQUESTS and isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "key":
                yield from _value("API_KEY", item, Suspicion.WEAK)


def _of_words(items: list[ast.expr], *, is_pair: bool) -> Iterator[Literal]:
    """Yield from `["tool", "--token", "…"]`, and from `("token", "…")`."""
    for name, value in pairwise(items):
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            continue
        if is_pair or (name.value.startswith("--") and "=" not in name.value):
            yield from _named(name.value.lstrip("-"), value, drawn=is_pair)


def _of_defaults(node: ast.arguments) -> Iterator[Literal]:
    positional = [*node.posonlyargs, *node.args]
    defaults = node.defaults
    pairs = [*zip(positional[len(positional) - len(defaults) :], defaults, strict=True)]
    pairs += [(arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value is not None]
    for arg, value in pairs:
        yield from _named(arg.arg, value)


def _of_call(node: ast.Call) -> Iterator[Literal]:
    called = _name_of(node.func) or ""
    arguments = node.args
    for name_node, value in pairwise(arguments):  # `setattr(o, "token", "…")`, `get("TOKEN", "…")`
        if isinstance(name_node, ast.Constant) and isinstance(name_node.value, str):
            exact = called in ("putenv", "setenv", "setdefault")
            yield from _named(name_node.value, value, exact=exact, drawn=called not in _SETTERS)
    flags = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    for keyword in node.keywords:
        if keyword.arg in _DECLARES:  # `add_argument("--token", default="…")`
            for flag in flags:
                yield from _named(flag.lstrip("-"), keyword.value)
        if keyword.arg == "auth" and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2:
            yield from _value("PASSWORD", keyword.value.elts[1], Suspicion.CERTAIN)
        if keyword.arg == "key" and called in _LOGINS:
            yield from _value("API_KEY", keyword.value, Suspicion.STRONG)
    owner = _name_of(node.func.value) or "" if isinstance(node.func, ast.Attribute) else ""
    if called in _HOLD_SECRETS and arguments:
        yield from _value("SECRET", arguments[0], Suspicion.CERTAIN)
    elif called == "new" and owner in _CIPHERS and arguments:
        yield from _value("SECRET_KEY", arguments[0], Suspicion.STRONG)
    elif called in ("put", "set") and holds_secrets(owner) and arguments:
        yield from _value("SECRET", arguments[-1], Suspicion.STRONG)
    elif called == "connect":
        for argument in arguments[2:]:
            yield from _value("PASSWORD", argument, Suspicion.WEAK)
    elif called in ("encode", "decode") and _is_name(node.func, "jwt") and len(arguments) >= 2:
        yield from _value("JWT_SECRET", arguments[1], Suspicion.CERTAIN)
    elif (called in _LOGINS or called.endswith("_login")) and len(arguments) == 1:
        yield from _value("TOKEN", arguments[0], Suspicion.STRONG)
    elif called in _LOGINS and len(arguments) >= 2:
        yield from _value("PASSWORD", arguments[1], Suspicion.CERTAIN)
    elif called == "set_password" and len(arguments) == 3:  # keyring's
        yield from _value("PASSWORD", arguments[2], Suspicion.CERTAIN)
    elif suspicion_of(called) >= Suspicion.STRONG and len(arguments) == 1:  # `set_api_key("…")`
        yield from _value(variable_of(_without_verb(called)), arguments[0], suspicion_of(called))
    elif "oauth" in called.lower() or (suspicion_of(called) >= Suspicion.STRONG and len(arguments) > 1):
        for argument in arguments:
            yield from _value("TOKEN", argument, Suspicion.WEAK)
    elif len(arguments) == 1 and called[:1].isupper() and _is_client(node.func):
        yield from _value("API_KEY", arguments[0], Suspicion.WEAK)


def _bound(target: ast.expr, value: ast.expr) -> Iterator[Literal]:
    if isinstance(target, (ast.Tuple, ast.List)):
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from _bound(one, other)
        return
    name = _name_of(target)
    if name == "auth" and isinstance(value, ast.Tuple) and len(value.elts) == 2:
        yield from _value("PASSWORD", value.elts[1], Suspicion.CERTAIN)
    elif name is not None:
        text = text_of(value)
        if text is not None and words_of(name)[-1:] == ("key",) and _FERNET.fullmatch(text):
            yield from _value("FERNET_KEY", value, Suspicion.STRONG)
        yield from _of_request(name, value)
        if isinstance(target, ast.Subscript) and (holder := _name_of(target.value)) and holds_secrets(holder):
            yield from _value("SECRET", value, Suspicion.STRONG)
        in_environment = isinstance(target, ast.Subscript) and _name_of(target.value) == "environ"
        yield from _named(name, value, exact=in_environment)


def _named(name: str, value: ast.expr, *, exact: bool = False, drawn: bool = False) -> Iterator[Literal]:
    suspicion = suspicion_of(name)
    if suspicion > Suspicion.NONE:
        variable = name if exact and name.isidentifier() and name.isupper() else variable_of(name)
        yield from _value(variable, value, Suspicion.WEAK if drawn else suspicion, exact=exact)
    elif holds_secrets(name):
        for item in _items(value):
            if suspicion_of(single_of(name)) < Suspicion.STRONG and len(text_of(item) or "") < 20:
                continue  # tokens of a text, more often than not
            yield from _value(variable_of(name.removesuffix("s").removesuffix("S")), item, Suspicion.WEAK)


def _value(variable: str, value: ast.expr, suspicion: Suspicion, *, exact: bool = False) -> Iterator[Literal]:
    """Yield the secret in an expression whose value is bound to a secret's name."""
    if isinstance(value, ast.Constant) and type(value.value) is int:
        if suspicion is Suspicion.CERTAIN and value.value > 999 and not variable.endswith("SECRET"):
            yield Literal(value, str(value.value), variable, exact)
        return
    text = text_of(value)
    if text is not None:
        if is_secret_by(suspicion, text):
            yield Literal(value, text, variable, exact)
        return
    match value:
        case ast.IfExp(body=body, orelse=other):
            yield from _value(variable, body, suspicion)
            yield from _value(variable, other, suspicion)
        case ast.BoolOp(values=values):
            for one in values:
                yield from _value(variable, one, suspicion)
        case ast.BinOp() if suspicion >= Suspicion.STRONG and _is_unquoted(value):
            yield Literal(value, ast.unparse(value).replace(" ", ""), variable)
        case ast.BinOp(left=left, right=right):
            yield from _value(variable, left, Suspicion.WEAK)
            yield from _value(variable, right, Suspicion.WEAK)
        case ast.Name(id=text) if suspicion >= Suspicion.STRONG and looks_drawn(text):  # its quotes were forgotten
            yield Literal(value, text, variable)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as inner, attr=method)) if method != "join":
            yield from _value(variable, inner, suspicion)
        case ast.Dict(values=values) | ast.List(elts=values) | ast.Tuple(elts=values):
            for one in values:
                yield from _value(variable, one, min(suspicion, Suspicion.STRONG))
        case ast.Subscript(value=ast.Dict() | ast.List() | ast.Tuple() as inner):
            yield from _value(variable, inner, suspicion)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            for keyword in keywords:
                if keyword.arg in _DECLARES:
                    yield from _value(variable, keyword.value, suspicion)
            wraps = _name_of(function) in _WRAPPERS
            for argument in arguments:
                text = text_of(argument)
                if text is not None and is_secret_by(suspicion if wraps else Suspicion.WEAK, text):
                    yield Literal(argument, text, variable)
                elif isinstance(argument, (ast.List, ast.Tuple)):  # `"".join([…])`
                    yield from _items_of_join(variable, argument)


def _is_unquoted(value: ast.expr) -> bool:
    """Tell whether a sum or quotient of names is a token whose quotes were forgotten: `ab3d+efg7/hij9`."""
    kinds = (ast.BinOp, ast.operator, ast.Name, ast.expr_context)
    nodes = list(ast.walk(value))
    return all(isinstance(node, kinds) for node in nodes) and any(
        isinstance(node, ast.Name) and looks_drawn(node.id) for node in nodes
    )


def _is_client(function: ast.expr) -> bool:
    """Tell whether a class is one that talks to a service, by its name or its module's: `OpenAI`, `finnhub.Client`."""
    words = [word for part in ast.unparse(function).split(".") for word in (part.lower(), *words_of(part))]
    return words[-1] in _CLIENTS or any(word in SERVICES for word in words)


def _is_name(node: ast.expr, owner: str) -> bool:
    """Tell whether an attribute is one of the module of that name."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner


def _items_of_join(variable: str, node: ast.List | ast.Tuple) -> Iterator[Literal]:
    for item in node.elts:
        text = text_of(item)
        if text is not None and len(text) >= 8:
            yield from _value(variable, item, Suspicion.STRONG)


def _items(value: ast.expr) -> list[ast.expr]:
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return items
        case ast.Dict(values=items):
            return items
    return []


def _name_of(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return None


def _without_verb(name: str) -> str:
    return name.removeprefix("set_").removeprefix("use_").removeprefix("with_")
