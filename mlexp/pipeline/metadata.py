"""The PEP 723 block: the Python minor version and the exact packages that the script was run with."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence

from mlexp.dataflow.cell import parse
from mlexp.pipeline.script import Script
from mlexp.records import Package

_WIDTH = 110


def metadata_block(script: Script, packages: Sequence[Package], *, python: str) -> str:
    """Return the block. What the sections import comes first, then what these need."""
    minor = ".".join(python.split(".")[:2])
    imported = imported_roots(script)
    direct = [p for p in packages if set(p.modules) & imported]
    others = [p for p in packages if p not in direct]
    head = ["# /// script", f'# requires-python = "=={minor}.*"']
    if not packages:
        return "\n".join([*head, "# dependencies = []", "# ///"])
    lines = [*head, "# dependencies = ["]
    lines += [f"#     {_pin(package)}," for package in direct]
    if others:
        lines.append("#     # and what these need, as it was installed:")
        row = "#     "
        for pin in (f"{_pin(package)}, " for package in others):
            if len(row) + len(pin) > _WIDTH:
                lines.append(row.rstrip())
                row = "#     "
            row += pin
        lines.append(row.rstrip())
    return "\n".join([*lines, "# ]", "# ///"])


def imported_roots(script: Script) -> frozenset[str]:
    """Return the top-level names of the modules that the sections import, those of the standard library left out."""
    roots = set()
    for section in script.sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                roots.add(node.module.partition(".")[0])
    return frozenset(roots - sys.stdlib_module_names)


def needed_packages(script: Script, packages: Sequence[Package]) -> tuple[Package, ...]:
    """Return those of the loaded packages that the sections import, and that these require: for an unproven script."""
    by_name = {_normal(package.name): package for package in packages}
    roots = imported_roots(script)
    needed: dict[str, Package] = {}
    pending = [package for package in packages if set(package.modules) & roots]
    while pending:
        package = pending.pop()
        if package.name not in needed:
            needed[package.name] = package
            pending += [by_name[_normal(name)] for name in package.requires if _normal(name) in by_name]
    return tuple(sorted(needed.values(), key=lambda package: package.name.lower()))


def _pin(package: Package) -> str:
    return f'"{_normal(package.name)}=={package.version.partition("+")[0]}"'


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
