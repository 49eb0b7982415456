"""The user's modules. Those that the session wrote are imported from where the script writes them; of one that was
changed from outside, each section gets the version of then.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.script import Script, Section
from mlexp.records import ModuleRecord


def follow_modules(script: Script) -> Script:
    """Let each section import its modules as they were then."""
    written = {path for section in script.sections for path in section.execution.writes if path.endswith(".py")}
    own = {
        m.file for m in _modules(script) if any(path.endswith(os.sep + os.path.normpath(m.file)) for path in written)
    }
    current: dict[str, ModuleRecord] = {}
    bundled: dict[str, ModuleRecord] = {}
    sections = []
    imports: set[str] = set()
    for section in script.sections:
        lines: list[str] = []
        for module in section.execution.modules:
            if module.file in own:
                continue
            before = current.get(module.file)
            current[module.file] = module
            if before is None:
                bundled[module.file] = module
            elif before.digest != module.digest:
                folder = f"in-{section.execution.number}"
                bundled[f"{folder}/{module.file}"] = replace(module, file=f"{folder}/{module.file}")
                lines += _changed(module, folder, section, script)
        if lines:
            imports |= {"importlib"}
            lines = ["# From here on this module reads otherwise.", *lines, ""]
        source = "\n".join([*lines, section.source])
        if own and any(path in written for path in section.execution.writes):
            imports |= {"importlib"}
            source = f"{source.rstrip()}\n{script.own('importlib')}.invalidate_caches()"
        sections.append(replace(section, source=source))
    for module in script.modules:  # what was imported first by an execution that is left out
        if module.file not in own:
            bundled.setdefault(module.file, module)
    return replace(
        script,
        sections=tuple(sections),
        modules=tuple(bundled[file] for file in sorted(bundled)),
        helpers=script.helpers | ({"own_modules"} if own else set()),
        imports=script.imports | imports,
    )


def _modules(script: Script) -> Iterator[ModuleRecord]:
    for section in script.sections:
        yield from section.execution.modules


def _changed(module: ModuleRecord, folder: str, section: Section, script: Script) -> list[str]:
    """Return the lines that put another version of a module first, and load it if the section does not."""
    own = script.own
    place = f'{own("os")}.path.join({own("bundle")}, "{folder}")'
    top, _, rest = module.name.partition(".")
    if rest:  # a part of a package is found through the package alone
        inner = os.path.dirname(module.file)
        lines = [
            f'{own("sys")}.modules["{module.name.rpartition(".")[0]}"].__path__.insert(0, {_joined(place, inner)})'
        ]
    else:
        lines = [f"{own('sys')}.path.insert(0, {place})"]
    if "reload" not in section.source and top:
        lines.append(f'{own("importlib")}.reload({own("sys")}.modules["{module.name}"])')
        lines += _imported_from(module.name, script, section)
    return lines


def _joined(place: str, inner: str) -> str:
    return place.removesuffix(")") + f', "{inner}")'


def _imported_from(name: str, script: Script, until: Section) -> list[str]:
    """Return the statements by which earlier sections took names from a module."""
    found: dict[str, None] = {}
    for section in script.sections:
        if section is until:
            break
        tree = parse(section.source) if name in section.source else None
        for node in tree.body if tree is not None else ():
            if isinstance(node, ast.ImportFrom) and node.module == name and not node.level:
                found[ast.unparse(node)] = None
    return list(found)
