"""When a path means what: an input, another input that lay there later, or a file that the script has written."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Sequence, Set
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.script import Script, ScriptInput


def copied_inputs(script: Script, inputs: Sequence[ScriptInput]) -> frozenset[str]:
    """Return the paths of inputs that the session changes in place, moves or removes, unless it wrote them before."""
    found: set[str] = set()
    own: set[str] = set()
    known = {item.resolved for item in inputs}
    for section in script.sections:
        execution = section.execution
        found |= (known & {*execution.appends, *execution.removes}) - own
        own |= set(execution.writes) - set(execution.appends)
    return frozenset(found)


def is_rewritten_at_once(script: Script, inputs: Sequence[ScriptInput], copied: Set[str]) -> bool:
    """Tell whether a section reads an input and writes it anew: what it reads then may be its own."""
    known = {item.resolved for item in inputs} - copied
    return any(
        file.resolved in known and file.resolved in section.execution.writes
        for section in script.sections
        for file in section.execution.inputs
    )


def with_changes(script: Script, inputs: Sequence[ScriptInput], copied: Set[str], *, placed: bool) -> Script:
    """Say in the script from where on a path stands for another content, or for a file that the script has written.

    Args:
        script: The script.
        inputs: Its inputs.
        copied: Those that are changed in copies.
        placed: Whether some are laid where other programs look for them: then they may be taken out already.
    """
    known = {(item.resolved, item.digest): item for item in inputs}
    current: dict[str, ScriptInput | None] = {item.resolved: item for item in inputs if item.since is None}
    meant = {path: item.name for item in inputs for path in item.paths}  # the last of a dict's equal keys counts
    files = script.own("INPUTS")
    sections = []
    for section in script.sections:
        source = section.source
        for file in section.execution.inputs:
            item = known.get((file.resolved, file.digest)) if file.digest is not None else None
            if item is not None and current.get(item.resolved) is not item:
                changes = (f"{files}[{_quoted(path)}] = {_quoted(item.name)}" for path in item.paths)
                source = "\n".join(["# From here on another file lay there.", *changes, "", source])
                current[item.resolved] = item
                meant |= dict.fromkeys(item.paths, item.name)
            elif item is not None and any(meant[path] != item.name for path in item.paths):
                # The same words, from another working directory.
                changes = (f"{files}[{_quoted(path)}] = {_quoted(item.name)}" for path in item.paths)
                source = "\n".join([*changes, "", source])
                meant |= dict.fromkeys(item.paths, item.name)
        if section is not script.sections[-1]:
            gone = (*section.execution.writes, *section.execution.removes)
            for path in gone:
                if path not in copied and (before := current.get(path)) is not None:
                    names = [_quoted(path) for path in before.paths]
                    changes = (f"{files}.pop({name}, None)" if placed else f"del {files}[{name}]" for name in names)
                    written = "# From here on the file that was written here is read."
                    source = "\n".join([source.rstrip(), "", written, *changes])
                    current[path] = None
        sections.append(replace(section, source=source))
    return replace(script, sections=tuple(sections))


def make_folders(script: Script) -> Script:
    """Make the folders first that were there in the session and that a section writes into, or goes to."""
    made: set[str] = set()
    sections = []
    for section in script.sections:
        made |= set(section.execution.writes)
        wanted = dict.fromkeys(os.path.dirname(path) for path in section.execution.writes)
        wanted |= dict.fromkeys(_gone_to(section.source, script.folder))
        lines = []
        for folder in wanted:
            relative = os.path.relpath(folder, script.folder)
            if folder not in made and relative != "." and not relative.startswith(".."):
                lines.append(f"{script.own('os')}.makedirs({_quoted(relative)}, exist_ok=True)")
                made.add(folder)
        sections.append(replace(section, source="\n".join([*lines, section.source])))
    return replace(script, sections=tuple(sections))


def _gone_to(source: str, folder: str) -> list[str]:
    tree = parse(source) if "chdir" in source else None
    return [
        os.path.normpath(os.path.join(folder, node.args[0].value))
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "chdir"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
