"""What a text mentions that global state could be seen by: its words, texts, chains, imports, and what it does."""

from __future__ import annotations

import ast
import builtins
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache

from mlexp.dataflow.cell import magic_call, parse
from mlexp.dataflow.walking import chain_of, last_name_of

_WORD = re.compile(r"[^\W\d]\w*")
_ASKS_VARIABLE = frozenset({"get", "pop", "setdefault"})
_MOVES = frozenset({"chdir", "fchdir"})
_MOVING_MAGICS = frozenset({"cd", "pushd", "popd"})
_SHELLS = frozenset({"system", "getoutput", "run_cell_magic"})
_BUILTINS = frozenset(dir(builtins))
_SPEAKS = frozenset({"print", "display", "print_exc"})


@dataclass(slots=True)
class Mentions:
    """What a text mentions; names that it only sets are left out."""

    words: set[str] = field(default_factory=set)
    """Names and attributes that it reads, keywords, and parts of what it imports."""
    texts: set[str] = field(default_factory=set)
    """Its constant texts; a key that it only sets is none."""
    quoted: set[str] = field(default_factory=set)
    """The words in these."""
    chains: set[str] = field(default_factory=set)
    """Attributes with all around them, such as "scipy.stats.norm"."""
    imports: set[str] = field(default_factory=set)
    """Modules that it imports: "scipy.stats" and "scipy.stats.norm" of `from scipy.stats import norm`."""
    variables: set[str] = field(default_factory=set)
    """Environment variables that it reads by name."""
    all_variables: bool = False
    """Whether it may read any variable of the environment."""
    all_params: bool = False
    """Whether it may read any of matplotlib's params."""
    names_environment: bool = False
    moves: bool = False
    """Whether it changes the working directory to one beside or under the current."""
    shell: bool = False
    calls: bool = False
    """Whether it calls what may be of a library, or the user's own."""
    computes: bool = False
    formats: bool = False
    """Whether it makes texts of values, for more than to print them."""


# A text never changes, and a session asks again with each of its runs.
@lru_cache(maxsize=4096)
def mentions_of(python: str) -> Mentions:
    """Return what a text mentions; of one that does not compile, all its words."""
    tree = parse(python)
    found = Mentions()
    if tree is None:
        words = set(_WORD.findall(python))
        return Mentions(words=words, quoted=words, shell=True, calls=True, computes=True, formats=True)
    printed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and last_name_of(node.value.func) in _SPEAKS
        for inner in ast.walk(node)
    }
    passed: set[int] = set()
    """Nodes that a node above them has told of."""
    inner = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner and (chain := chain_of(node)):
            found.chains.add(chain)
        if id(node) not in passed:
            _note(node, found, passed)
        if id(node) not in printed:
            found.formats = found.formats or _formats(node)
    found.quoted = {word for text in found.texts for word in _WORD.findall(text)}
    return found


def _note(node: ast.AST, found: Mentions, passed: set[int]) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            found.words.add(name)
            if name == "environ":
                found.names_environment = found.all_variables = True
        case ast.Attribute(attr=name, ctx=ast.Load()):
            found.words.add(name)
            if name == "environ":
                found.names_environment = found.all_variables = True
            if name == "rcParams":
                found.all_params = True
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(key))):
            _item(node, holder, key, found, passed)
        case ast.AugAssign(target=ast.Name(id=name) | ast.Attribute(attr=name)):
            found.words.add(name)
        case ast.Constant(value=str(text)):
            found.texts.add(text)
        case ast.Import(names=names):
            found.imports |= {alias.name for alias in names}
            found.words |= {part for alias in names for part in alias.name.split(".")}
        case ast.ImportFrom(names=names, module=module):
            found.imports |= {module or "", *(f"{module}.{alias.name}" for alias in names)}
            found.words |= {*(module or "").split("."), *(alias.name for alias in names)}
        case ast.keyword(arg=str(name)):
            found.words.add(name)
        case ast.Call(func=function):
            found.calls = found.calls or not _is_plain(function)
            _call(node, found, passed)
        case ast.BinOp() | ast.AugAssign() | ast.UnaryOp() | ast.Compare():
            found.computes = True


def _item(node: ast.Subscript, holder: ast.expr, key: str, found: Mentions, passed: set[int]) -> None:
    """Note an item with a constant key: of the environment and of matplotlib's params, which one is read."""
    is_read = isinstance(node.ctx, ast.Load)
    if (name := last_name_of(holder)) in ("environ", "rcParams", "options"):
        passed |= {id(holder), id(node.slice)}
        found.words.add(name)
        found.names_environment = found.names_environment or name == "environ"
        if is_read:
            (found.variables if name == "environ" else found.texts).add(key)
    if not is_read:
        passed.add(id(node.slice))


def _call(node: ast.Call, found: Mentions, passed: set[int]) -> None:
    name = last_name_of(node.func)
    first = node.args[0] if node.args else None
    key = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    if isinstance(node.func, ast.Attribute) and last_name_of(node.func.value) == "environ":
        found.names_environment = True
        if name in _ASKS_VARIABLE and key is not None:
            found.variables.add(key)
            passed.add(id(node.func.value))
        elif name == "update":
            passed.add(id(node.func.value))
    elif name == "getenv":
        found.names_environment = True
        found.variables |= {key} if key is not None else set()
        found.all_variables = found.all_variables or key is None
    elif name in _MOVES:
        found.moves = found.moves or key is None or not os.path.isabs(os.path.expanduser(key))
    elif (magic := magic_call(node)) is not None:
        method, texts = magic
        found.shell = found.shell or method in _SHELLS
        line = texts[1].replace("-q", "").strip() if len(texts) > 1 else ""
        if texts[:1] == ("env",) and line.isidentifier():
            found.variables.add(line)
        if texts and texts[0] in _MOVING_MAGICS:
            found.moves = found.moves or not os.path.isabs(os.path.expanduser(line or "~"))
    elif name in ("Popen", "check_output", "check_call", "system", "popen") or chain_of(node.func) == "subprocess.run":
        found.shell = True


def _is_plain(function: ast.expr) -> bool:
    """Tell whether a function is built in, or one of a module that only looks at the system."""
    if isinstance(function, ast.Name):
        return function.id in _BUILTINS
    return chain_of(function).partition(".")[0] in ("os", "sys", "time", "math")


def _formats(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    return isinstance(node, ast.Call) and last_name_of(node.func) in (
        "str", "repr", "format", "array2string", "array_str", "array_repr", "to_string", "to_html", "redirect_stdout",
    )  # fmt: skip
