"""Inputs are read from the bundle: a path is wrapped where it stands.

A text that spells an input is wrapped wherever it stands, unless the session also writes that file. Inputs that no text
spells have a computed path; then the path given to each reading call is wrapped, and looked up when the script runs.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import Script, ScriptInput, Section
from mlexp.records import InputFile

_READERS = frozenset({
    "read_csv", "read_table", "read_fwf", "read_json", "read_excel", "read_pickle", "read_feather", "read_parquet",
    "read_hdf", "read_stata", "read_sas", "read_spss", "read_orc", "read_xml", "read_html", "loadtxt", "genfromtxt",
    "fromfile", "memmap", "imread", "loadmat", "load_svmlight_file", "scan_csv", "scan_parquet", "ExcelFile",
})  # fmt: skip
_LOADERS = frozenset({"np", "numpy", "joblib", "torch", "jnp"})
_OPENERS = frozenset({"gzip", "bz2", "lzma", "io", "codecs", "Image"})


def bundle_inputs(script: Script) -> Script:
    """Bundle the files that the sections read, and wrap their paths."""
    files = _outside_files(script)
    kept = [file for file in files if file.digest is not None]
    texts = {path for section in script.sections for path in _texts(section)}
    inputs = _named(kept, texts, script.folder)
    written = {path for section in script.sections for path in section.execution.writes}
    plain = [item for item in inputs if item.resolved not in written]
    spelled = {text for text in texts if any(_spells(text, item, script.folder) for item in plain)}
    covered = {item.resolved for item in plain if any(_spells(text, item, script.folder) for text in spelled)}
    computed = any(item.resolved not in covered for item in inputs)
    holders = _names_holding(script, spelled)
    call = script.own("input_path")
    changed = script.with_sources(lambda s: _wrapped(s, spelled, call, computed=computed, holders=holders))
    lost = tuple(f"{file.path} is read from its own place: {file.reason}." for file in files if file.digest is None)
    return replace(changed, inputs=tuple(inputs), warnings=(*script.warnings, *lost))


def _outside_files(script: Script) -> list[InputFile]:
    modules = {module.digest for module in script.modules}
    found: dict[str, InputFile] = {}
    for section in script.sections:
        for file in section.execution.inputs:
            if file.digest not in modules:
                found[file.resolved] = file
    return list(found.values())


def _named(files: list[InputFile], texts: Iterable[str], folder: str) -> list[ScriptInput]:
    """Name each file by the shortest end of its path that no other shares."""
    inputs = []
    for file in files:
        parts = PurePath(file.resolved).parts
        others = [PurePath(other.resolved).parts for other in files if other.resolved != file.resolved]
        length = next((n for n in range(1, len(parts)) if all(parts[-n:] != o[-n:] for o in others)), len(parts) - 1)
        item = ScriptInput(
            name="/".join(parts[-length:]),
            path=file.path,
            resolved=file.resolved,
            digest=file.digest,  # type: ignore[arg-type]  # only kept ones come here
            size_bytes=file.size_bytes,
        )
        as_typed = next((text for text in sorted(texts) if _spells(text, item, folder)), None)
        if as_typed is not None:
            item = replace(item, path=as_typed)
        elif os.path.isabs(file.path):  # computed: meant from the notebook's folder
            item = replace(item, path=os.path.relpath(file.resolved, folder))
        inputs.append(item)
    return sorted(inputs, key=lambda item: item.name)


def _spells(text: str, item: ScriptInput, folder: str) -> bool:
    if not text or "\n" in text or len(text) > 4096:
        return False
    return text == item.path or os.path.normpath(os.path.join(folder, os.path.expanduser(text))) == item.resolved


def _texts(section: Section) -> Iterable[str]:
    tree = parse(section.source)
    return (node.value for node in _plain_texts(tree) if isinstance(node.value, str)) if tree is not None else ()


def _plain_texts(tree: ast.AST) -> list[ast.Constant]:
    """Return the texts of the tree that are values: parts of f-strings and texts that stand alone are left out."""
    found, pending = [], list[ast.AST](ast.iter_child_nodes(tree))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node)
        pending.extend(ast.iter_child_nodes(node))
    return found


def _names_holding(script: Script, spelled: set[str]) -> set[object]:
    """Return the names that are bound to nothing but wrapped texts: their reads need no second wrapping."""
    holding: set[object] = set()
    other: set[object] = set()
    for section in script.sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                value = node.value
                wrapped = isinstance(value, ast.Constant) and value.value in spelled
                (holding if wrapped else other).add(node.targets[0].id)
            elif isinstance(node, (ast.For, ast.comprehension)):
                other |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
            elif isinstance(node, ast.arg):
                other.add(node.arg)
    return holding - other


def _wrapped(section: Section, spelled: set[str], call: str, *, computed: bool, holders: set[object]) -> str:
    tree = parse(section.source)
    if tree is None:
        return section.source
    edits = Edits(section.source)
    for text in _plain_texts(tree):
        if text.value in spelled:
            edits.wrap(text, call)
    if computed:
        for node in ast.walk(tree):
            path = _path_of(node)
            if path is None or (isinstance(path, ast.Constant) and path.value in spelled):
                continue
            if isinstance(path, ast.Constant) and not isinstance(path.value, str):
                continue
            if not (isinstance(path, ast.Name) and path.id in holders):
                edits.wrap(path, call)
    return edits.done()


def _path_of(node: ast.AST) -> ast.expr | None:
    """Return the expression that gives the path, if the node is a call that reads a file."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    if first is None:
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        first = named.get("filepath_or_buffer") or named.get("path") or named.get("io") or named.get("file")
    if isinstance(function, ast.Name):
        reads = function.id in _READERS or (function.id == "open" and _mode_reads(node))
        return first if reads else None
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if function.attr in ("read_text", "read_bytes"):
        return function.value
    reads = (
        function.attr in _READERS
        or (function.attr == "load" and owner in _LOADERS)
        or (function.attr == "open" and owner in _OPENERS and _mode_reads(node))
    )
    return first if reads else None


def _mode_reads(call: ast.Call) -> bool:
    modes = [call.args[1]] if len(call.args) > 1 else [k.value for k in call.keywords if k.arg == "mode"]
    return not any(
        isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) & set("wax+") for m in modes
    )
