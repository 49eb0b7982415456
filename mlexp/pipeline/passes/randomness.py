"""Generators get back the state that they had where the replay would not bring them there."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.pipeline.script import RestoredState, Script, Section
from mlexp.records import Digest, GeneratorState

_SEEDERS = frozenset({"seed", "set_state", "setstate", "seed_everything", "set_seed", "seed_all", "fix_seed"})


def restore_states(script: Script) -> Script:
    """Restore a state before each section that draws, unless the sections before it lead there or it seeds."""
    return _restored(script, trust_seeds=True)


def restore_all_states(script: Script) -> Script:
    """Restore a state before each section that draws."""
    return _restored(script, trust_seeds=False)


def _restored(script: Script, *, trust_seeds: bool) -> Script:
    states: list[RestoredState] = []
    known: dict[str, Digest] = {}
    seeding = _seeding_functions(script.sections)
    sections = []
    for section in script.sections:
        lines = []
        for moved in section.execution.generators:
            if moved.before == moved.after:
                continue
            if trust_seeds and (known.get(moved.generator) == moved.before or _seeds(section, seeding)):
                known[moved.generator] = moved.after
                continue
            state = _state(section, moved)
            states.append(state)
            lines.append(f"{script.own('restore_state')}({state.file!r}, {state.generator!r})".replace("'", '"'))
            known[moved.generator] = moved.after
        sections.append(replace(section, source="\n".join([*_explained(lines), section.source])))
    return replace(script, sections=tuple(sections), states=tuple(states))


def _explained(lines: list[str]) -> list[str]:
    if not lines:
        return []
    return [
        "# The notebook did not seed here: this is the state as it was. Without this line, each run draws anew.",
        *lines,
        "",
    ]


def _state(section: Section, moved: GeneratorState) -> RestoredState:
    file = f"rng-{section.execution.number}-{moved.generator}.json"
    return RestoredState(file=file, generator=moved.generator, digest=moved.before)


def _seeding_functions(sections: Iterable[Section]) -> frozenset[str]:
    """Return the names of functions of the sections that seed."""
    found = set()
    for section in sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _calls(node, _SEEDERS):
                found.add(node.name)
    return frozenset(found)


def _seeds(section: Section, functions: frozenset[str]) -> bool:
    tree = parse(section.source)
    if tree is None:
        return False
    top = [s for s in tree.body if not isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return any(_calls(statement, _SEEDERS | functions) for statement in top)


def _calls(tree: ast.AST, names: frozenset[str]) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in names:
                return True
    return False
