"""Generators get back the state that they had where the replay would not bring them there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.rules import called
from mlexp.pipeline.script import RestoredState, Script, Section
from mlexp.records import Digest, GeneratorState

_SEEDERS = frozenset({"seed", "set_state", "setstate", "seed_everything", "set_seed", "seed_all", "fix_seed"})


_GENERATORS = frozenset({"random", "numpy"})


def restore_states(script: Script) -> Script:
    """Restore a state before each section that draws, unless the sections before it lead there or it seeds."""
    return _restored(script, trust_seeds=True)


def restore_all_states(script: Script) -> Script:
    """Restore a state before each section that draws."""
    return _restored(script, trust_seeds=False)


def _restored(script: Script, *, trust_seeds: bool) -> Script:
    states: dict[str, RestoredState] = {}
    known: dict[str, Digest] = {}
    seeding = _seeding_functions(script.sections)
    sections = []
    for section in script.sections:
        lines: list[str] = []
        for moved in section.execution.generators if _draws(section, trust=trust_seeds) else ():
            if moved.before == moved.after or moved.variable or moved.generator not in _GENERATORS:
                continue
            if not trust_seeds or not (
                known.get(moved.generator) == moved.before or _seeds(section, moved.generator, seeding)
            ):
                state = _state(section, moved, states)
                states[state.file] = state
                lines += _restoring(state, script.own("restore_state"))
            known[moved.generator] = moved.after
        sections.append(replace(section, source="\n".join([*lines, section.source])))
    return replace(script, sections=tuple(sections), states=tuple(states.values()))


def _restoring(state: RestoredState, function: str) -> list[str]:
    return [
        f"# Nobody seeded {state.generator} here: this is its state as it was. Without this line, each run draws anew.",
        f'{function}("{state.file}", "{state.generator}")',
        "",
    ]


def _state(section: Section, moved: GeneratorState, states: Mapping[str, RestoredState]) -> RestoredState:
    execution = section.execution
    file = f"rng-{execution.number}-{moved.generator}.json"
    if file in states:  # executions that leave no history share the number of the next
        file = f"rng-{execution.number}-{execution.index}-{moved.generator}.json"
    return RestoredState(file=file, generator=moved.generator, digest=moved.before)


def _draws(section: Section, *, trust: bool) -> bool:
    """Tell whether anything in a section may draw for the user; what an import draws is nothing to the user's code."""
    tree = parse(section.source)
    imports = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef) if trust else ()
    return tree is None or not all(isinstance(statement, imports) for statement in tree.body)


def _seeding_functions(sections: Iterable[Section]) -> Mapping[str, frozenset[str]]:
    """Return the functions of the sections that seed, and the generators that each one seeds."""
    found: dict[str, frozenset[str]] = {}
    for section in sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (seeded := _seeded(node, {})):
                found[node.name] = seeded
    return found


def _seeds(section: Section, generator: str, functions: Mapping[str, frozenset[str]]) -> bool:
    tree = parse(section.source)
    if tree is None:
        return False
    top = [s for s in tree.body if not isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return any(generator in _seeded(statement, functions) for statement in top)


def _seeded(tree: ast.AST, functions: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the generators that the calls in a tree seed."""
    found: frozenset[str] = frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = called(node)
            if name in _SEEDERS:
                found |= _owners(function)
            found |= functions.get(name, frozenset())
    return found


def _owners(function: ast.expr) -> frozenset[str]:
    """Return whose seed a seeding call sets: `np.random.seed` NumPy's, `random.seed` Python's, another one's all."""
    match function:
        case ast.Attribute(value=ast.Attribute(attr="random")):
            return frozenset({"numpy"})
        case ast.Attribute(value=ast.Name(id="random")):
            return frozenset({"random"})
    return _GENERATORS
