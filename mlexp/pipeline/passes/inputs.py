"""Inputs are read from the bundle: a path is wrapped where it stands.

A text that spells an input is wrapped wherever it stands as a value. Inputs that no text spells have a computed path;
then an f-string that can give it is wrapped, and the path given to each reading call, and looked up when the script
runs. So is an input that the session writes later: its own text must go on to mean the user's file there. An input that
the session changes in place is changed in a copy, which each of its texts then means.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.openings import path_of, starts_process, texts_of_command
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.input_names import folders_read, kept_files, named_inputs, plain_texts, spells, texts_of
from mlexp.pipeline.input_times import copied_inputs, is_rewritten_at_once, make_folders, with_changes
from mlexp.pipeline.listings import entries_listed, lay_late, ordered_listings
from mlexp.pipeline.passes.folders import moves_in
from mlexp.pipeline.script import Script, ScriptInput, Section


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """What is wrapped in a script."""

    calls: dict[str, str]
    """Texts that stand for an input wherever they stand, with the function that gives its place."""
    call: str
    """What that function is called for other paths."""
    copy: str
    """What it is called for an input that is changed in place."""
    computed: tuple[ScriptInput, ...]
    """Inputs that no such text spells: looked up where a path is read."""
    copied: frozenset[str]
    """Paths of those that are changed in place."""
    holders: frozenset[object]
    """Names that are bound to nothing but wrapped texts."""
    folder: str
    written: frozenset[str]
    """Paths that the session writes."""
    parts: tuple[tuple[str, str], ...]
    """Texts that stand for an input as a part of a command, with the path that they mean."""
    folders: frozenset[str]
    """Texts that stand for a whole folder of inputs where they are read."""
    listing: str
    """What the function is called that lists folders; empty where none is listed that held inputs."""


def bundle_inputs(script: Script) -> Script:
    """Bundle the files that the sections read, and wrap their paths."""
    texts = {path for section in script.sections for path in texts_of(section)}
    files = kept_files(script)
    folders = folders_read(files, script)
    inputs = named_inputs(files, texts, sorted({*folders.values()}, key=len), script)
    copied = copied_inputs(script, inputs)
    written = frozenset(path for section in script.sections for path in section.execution.writes) - copied
    plain = [item for item in inputs if item.resolved not in written]
    one, copy = script.own("input_path"), script.own("input_copy")
    calls = {
        text: copy if item.resolved in copied else one
        for text in texts
        for item in plain
        if spells(text, item, script.folder)
    }
    holders = frozenset(_names_holding(script, frozenset(calls)))
    listed = entries_listed(script)
    wrapping = _Wrapping(
        calls=calls,
        call=one,
        copy=copy,
        computed=tuple(item for item in inputs if item not in plain or _is_computed(item, script, holders)),
        copied=copied,
        holders=holders,
        folder=script.folder,
        written=written,
        parts=(
            *((path, item.resolved) for item in inputs for path in _parts_of(item, script.folder)),
            *folders.items(),
        ),
        folders=frozenset(folders),
        listing=script.own("as_listed") if listed else "",
    )
    changed, places = _placed(script.with_sources(lambda section: _wrapped(section, wrapping)), inputs)
    changed = make_folders(with_changes(changed, inputs, copied, placed=places or bool(listed)))
    if not moves_in(script):  # else nobody can tell from here what the paths mean there
        listed, changed = lay_late(listed, changed)
    helpers = {"input_copy"} if copied else set()
    helpers |= {"place_input"} if places else set()
    helpers |= {"as_listed"} if any(f"{wrapping.listing}(" in s.source for s in changed.sections) and listed else set()
    unspelled = any(not any(spells(text, item, script.folder) for text in texts) for item in plain)
    programs = _programs(script, inputs) if unspelled else ()
    helpers |= {"rewritten"} if is_rewritten_at_once(script, inputs, copied) else set()
    imports = {"shutil", "tempfile"} if copied else set()
    imports |= {"atexit", "shutil"} if places else set()
    imports |= {"builtins"} if programs else set()
    imports |= ({"atexit", "shutil"} if listed else set()) | ({"time"} if "rewritten" in helpers else set())
    return replace(
        changed,
        inputs=tuple(inputs),
        programs=programs,
        listed=listed,
        folders=tuple((os.path.normpath(text), _folder_name(text, folder)) for text, folder in sorted(folders.items())),
        helpers=changed.helpers | helpers,
        imports=changed.imports | imports,
        warnings=(*changed.warnings, *_lost(script)),
    )


def _programs(script: Script, inputs: list[ScriptInput]) -> tuple[str, ...]:
    """Return the names in the bundle of the code that runs in the script's own process."""
    run = [section.source for section in script.sections if "exec(" in section.source or "run_path" in section.source]
    files = [item.name for item in inputs if item.name.endswith(".py")]
    found = [name for name in files if any(os.path.basename(name) in source for source in run)]
    return (*(module.file for module in script.modules), *found)


def _placed(script: Script, inputs: list[ScriptInput]) -> tuple[Script, bool]:
    """Put the inputs of other programs where these look for them; tell whether there are any."""
    sections = []
    for section in script.sections:
        tree = parse(section.source)
        starts = tree is not None and any(starts_process(node) for node in ast.walk(tree))
        read = {(file.resolved, file.digest) for file in section.execution.inputs} if starts else set()
        named = set(_texts_elsewhere(tree)) if tree is not None and starts else set()
        lines = []
        for item in inputs:
            place = os.path.relpath(item.resolved, script.folder)
            is_named = any(spells(text, item, script.folder) for text in named)
            is_listed = starts and os.path.dirname(item.resolved) in section.execution.listed
            if (is_listed or (item.resolved, item.digest) in read) and not place.startswith("..") and not is_named:
                lines.append(f"{script.own('place_input')}({_python_text(place)})")
        sections.append(replace(section, source="\n".join([*lines, section.source])) if lines else section)
    return replace(script, sections=tuple(sections)), any(
        a is not b for a, b in zip(sections, script.sections, strict=True)
    )


def _texts_elsewhere(tree: ast.Module) -> list[str]:
    """Return the texts that stand as values, but not in what is given to other programs."""
    given = {id(inner) for node in ast.walk(tree) if starts_process(node) for inner in ast.walk(node)}
    return [str(text.value) for text in plain_texts(tree) if id(text) not in given]


def _folder_name(text: str, folder: str) -> str:
    name = os.path.basename(folder)
    return f"{name}/{os.path.basename(text)}" if "*" in text else name


def with_inputs(program: str, script: Script) -> str:
    """Return a program of the user's, in the bundle beside the script, with the paths of inputs wrapped."""
    call = script.own("input_path")
    wrapping = _Wrapping(
        calls={},
        call=call,
        copy=call,
        computed=script.inputs,
        copied=frozenset(),
        holders=frozenset(),
        folder=script.folder,
        written=frozenset(),
        parts=(),
        folders=frozenset(),
        listing="",
    )
    tree = parse(program)
    return _with_wraps(program, tree, wrapping).done() if tree is not None else program


def _is_computed(item: ScriptInput, script: Script, holders: frozenset[object]) -> bool:
    """Tell whether a section that reads the input may have computed its path: it does not spell it, or not only."""
    for section in script.sections:
        if any(file.resolved == item.resolved for file in section.execution.inputs):
            if not any(spells(text, item, script.folder) for text in texts_of(section)):
                return True
            tree = parse(section.source)
            paths = [path for node in ast.walk(tree) if (path := path_of(node)) is not None] if tree else []
            if any(
                not isinstance(p, ast.Constant) and not (isinstance(p, ast.Name) and p.id in holders) for p in paths
            ):
                return True
    return False


def _lost(script: Script) -> list[str]:
    files = {file.resolved: file for section in script.sections for file in section.execution.inputs}
    return [f"{file.path} is read from its own place: {file.reason}." for file in files.values() if file.digest is None]


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


def _parts_of(item: ScriptInput, folder: str) -> list[str]:
    relative = os.path.relpath(item.resolved, folder)
    return list(dict.fromkeys((*item.paths, item.resolved, *([relative] if not relative.startswith("..") else []))))


def _wrapped(section: Section, wrapping: _Wrapping) -> str:
    tree = parse(section.source)
    if tree is None:
        return section.source
    edits = _with_wraps(section.source, tree, wrapping)
    for node in ast.walk(tree):
        for command in texts_of_command(node) if wrapping.parts else ():
            edits.insert_after(command, _replacing(command, section, wrapping))
    for function in ordered_listings(section) if wrapping.listing else ():
        edits.wrap(function, wrapping.listing)
    return edits.done()


def _with_wraps(source: str, tree: ast.Module, wrapping: _Wrapping) -> Edits:
    edits = Edits(source)
    for text in plain_texts(tree):
        if (call := wrapping.calls.get(str(text.value))) is not None:
            edits.wrap(text, call)
    for path, call in _looked_up(tree, wrapping) if wrapping.computed else ():
        edits.wrap(path, call)
    return edits


def _replacing(command: ast.expr, section: Section, wrapping: _Wrapping) -> str:
    """Return the calls that put the places of inputs into a command, in place of their paths."""
    texts = [node.value for node in ast.walk(command) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    whole = "\0".join(texts)
    if whole in wrapping.calls:
        return ""
    found = ""
    for path, resolved in wrapping.parts:
        is_copied = resolved in wrapping.copied
        if not is_copied and resolved in section.execution.writes:
            continue  # the command is to write it where it lies
        if re.search(rf"(?<![\w./\-]){re.escape(path)}(?![\w/\-]|\.\w)", whole):
            call = wrapping.copy if is_copied else wrapping.call
            quoted = _python_text(path)
            found += f".replace({quoted}, {call}({quoted}))"
    return found


def _looked_up(tree: ast.Module, wrapping: _Wrapping) -> list[tuple[ast.expr, str]]:
    """Return the expressions whose value is looked up when the script runs, with the function that does it."""
    copies = any(item.resolved in wrapping.copied for item in wrapping.computed)
    call = wrapping.copy if copies else wrapping.call
    found = [
        (path, call)
        for node in ast.walk(tree)
        if (path := path_of(node, writing=copies)) is not None and _may_give(path, wrapping)
    ]
    inside = {id(node) for path, _ in found for node in ast.walk(path)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            inside |= {id(inner) for inner in ast.walk(node)}
        for text in texts_of_command(node):
            inside |= {id(inner) for inner in ast.walk(text)}
        if isinstance(node, ast.JoinedStr) and id(node) not in inside and _gives_input(node, wrapping):
            found.append((node, call))
    return found


def _may_give(path: ast.expr, wrapping: _Wrapping) -> bool:
    if isinstance(path, ast.Constant):
        text = path.value
        if not isinstance(text, str) or text in wrapping.calls:
            return False
        return text in wrapping.folders or any(spells(text, item, wrapping.folder) for item in wrapping.computed)
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


def _python_text(text: str) -> str:
    return f'"{text}"' if '"' not in text and "\\" not in text and text.isprintable() else repr(text)
