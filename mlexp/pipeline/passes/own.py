"""mlexp goes out of the script: its import, its magics, its calls; `mlexp.log` becomes the script's own `log`."""

from __future__ import annotations

import ast
from dataclasses import replace

from mlexp.dataflow.cell import magic_call, parse
from mlexp.pipeline.edits import Edits, blocks
from mlexp.pipeline.script import Script, Section

_OURS = "mlexp"
_EXTENSION_MAGICS = frozenset({"load_ext", "reload_ext", "unload_ext"})
_MAGICS = frozenset({"track", "runs", "compare", "experiment", "export", "verify"})


def take_mlexp_out(script: Script) -> Script:
    """Take mlexp out of every section."""
    modules: set[str] = {_OURS}
    logs: set[str] = set()
    for section in script.sections:
        _aliases(section, modules, logs)
    log = script.own("log")
    sections = []
    logging = []
    for section in script.sections:
        source, logged = _without(section, modules, logs, log)
        sections.append(replace(section, source=source))
        logging.append(logged)
    if any(logging[:-1]) and logging[-1]:  # the points of earlier cells are of other runs
        last = sections[-1]
        sections[-1] = replace(last, source=f"{script.own('history')}.clear()\n\n{last.source}")
    return replace(script, sections=tuple(sections), logs=any(logging))


def _aliases(section: Section, modules: set[str], logs: set[str]) -> None:
    tree = parse(section.source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            modules |= {alias.asname for alias in node.names if alias.name == _OURS and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == _OURS:
            logs |= {alias.asname or alias.name for alias in node.names if alias.name == "log"}


def _without(section: Section, modules: set[str], logs: set[str], log: str) -> tuple[str, bool]:
    """Return the section's text, and whether it logs."""
    tree = parse(section.source)
    if tree is None or not any(name in section.source for name in modules | logs | _MAGICS):
        return section.source, False
    edits = Edits(section.source)
    for block in blocks(tree):
        for statement in block:
            alone = len(block) == 1 and block is not tree.body
            if _imports_mlexp(statement):
                _take_import(statement, edits, alone=alone)
            elif _is_our_magic(statement):
                edits.remove_line(statement, alone=alone)
            elif isinstance(statement, (ast.Expr, ast.Assign)) and _asks_mlexp(statement, modules):
                edits.comment_out(statement, alone=alone)
    logged = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and _is_log(node, modules, logs)]
    for node in logged:
        edits.replace(node, log)
    return edits.done(), bool(logged)


def _imports_mlexp(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return any(alias.name.partition(".")[0] == _OURS for alias in statement.names)
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] == _OURS


def _is_our_magic(statement: ast.stmt) -> bool:
    found = magic_call(statement.value) if isinstance(statement, ast.Expr) else None
    if found is None or found[0] != "run_line_magic" or not found[1]:
        return False
    name, *words = found[1]
    return name in _MAGICS or (name in _EXTENSION_MAGICS and words == [_OURS])


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


def _is_log(node: ast.expr, modules: set[str], logs: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "log" and isinstance(node.value, ast.Name) and node.value.id in modules
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in logs
