"""Inputs are read from the bundle: a path is wrapped where it stands.

A text that spells an input is wrapped wherever it stands as a value. Inputs that no text spells have a computed path;
then an f-string that can give it is wrapped, and the path given to each reading call, and looked up when the script
runs. So is an input that the session writes later: its own text must go on to mean the user's file there.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
_PATH_KEYWORDS = ("filepath_or_buffer", "path_or_buf", "path", "io", "file", "fname", "filename")
_LOADERS = frozenset({"np", "numpy", "joblib", "torch", "jnp"})
_OPENERS = frozenset({"gzip", "bz2", "lzma", "io", "codecs", "Image"})
_LOOKS = frozenset({"exists", "isfile", "getsize", "is_file", "stat"})


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """What is wrapped in a script."""

    call: str
    """What the function that gives an input's place is called."""
    spelled: frozenset[str]
    """Texts that stand for an input wherever they stand."""
    computed: tuple[ScriptInput, ...]
    """Inputs that no such text spells: looked up where a path is read."""
    holders: frozenset[object]
    """Names that are bound to nothing but wrapped texts."""
    folder: str
    written: frozenset[str]
    """Paths that the session writes."""


def bundle_inputs(script: Script) -> Script:
    """Bundle the files that the sections read, and wrap their paths."""
    texts = {path for section in script.sections for path in _texts(section)}
    inputs = _named(_kept_files(script), texts, script.folder)
    written = frozenset(path for section in script.sections for path in section.execution.writes)
    plain = [item for item in inputs if item.resolved not in written]
    spelled = frozenset(text for text in texts if any(_spells(text, item, script.folder) for item in plain))
    holders = frozenset(_names_holding(script, spelled))
    wrapping = _Wrapping(
        call=script.own("input_path"),
        spelled=spelled,
        computed=tuple(item for item in inputs if item not in plain or _is_computed(item, script, holders)),
        holders=holders,
        folder=script.folder,
        written=written,
    )
    changed = script.with_sources(lambda section: _wrapped(section, wrapping))
    changed = _with_changes(changed, inputs)
    return replace(changed, inputs=tuple(inputs), warnings=(*script.warnings, *_lost(script)))


def _is_computed(item: ScriptInput, script: Script, holders: frozenset[object]) -> bool:
    """Tell whether a section that reads the input may have computed its path: it does not spell it, or not only."""
    for section in script.sections:
        if any(file.resolved == item.resolved for file in section.execution.inputs):
            if not any(_spells(text, item, script.folder) for text in _texts(section)):
                return True
            tree = parse(section.source)
            paths = [path for node in ast.walk(tree) if (path := _path_of(node)) is not None] if tree else []
            if any(
                not isinstance(p, ast.Constant) and not (isinstance(p, ast.Name) and p.id in holders) for p in paths
            ):
                return True
    return False


def _kept_files(script: Script) -> list[tuple[InputFile, int]]:
    """Return each content of each file that was kept, with the number of the execution that first found it there."""
    found: dict[tuple[str, str], tuple[InputFile, int]] = {}
    for section, file in _reads(script):
        found.setdefault((file.resolved, str(file.digest)), (file, section.execution.number))
    return list(found.values())


def _reads(script: Script) -> Iterator[tuple[Section, InputFile]]:
    modules = {module.digest for module in script.modules}
    for section in script.sections:
        for file in section.execution.inputs:
            is_module = file.digest in modules and file.resolved.endswith(".py")
            if file.digest is not None and not is_module:
                yield section, file


def _lost(script: Script) -> Iterator[str]:
    files = {file.resolved: file for section in script.sections for file in section.execution.inputs}
    return (f"{file.path} is read from its own place: {file.reason}." for file in files.values() if file.digest is None)


def _with_changes(script: Script, inputs: list[ScriptInput]) -> Script:
    """Say in the script from where on a path stands for another content, or for a file that the script has written."""
    known = {(item.resolved, item.digest): item for item in inputs}
    current: dict[str, ScriptInput | None] = {}
    files = script.own("INPUTS")
    sections = []
    for section in script.sections:
        source = section.source
        for file in section.execution.inputs:
            item = known.get((file.resolved, file.digest)) if file.digest is not None else None
            if item is None:
                continue
            before = current.setdefault(item.resolved, item)
            if before is not None and before is not item:
                changes = (f"{files}[{_quoted(path)}] = {_quoted(item.name)}" for path in item.paths)
                source = "\n".join(["# From here on another file lay there.", *changes, "", source])
                current[item.resolved] = item
        if section is not script.sections[-1]:
            for path in section.execution.writes:
                if (before := current.get(path)) is not None:
                    changes = (f"del {files}[{_quoted(path)}]" for path in before.paths)
                    written = "# From here on the file that was written here is read."
                    source = "\n".join([source.rstrip(), "", written, *changes])
                    current[path] = None
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections))


def _named(files: list[tuple[InputFile, int]], texts: Iterable[str], folder: str) -> list[ScriptInput]:
    """Name each file by the shortest end of its path that no other shares; a later content, by its execution, too."""
    inputs: list[ScriptInput] = []
    for file, number in files:
        parts = PurePath(file.resolved).parts
        others = {PurePath(other.resolved).parts for other, _ in files if other.resolved != file.resolved}
        length = next((n for n in range(1, len(parts)) if all(parts[-n:] != o[-n:] for o in others)), len(parts) - 1)
        name = PurePath(*parts[-length:])
        since = number if any(item.resolved == file.resolved for item in inputs) else None
        if since is not None:
            name = name.with_name(f"{name.stem}-in-{since}{name.suffix}")
        typed = sorted(text for text in texts if _spells(text, file, folder))
        # A computed path is absolute or meant from the notebook's folder.
        computed = os.path.relpath(file.resolved, folder) if os.path.isabs(file.path) else file.path
        inputs.append(
            ScriptInput(
                name=name.as_posix(),
                paths=tuple(dict.fromkeys(os.path.normpath(path) for path in typed or [computed])),
                resolved=file.resolved,
                digest=file.digest,  # type: ignore[arg-type]  # only kept ones come here
                size_bytes=file.size_bytes,
                since=since,
            )
        )
    return sorted(inputs, key=lambda item: item.name)


def _spells(text: str, file: InputFile | ScriptInput, folder: str) -> bool:
    if not text or "\n" in text or len(text) > 4096:
        return False
    known = (file.path,) if isinstance(file, InputFile) else file.paths
    return text in known or os.path.normpath(os.path.join(folder, os.path.expanduser(text))) == file.resolved


def _texts(section: Section) -> Iterable[str]:
    tree = parse(section.source)
    return (node.value for node in _plain_texts(tree) if isinstance(node.value, str)) if tree is not None else ()


def _plain_texts(tree: ast.AST) -> list[ast.Constant]:
    """Return the texts that stand as values: not parts of f-strings, keys, compared texts, nor texts on their own."""
    found, pending = [], list[ast.AST](ast.iter_child_nodes(tree))
    while pending:
        node = pending.pop()
        match node:
            case ast.JoinedStr() | ast.Compare() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Call(func=ast.Name(id="print")):
                continue
            case ast.Subscript(slice=ast.Constant()):
                pending.append(node.value)
                continue
            case ast.Dict(values=values):
                pending += values
                continue
            case ast.Constant(value=str()):
                found.append(node)
        pending.extend(ast.iter_child_nodes(node))
    return found


def _names_holding(script: Script, spelled: frozenset[str]) -> set[object]:
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


def _wrapped(section: Section, wrapping: _Wrapping) -> str:
    tree = parse(section.source)
    if tree is None:
        return section.source
    edits = Edits(section.source)
    for text in _plain_texts(tree):
        if text.value in wrapping.spelled:
            edits.wrap(text, wrapping.call)
    for path in _looked_up(tree, wrapping) if wrapping.computed else ():
        edits.wrap(path, wrapping.call)
    return edits.done()


def _looked_up(tree: ast.Module, wrapping: _Wrapping) -> list[ast.expr]:
    """Return the expressions whose value is looked up when the script runs."""
    found = [path for node in ast.walk(tree) if (path := _path_of(node)) is not None and _may_give(path, wrapping)]
    inside = {id(node) for path in found for node in ast.walk(path)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            inside |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr) and id(node) not in inside and _gives_input(node, wrapping):
            found.append(node)
    return found


def _may_give(path: ast.expr, wrapping: _Wrapping) -> bool:
    if isinstance(path, ast.Constant):
        text = path.value
        if not isinstance(text, str) or text in wrapping.spelled:
            return False
        return any(_spells(text, item, wrapping.folder) for item in wrapping.computed)
    return not (isinstance(path, ast.Name) and path.id in wrapping.holders)


def _gives_input(node: ast.JoinedStr, wrapping: _Wrapping) -> bool:
    """Tell whether an f-string can give the path of an input; one that the session also writes is not taken."""
    parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[^/]*" for v in node.values]
    pattern = re.compile("".join(parts))
    places = [
        text
        for item in wrapping.computed
        if item.resolved not in wrapping.written
        for text in (*item.paths, item.resolved, os.path.relpath(item.resolved, wrapping.folder))
    ]
    return any(isinstance(v, ast.Constant) for v in node.values) and any(map(pattern.fullmatch, places))


def _path_of(node: ast.AST) -> ast.expr | None:
    """Return the expression that gives the path, if the node is a call that reads a file or looks for one."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    if first is None:
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        first = next((named[name] for name in _PATH_KEYWORDS if name in named), None)
    if isinstance(function, ast.Name):
        reads = function.id in _READERS or (function.id == "open" and _mode_reads(node, at=1))
        return first if reads else None
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    match function.attr:
        case "read_text" | "read_bytes":
            return function.value
        case "open" if owner in _OPENERS:
            return first if _mode_reads(node, at=1) else None
        case "open":
            return function.value if _mode_reads(node, at=0) else None
        case "load":
            return first if owner in _LOADERS else None
        case name if name in _LOOKS:
            return first if node.args else function.value
        case name:
            return first if name in _READERS else None


def _mode_reads(call: ast.Call, *, at: int) -> bool:
    """Tell whether the mode of an `open`, its argument number `at`, is one for reading; by default it is."""
    modes = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return all(isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) <= set("rbtU") for m in modes)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
