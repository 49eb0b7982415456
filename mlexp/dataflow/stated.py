"""What global state a text plainly changes: for executions that nobody observed, whose text is all there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mlexp.dataflow.cell import magic_call, parse
from mlexp.dataflow.walking import chain_of, last_name_of

_CALLS: Mapping[str, str] = {
    "chdir": "cwd",
    "setrecursionlimit": "recursionlimit",
    "set_int_max_str_digits": "int_max_str_digits",
    "setlocale": "locale",
    "tzset": "timezone",
    "basicConfig": "logging",
    "setcontext": "decimal:prec",
    "filterwarnings": "warnings",
    "simplefilter": "warnings",
    "set_default_dtype": "torch:default_dtype",
    "set_default_tensor_type": "torch:default_dtype",
    "set_default_device": "torch:default_device",
    "set_grad_enabled": "torch:grad",
    "set_num_threads": "torch:threads",
    "use_deterministic_algorithms": "torch:deterministic",
}
"""Functions each of which changes one kind."""
_KEYED: Mapping[str, str] = {
    "seterr": "numpy.errstate",
    "set_printoptions": "numpy.printoptions",
    "set_config": "sklearn.config",
}
"""Functions whose keywords are the details of a kind."""
_ERRORS = ("divide", "over", "under", "invalid")
_GROWS = frozenset({"append", "insert", "extend", "remove"})


def modules_named(python: str) -> dict[str, str]:
    """Return the names that a text binds to modules by `import`, with the modules' full names."""
    tree = parse(python)
    found = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                package = alias.name.partition(".")[0]
                found[alias.asname or package] = alias.name if alias.asname else package
    return found


# A text never changes.
@lru_cache(maxsize=256)
def state_told(python: str, modules: tuple[tuple[str, str], ...] = ()) -> tuple[str, ...]:
    """Return the kinds of global state that a text plainly changes, outside of functions and of `with`.

    Args:
        python: The text.
        modules: Names that stand for modules in it, with the full names of these.
    """
    tree = parse(python)
    if tree is None:
        return ()
    known = dict(modules) | modules_named(python)
    return tuple(sorted({kind for node in _plainly_run(tree) for kind in _kinds(node, known)}))


def _plainly_run(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.With)):
            yield node
            yield from _plainly_run(node)


def _kinds(node: ast.AST, modules: Mapping[str, str]) -> Iterator[str]:
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(key)), ctx=ast.Store() | ast.Del()):
            kind = {"environ": "env", "rcParams": "matplotlib.rcParams"}.get(last_name_of(holder))
            if kind is not None:
                yield f"{kind}:{key}"
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield from _attribute(node, modules)
        case ast.Call():
            yield from _call(node)
        case ast.Import(names=names):
            yield from (f"import:{alias.name}" for alias in names if "." in alias.name)
        case ast.ImportFrom(module=str(module), level=0) if "." in module:
            yield f"import:{module}"


def _attribute(node: ast.Attribute, modules: Mapping[str, str]) -> Iterator[str]:
    chain = chain_of(node)
    root, _, rest = chain.partition(".")
    if chain in ("sys.argv", "sys.path", "sys.stdout"):
        yield chain
    elif isinstance(node.value, ast.Call) and last_name_of(node.value.func) == "getcontext":
        yield f"decimal:{node.attr}"
    elif ".options." in f".{chain}":
        yield f"pandas.options:{chain.partition('options.')[2]}"
    elif root in modules and rest:
        yield f"module:{modules[root]}.{rest}"


def _call(node: ast.Call) -> Iterator[str]:
    name = last_name_of(node.func)
    first = node.args[0] if node.args else None
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    keywords = [keyword.arg for keyword in node.keywords if keyword.arg]
    owner = chain_of(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if name in _CALLS:
        yield "warnings:error" if _CALLS[name] == "warnings" and text == "error" else _CALLS[name]
    elif name in _KEYED:
        every = _ERRORS if name == "seterr" and "all" in keywords else ()
        yield from (f"{_KEYED[name]}:{key}" for key in {*keywords, *every} - {"all"})
    elif name in _GROWS and owner == "sys.path":
        yield "sys.path"
    elif name in ("set_option", "reset_option") and text:
        yield f"pandas.options:{text}"
    elif name in ("setdefault", "pop", "putenv") and text and (owner.endswith("environ") or name == "putenv"):
        yield f"env:{text}"
    elif name == "update" and owner.endswith("environ"):
        yield from (f"env:{key}" for key in keywords)
    elif (magic := magic_call(node)) is not None and magic[1][:1] in (("cd",), ("pushd",), ("env",), ("set_env",)):
        line = magic[1][1].replace("=", " ").split() if len(magic[1]) > 1 else []
        if magic[1][0] in ("cd", "pushd"):
            yield "cwd"
        elif len(line) > 1:
            yield f"env:{line[0]}"
