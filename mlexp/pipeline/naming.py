"""Names of ours that a session uses for something else are called otherwise in its script."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Iterator, Sequence

from mlexp.dataflow.cell import magic_call, parse
from mlexp.pipeline.script import Section

MODULES = frozenset(
    "argparse ast asyncio atexit builtins contextlib importlib json os pathlib shutil subprocess sys "
    "tempfile time".split()
)
"""Modules that the script's own parts may import."""
_NAMES = """
    PARAMS INPUTS LISTED RECORDED args as_listed bundle copied copies could_not_tell digest find_modules finish
    folders go_to history input_copy input_path last lay_folders log measured metric metrics_now need_secrets number
    order place_input read_flags restore_state runner script show_figures shown started typed
"""
OWN_NAMES = frozenset(_NAMES.split()) | MODULES
"""Names that the script's own parts use at its top level."""

_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_") and not keyword.iskeyword(name))
_OURS = "mlexp"


def renamed_names(sections: Sequence[Section]) -> dict[str, str]:
    """Return other names for those of ours, and for built-in ones, that the sections use for something else.

    Nobody can tell what `from … import *` binds, so with one all of ours are renamed.
    """
    used: set[str] = set()
    logs: set[str] = set()
    has_star = False
    for section in sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.ImportFrom) and node.module == _OURS:
                logs |= {alias.asname or alias.name for alias in node.names}
                continue
            has_star = has_star or _imports_all(node)
            used |= set(_names(node))
    bound = {name for section in sections for name in section.execution.bound}
    used -= logs - {name for section in sections for name in _bound_otherwise(section)}
    renamed = {}
    for name in sorted(OWN_NAMES):
        other = f"{name}_" if has_star and name not in MODULES else name
        while other in used:
            other += "_"
        if other != name:
            renamed[name] = other
    shadowed = _BUILTINS if has_star else _BUILTINS & bound
    return renamed | {name: f"{renamed.get('builtins', 'builtins')}.{name}" for name in shadowed}


def _imports_all(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.names[0].name == "*"
    magic = magic_call(node)
    return magic is not None and magic[1][:1] == ("pylab",)


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node uses for something of its own; `json.dumps` with Python's `json` is ours as well."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            if name not in MODULES:
                yield name
        case ast.Name(id=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names):
            yield from (a.asname or a.name.partition(".")[0] for a in names if a.asname or a.name not in MODULES)
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def _bound_otherwise(section: Section) -> Iterator[str]:
    """Yield the names that a section binds by anything but an import of mlexp's."""
    tree = parse(section.source)
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.ImportFrom) or node.module != _OURS:
            is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            yield from () if is_read else _names(node)
