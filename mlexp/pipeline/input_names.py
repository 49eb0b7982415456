"""What inputs are called: by the notebook's texts, and in the bundle."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from mlexp.dataflow.cell import parse
from mlexp.dataflow.openings import path_of, texts_of_command
from mlexp.pipeline.script import Script, ScriptInput, Section
from mlexp.records import InputFile


def kept_files(script: Script) -> list[tuple[InputFile, int]]:
    """Return each content of each file that was kept, with the number of the execution that first found it there."""
    found: dict[tuple[str, str], tuple[InputFile, int]] = {}
    modules = {module.digest for module in script.modules}
    for section in script.sections:
        for file in section.execution.inputs:
            is_module = file.digest in modules and file.resolved.endswith(".py")
            if file.digest is not None and not is_module:
                found.setdefault((file.resolved, str(file.digest)), (file, section.execution.number))
    return list(found.values())


def folders_read(files: list[tuple[InputFile, int]], script: Script) -> dict[str, str]:
    """Return the texts by which whole folders of inputs, or patterns, are read at once, and the folders they mean."""
    found: dict[str, str] = {}
    for text in _texts_read(script):
        pattern = "*" in text
        folder = os.path.normpath(os.path.join(script.folder, os.path.dirname(text) if pattern else text))
        is_above = (script.folder + os.sep).startswith(folder + os.sep)
        if not is_above and any(file.resolved.startswith(folder + os.sep) for file, _ in files):
            found[text] = folder
    return found


def _texts_read(script: Script) -> set[str]:
    """Return the texts that are read as a whole: given to a reading call, themselves or through a name."""
    texts: set[str] = set()
    named: dict[str, set[str]] = {}
    names: set[str] = set()
    for section in script.sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            path = _inside_path(found) if (found := path_of(node)) is not None else None
            if isinstance(path, ast.Constant) and isinstance(path.value, str):
                texts.add(path.value)
            elif isinstance(path, ast.Name):
                names.add(path.id)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                value = _inside_path(node.value)
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    named.setdefault(node.targets[0].id, set()).add(value.value)
            for command in texts_of_command(node):
                whole = command.value if isinstance(command, ast.Constant) else ""
                texts |= {part for part in re.findall(r"[^\s'\"]+", str(whole)) if "*" in part and "/" in part}
    return texts.union(*(named.get(name, set()) for name in names)) - {""}


def _inside_path(node: ast.expr) -> ast.expr:
    """Return what a call of `Path` is given; any other expression as it is."""
    match node:
        case ast.Call(func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[inner]):
            return inner
    return node


def named_inputs(
    files: list[tuple[InputFile, int]], texts: Iterable[str], folders: Iterable[str], script: Script
) -> list[ScriptInput]:
    """Name each file by the shortest end of its path that no other shares; a later content, by its execution, too."""
    inputs: list[ScriptInput] = []
    folder, first_written = script.folder, _first_written(script)
    for file, number in files:
        parts = PurePath(file.resolved).parts
        others = {PurePath(other.resolved).parts for other, _ in files if other.resolved != file.resolved}
        length = next((n for n in range(1, len(parts)) if all(parts[-n:] != o[-n:] for o in others)), len(parts) - 1)
        name = _beside_modules(file, script) or _in_folder(file, folders) or PurePath(*parts[-length:])
        is_later = any(item.resolved == file.resolved for item in inputs)
        if is_later:
            name = name.with_name(f"{name.stem}-in-{number}{name.suffix}")
        typed = sorted(text for text in texts if spells(text, file, folder))
        # A computed path is absolute or meant from the notebook's folder.
        computed = os.path.relpath(file.resolved, folder) if os.path.isabs(file.path) else file.path
        inputs.append(
            ScriptInput(
                name=name.as_posix(),
                paths=tuple(dict.fromkeys(os.path.normpath(path) for path in typed or [computed])),
                resolved=file.resolved,
                digest=file.digest,  # type: ignore[arg-type]  # only kept ones come here
                size_bytes=file.size_bytes,
                since=number if is_later or number > first_written.get(file.resolved, number) else None,
            )
        )
    return sorted(inputs, key=lambda item: item.name)


def _in_folder(file: InputFile, folders: Iterable[str]) -> PurePath | None:
    """Return the place of a file in a folder that is read as a whole; None for any other file."""
    for folder in folders:
        if file.resolved.startswith(folder + os.sep):
            return PurePath(os.path.basename(folder), os.path.relpath(file.resolved, folder))
    return None


def _beside_modules(file: InputFile, script: Script) -> PurePath | None:
    """Return the place of a file that a module of the user's may look for beside itself; None for any other file."""
    place = os.path.relpath(file.resolved, script.folder)
    if not script.modules or place.startswith("..") or any(_mentions(section, place) for section in script.sections):
        return None
    return PurePath(place)


def _mentions(section: Section, place: str) -> bool:
    """Tell whether a section may mean a file by its own text: it says a part of its path."""
    return any(part in section.source for part in (os.path.basename(place), os.path.dirname(place)) if part)


def _first_written(script: Script) -> dict[str, int]:
    """Return the numbers of the executions that first wrote each file that was not there as an input before."""
    found: dict[str, int] = {}
    read: set[str] = set()
    for section in script.sections:
        read |= {file.resolved for file in section.execution.inputs}
        for path in section.execution.writes:
            if path not in read:
                found.setdefault(path, section.execution.number)
    return found


def spells(text: str, file: InputFile | ScriptInput, folder: str) -> bool:
    """Tell whether a text is the path of a file."""
    if not text or "\n" in text or len(text) > 4096:
        return False
    known = (file.path,) if isinstance(file, InputFile) else file.paths
    return text in known or os.path.normpath(os.path.join(folder, os.path.expanduser(text))) == file.resolved


def texts_of(section: Section) -> Iterator[str]:
    """Yield the texts of a section that stand as values."""
    tree = parse(section.source)
    for node in plain_texts(tree) if tree is not None else ():
        if isinstance(node.value, str):
            yield node.value


def plain_texts(tree: ast.AST) -> list[ast.Constant]:
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
