"""Names that a cell reads without naming them in its code: in texts that are evaluated, and by looking at all names.

`eval("a + b")`, `df.query("x > @limit")`, `!ls {folder}`, `%prun f(x)`, `globals()["a"]` name what they read in a text;
`eval(text)`, `globals()`, `get_ipython()` and `%whos` may read any name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlexp.dataflow.cell import magic_call, parse
from mlexp.dataflow.late import read_at_once

_EVALUATES = frozenset({"eval", "exec"})
_NAMESPACES = frozenset({"globals", "locals", "vars"})
_FRAMES = frozenset({"_getframe", "currentframe"})
_SHELLS = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput", "getoutput_with_code"})
_LOOKS_AT_ALL = frozenset({"who", "whos", "who_ls", "reset", "reset_selective", "pylab"})
_RUNS = frozenset({"time", "timeit", "prun", "lprun", "memit", "mprun", "pinfo", "pinfo2", "store", "page", "xdel"})
"""Magics whose line, or body, is code, or names."""
_HAS_TEXT = re.compile(r"eval|exec|query|globals|locals|vars|get_ipython|__main__|_getframe|currentframe|stack")
_EXPANDED = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})|(?<!\$)\$([A-Za-z_]\w*)")
_MENTION = re.compile(r"@([A-Za-z_]\w*)")
_OPTION = re.compile(r"(?:^|\s)-{1,2}[a-zA-Z][\w-]*(?:[ =]?\d+)?(?=\s|$)")
_FUNCTION_OPTION = re.compile(r"(?:^|\s)-f\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a text reads beyond the names in its code."""

    by_call: Mapping[int, frozenset[str]]
    """By the identity of a call's node: the names that its texts read."""
    reads_all: bool = False


_NONE = Hidden({})


def hidden_reads(python: str, tree: ast.Module) -> Hidden:
    """Return what a cell reads beyond the names in its code; of functions only what those read that it may call."""
    if _HAS_TEXT.search(python) is None:
        return _NONE
    at_once = read_at_once(python)
    by_call: dict[int, frozenset[str]] = {}
    told: set[int] = set()  # nodes that are no reason to think that all is read
    reads_all = False
    for node, in_function in _running(tree, at_once):
        match node:
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name), args=[]) as call) if name in _NAMESPACES:
                if isinstance(node.slice, ast.Constant) and type(node.slice.value) is str:
                    by_call[id(call)] = frozenset({node.slice.value} if isinstance(node.ctx, ast.Load) else ())
                    told.add(id(call))
                elif not isinstance(node.ctx, ast.Load):
                    told.add(id(call))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="inspect"), attr="stack")):
                reads_all = True
            case ast.Call():
                found = _names_in_call(node)
                if found is None:
                    reads_all = True
                elif found:
                    by_call[id(node)] = found
                magic = magic_call(node)
                if magic is not None and magic[0] in _SHELLS and isinstance(node.func, ast.Attribute):
                    told.add(id(node.func.value.func))  # type: ignore[attr-defined]  # a call, as magic_call has it
                if isinstance(node.func, ast.Name) and node.func.id in _NAMESPACES and id(node) not in told:
                    whole = not node.args and (node.func.id == "globals" or not in_function)
                    reads_all = reads_all or whole
            case ast.Name(id="get_ipython", ctx=ast.Load()) if id(node) not in told:
                reads_all = True
            case ast.Import(names=names) if any(alias.name == "__main__" for alias in names):
                reads_all = True
            case ast.ImportFrom(module="__main__"):
                reads_all = True
            case ast.Attribute(attr=name) if name in _FRAMES:
                reads_all = True
            case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value="__main__")):
                reads_all = True
    return Hidden(by_call, reads_all)


def _running(tree: ast.Module, at_once: frozenset[str] | None) -> Iterator[tuple[ast.AST, bool]]:
    """Yield the nodes that run, outer ones first, and whether each stands in a function."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, inside = pending.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if at_once is not None and node.name not in at_once and not inside:
                pending += [(part, inside) for part in node.decorator_list]
                continue
            inside = True
        yield node, inside
        inner = inside or isinstance(node, ast.Lambda)
        pending += [(child, inner) for child in ast.iter_child_nodes(node)]


def _names_in_call(node: ast.Call) -> frozenset[str] | None:
    """Return the names that the texts given to a call read; None: it may read any."""
    magic = magic_call(node)
    if magic is not None:
        return _names_in_magic(*magic)
    if isinstance(node.func, ast.Name) and node.func.id in _EVALUATES:
        if len(node.args) > 1:  # in a namespace of its own, which the code names
            return frozenset()
        text = node.args[0] if node.args else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            return _loads(text.value)
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("query", "eval"):
        constants = [n.value for a in node.args for n in ast.walk(a) if isinstance(n, ast.Constant)]
        texts = [text for text in constants if isinstance(text, str)]
        names = {name for text in texts for name in _MENTION.findall(text)}
        if isinstance(node.func.value, ast.Name) and node.func.value.id in ("pd", "pandas", "ne", "numexpr"):
            names = names.union(*(_loads(text.replace("@", "")) for text in texts))
        return frozenset(names)
    return frozenset()


def _names_in_magic(method: str, texts: tuple[str, ...]) -> frozenset[str] | None:
    if method in ("system", "getoutput") and texts:
        return _expanded(texts[0])
    if method not in ("run_line_magic", "run_cell_magic") or len(texts) < 2:
        return frozenset()
    name, line = texts[0], texts[1]
    if name in _LOOKS_AT_ALL or (name == "store" and not line.strip()) or (name == "run" and " -i " in f" {line} "):
        return None
    found = _expanded(line)
    if name in _RUNS:
        functions = " ".join(_FUNCTION_OPTION.findall(line))
        code = _OPTION.sub(" ", _FUNCTION_OPTION.sub(" ", line)).strip()
        found |= _loads(code) | _loads(functions) | (_loads(texts[2]) if len(texts) > 2 else frozenset())
        if name == "store":
            found |= frozenset(code.split())
    return found


def _expanded(line: str) -> frozenset[str]:
    """Return the names in `{expression}` and `$name`, which the shell replaces by their values."""
    found: set[str] = set()
    for expression, name in _EXPANDED.findall(line):
        found |= {name} if name else _loads(expression.partition(":")[0] if parse(expression) is None else expression)
    return frozenset(found)


def _loads(text: str) -> frozenset[str]:
    tree = parse(text.strip())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)] if tree is not None else []
    bound = {name.id for name in names if not isinstance(name.ctx, ast.Load)}
    return frozenset({name.id for name in names if isinstance(name.ctx, ast.Load)} - bound)
