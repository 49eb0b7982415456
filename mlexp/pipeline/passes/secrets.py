"""Secrets are read from the environment: the record has only markers in their place, such as `"<secret HF_TOKEN>"`."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script
from mlexp.redaction import MARKER, marker, names_in

_WHOLE = re.compile(rf"{MARKER.pattern}\s*")


def read_secrets(script: Script) -> Script:
    """Read the secrets of every section from the environment."""
    names: list[str] = list(script.secrets)
    sections = []
    for section in script.sections:
        source, found = from_environment(section.source, script.own("os"))
        names += found
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections), secrets=tuple(dict.fromkeys(names)))


def from_environment(source: str, module: str, *, strict: bool = True) -> tuple[str, tuple[str, ...]]:
    """Return the text with the environment's variables in place of markers, and the names of those.

    Args:
        source: Python.
        module: What `os` is called there.
        strict: Whether a variable that is not set is an error; else the marker stays the value.
    """
    if "<secret " not in source or (tree := parse(source)) is None:
        return source, ()
    edits = Edits(source)
    names: list[str] = []
    for node in _literals(tree):
        found = names_in(edits.text_of(node))
        names += found
        if found:
            edits.replace(node, _read(node, found, edits.text_of(node), module, strict=strict))
    return edits.done(), tuple(dict.fromkeys(names))


def module_from_environment(source: str) -> str:
    """Return a module's text with the environment's variables in place of markers.

    The run may need none of them: most modules hold more than one run uses. So what is not set is no error there.
    """
    changed, names = from_environment(source, "os", strict=False)
    tree = parse(changed)
    if not names or tree is None or any(isinstance(s, ast.Import) and _imports_os(s) for s in tree.body):
        return changed
    edits = Edits(changed)
    for i, statement in enumerate(tree.body):
        is_docstring = i == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_docstring and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            edits.insert_before(statement, "import os\n")
            break
    return edits.done()


def _imports_os(statement: ast.Import) -> bool:
    return any(alias.name == "os" and alias.asname is None for alias in statement.names)


def _literals(tree: ast.AST) -> list[ast.expr]:
    """Return the literals that may become expressions: no docstrings, no patterns, no parts of an f-string."""
    found: list[ast.expr] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))):
            found.append(node)
            continue
        if isinstance(node, ast.pattern) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        pending.extend(ast.iter_child_nodes(node))
    return found


def _read(node: ast.expr, names: tuple[str, ...], source: str, module: str, *, strict: bool) -> str:
    def variable(name: str) -> str:
        found = f'["{name}"]' if strict else f'.get("{name}", "{marker(name)}")'
        return f"{module}.environ{found}{encode}"

    value = node.value if isinstance(node, ast.Constant) else None
    encode = ".encode()" if isinstance(value, bytes) else ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if isinstance(text, str) and _WHOLE.fullmatch(text):
        return variable(names[0])
    b = "b" if encode else ""
    replaced = "".join(f'.replace({b}"{marker(name)}", {variable(name)})' for name in names)
    return f"({source}{replaced})" if "\n" not in source else f"(({source}){replaced})"
