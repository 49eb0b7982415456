"""mlexp goes out of the script: its import, its magics, its calls; `mlexp.log` becomes the script's own `log`."""

from __future__ import annotations

import ast
from dataclasses import replace

from mlexp.dataflow.cell import magic_call, parse
from mlexp.pipeline.edits import Edits, blocks
from mlexp.pipeline.script import Script, Section

_OURS = "mlexp"
_EXTENSION_MAGICS = frozenset({"load_ext", "reload_ext", "unload_ext"})


def take_mlexp_out(script: Script) -> Script:
    """Take mlexp out of every section."""
    modules: set[str] = {_OURS}
    logs: set[str] = set()
    for section in script.sections:
        _aliases(section, modules, logs)
    changed = script.with_sources(lambda section: _without(section, modules, logs, script.own("log")))
    log = script.own("log")
    used = [
        f"{log}(" in new.source and new.source != old.source
        for new, old in zip(changed.sections, script.sections, strict=True)
    ]
    if any(used[:-1]) and used[-1]:  # the points of earlier cells are of other runs
        last = changed.sections[-1]
        cleared = replace(last, source=f"{script.own('history')}.clear()\n\n{last.source}")
        changed = replace(changed, sections=(*changed.sections[:-1], cleared))
    return replace(changed, logs=any(used))


def _aliases(section: Section, modules: set[str], logs: set[str]) -> None:
    tree = parse(section.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            modules |= {alias.asname for alias in node.names if alias.name == _OURS and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == _OURS:
            logs |= {alias.asname or alias.name for alias in node.names if alias.name == "log"}


def _without(section: Section, modules: set[str], logs: set[str], log: str) -> str:
    tree = parse(section.source)
    if tree is None or not any(name in section.source for name in modules | logs):
        return section.source
    edits = Edits(section.source)
    for block in blocks(tree):
        for statement in block:
            alone = len(block) == 1 and block is not tree.body
            if _imports_mlexp(statement):
                _take_import(statement, edits, alone=alone)
            elif _loads_mlexp(statement):
                edits.remove_line(statement, alone=alone)
            elif isinstance(statement, (ast.Expr, ast.Assign)) and _asks_mlexp(statement, modules):
                edits.comment_out(statement, alone=alone)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_log(node.func, modules, logs):
            edits.replace(node.func, log)
    return edits.done()


def _imports_mlexp(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return any(alias.name.partition(".")[0] == _OURS for alias in statement.names)
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] == _OURS


def _loads_mlexp(statement: ast.stmt) -> bool:
    found = magic_call(statement.value) if isinstance(statement, ast.Expr) else None
    return found is not None and found[1][:1] != () and found[1][0] in _EXTENSION_MAGICS and found[1][1:] == (_OURS,)


def _take_import(statement: ast.stmt, edits: Edits, *, alone: bool) -> None:
    kept = [alias for alias in getattr(statement, "names", ()) if alias.name.partition(".")[0] != _OURS]
    if isinstance(statement, ast.Import) and kept:
        edits.replace(statement, ast.unparse(ast.Import(kept)))
    else:
        edits.remove_line(statement, alone=alone)


def _asks_mlexp(statement: ast.stmt, modules: set[str]) -> bool:
    """Tell whether a statement uses mlexp for anything but logging."""
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules
        and node.attr != "log"
        for node in ast.walk(statement)
    )


def _is_log(function: ast.expr, modules: set[str], logs: set[str]) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "log" and isinstance(function.value, ast.Name) and function.value.id in modules
    return isinstance(function, ast.Name) and function.id in logs
