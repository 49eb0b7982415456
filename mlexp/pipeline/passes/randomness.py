"""Generators get back the state that they had where the replay would not bring them there.

The sections are walked in order. Of each generator it is known which state the sections so far lead to. One that draws
needs the state that was recorded before it: where that is not the known one, and the section does not seed first, it is
restored. A generator that a section makes without a seed gets what the system gave it then.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from mlexp.dataflow.cell import parse
from mlexp.dataflow.rules import called
from mlexp.dataflow.seeds import Seeds, family_of, root_of, unseeded
from mlexp.dataflow.walking import root_of as root_name
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.script import RestoredState, Script
from mlexp.records import Digest, GeneratorState

_OBJECTS_OF_NUMPY = ("numpy.random.Generator", "numpy.random.RandomState", "numpy.random.BitGenerator")
_TAKE_ENTROPY = frozenset({"default_rng", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})


def restore_states(script: Script) -> Script:
    """Restore a state before each section that draws, unless the sections before it lead there or it seeds."""
    return _Restoring(script, trust_seeds=True).done()


def restore_all_states(script: Script) -> Script:
    """Restore a state before each section that draws."""
    return _Restoring(script, trust_seeds=False).done()


class _Restoring:
    """One walk over a script's sections."""

    def __init__(self, script: Script, *, trust_seeds: bool) -> None:
        self._script = script
        self._trust = trust_seeds
        self._trees = [parse(section.source) or ast.Module([], []) for section in script.sections]
        self._edits = [Edits(section.source) for section in script.sections]
        self._heads: list[list[str]] = [[] for _ in script.sections]
        self._seeds = Seeds(self._trees)
        self._states: dict[str, RestoredState] = {}
        self._known: dict[str, Digest | None] = {}
        self._led_to: set[Digest] = set()
        """States of objects that the sections lead to: an object may be found at another place than before."""
        self._placed: set[str] = set()
        """Entropies that stand in the script."""

    def done(self) -> Script:
        """Return the script with its states restored."""
        for at, section in enumerate(self._script.sections):
            draws = _draws(self._trees[at], trust=self._trust)
            for moved in section.execution.generators:
                key = moved.variable or moved.generator
                if moved.made:
                    if moved.variable:
                        self._made(at, moved)
                elif moved.before != moved.after:
                    if not draws:  # the import of a library moved it, perhaps: here it may be imported already
                        self._known[key] = None
                        continue
                    self._moved(at, moved)
                else:
                    continue
                is_lost = not moved.variable and self._is_seeded_by_chance(at, moved)
                self._known[key] = None if is_lost else moved.after
                self._led_to |= {moved.after} if moved.variable else set()
        sections = tuple(
            replace(section, source="\n".join([*head, edits.done()]))
            for section, head, edits in zip(self._script.sections, self._heads, self._edits, strict=True)
        )
        return replace(self._script, sections=sections, states=tuple(self._states.values()))

    def _moved(self, at: int, moved: GeneratorState) -> None:
        """See to it that a section finds a generator as it was."""
        key = moved.variable or moved.generator
        known = self._known.get(key)
        is_led = known == moved.before or (moved.variable and known is None and moved.before in self._led_to)
        if self._trust and (is_led or self._seeds.come_first(self._trees[at].body, moved)):
            return
        root = root_of(moved.variable)
        if root and not any(root in s.execution.bound for s in self._script.sections[:at]):
            return  # it is not there yet: the section makes it
        name = moved.variable or moved.generator
        seeded = any(self._seeding_flags(i, moved) is not None for i in range(at + 1))
        why = (
            f"# Other cells drew from {name}, too: this is its state as it was."
            if seeded
            else f"# Nobody seeded {name} here: this is its state as it was. Without this line, each run draws anew."
        )
        self._heads[at] += [why, self._restore(at, moved), ""]

    def _made(self, at: int, moved: GeneratorState) -> None:
        """See to it that a generator that a section makes begins as it did."""
        root, tree = root_of(moved.variable), self._trees[at]
        statement = _maker(tree.body, root)
        if moved.entropy and not self._is_in_text(moved.entropy):
            if moved.entropy in self._placed or self._place(at, statement, moved):
                self._placed.add(moved.entropy)
                return
        elif not any(
            True for node in ([statement, *tree.body] if statement is not None else ()) for _ in unseeded(node)
        ) or (moved.generator not in _OBJECTS_OF_NUMPY and moved.before != moved.after):
            return
        if statement is not None:
            edits = self._edits[at]
            line = self._restore(at, moved)
            edits.insert_after(statement, f"\n{line}" if edits.ends_line(statement) else f"; {line}")

    def _place(self, at: int, statement: ast.stmt | None, moved: GeneratorState) -> bool:
        """Put the entropy into the one call that took it from the system, if it is plain which one that was."""
        root = root_of(moved.variable)
        others = {
            g.entropy for g in self._script.sections[at].execution.generators if g.made and root_of(g.variable) == root
        }
        if len(others - self._placed) > 1:
            return False
        if statement is not None and (calls := list(_once(statement))):
            return len(calls) == 1 and self._give(at, calls[0], moved.entropy)
        found = [(i, call) for i in range(at + 1) for s in self._trees[i].body for call in _once(s)]
        sequences = [(i, call) for i, call in found if called(call) == "SeedSequence"]
        return len(sequences) == 1 and self._give(*sequences[0], moved.entropy)

    def _give(self, at: int, call: ast.Call, entropy: str) -> bool:
        function = self._edits[at].text_of(call.func)
        self._edits[at].replace(call, f"{function}({entropy})")
        return True

    def _restore(self, at: int, moved: GeneratorState) -> str:
        execution = self._script.sections[at].execution
        what = re.sub(r"[^\w.]+", "-", moved.variable or moved.generator).strip("-")
        file = f"rng-{execution.number}-{what}.json"
        if file in self._states:  # executions that leave no history share the number of the next
            file = f"rng-{execution.number}-{execution.index}-{what}.json"
        flags = sorted({flag for i in range(at + 1) for flag in self._seeding_flags(i, moved) or ()})
        self._states[file] = RestoredState(
            file=file, generator=moved.generator, digest=moved.before, flags=tuple(flags)
        )
        given = [f'"{file}"', moved.variable or f'"{moved.generator}"', *(f'"{flag}"' for flag in flags)]
        return f"{self._script.own('restore_state')}({', '.join(given)})"

    def _is_seeded_by_chance(self, at: int, moved: GeneratorState) -> bool:
        found = [s for s in self._seeds.seedings(self._trees[at]) if family_of(moved) in s.generators]
        return bool(found) and not found[-1].is_fixed

    def _seeding_flags(self, at: int, moved: GeneratorState) -> set[str] | None:
        """Return the flags that a section seeds a generator with; None where it does not seed it."""
        nodes: list[ast.AST]
        if moved.variable:
            root = root_of(moved.variable)
            nodes = [s for s in self._trees[at].body if root in _bound_by(s) and not list(unseeded(s))]
        else:
            found = self._seeds.seedings(self._trees[at])
            nodes = [s.call for s in found if family_of(moved) in s.generators]
        return {flag for node in nodes for flag in self._flags_in(node)} if nodes else None

    def _flags_in(self, node: ast.AST) -> Iterable[str]:
        args = self._script.own("args")
        flags = dict(self._script.params)
        bound: dict[str, str] = {}
        for tree in self._trees:
            for inner in ast.walk(tree):
                match inner:
                    case ast.Assign(value=ast.Attribute(value=ast.Name(id=owner), attr=flag)) if owner == args:
                        bound |= {t.id: flag for t in inner.targets if isinstance(t, ast.Name)}
        for inner in ast.walk(node):
            match inner:
                case ast.Attribute(value=ast.Name(id=owner), attr=flag) if owner == args and flag in flags:
                    yield flag
                case ast.Name(id=name, ctx=ast.Load()) if name in bound:
                    yield bound[name]

    def _is_in_text(self, entropy: str) -> bool:
        """Tell whether the notebook's own text holds a number."""
        for section in self._script.sections:
            text = section.source.replace("_", "").lower()
            if entropy in text or f"{int(entropy):x}" in text:
                return True
        return any(entropy in value for _, value in self._script.params)


def _draws(tree: ast.Module, *, trust: bool) -> bool:
    """Tell whether anything in a section may draw for the user; what an import draws is nothing to the user's code."""
    imports = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef) if trust else ()
    return not tree.body or not all(isinstance(statement, imports) for statement in tree.body)


def _maker(body: list[ast.stmt], root: str) -> ast.stmt | None:
    """Return the statement with which a generator in what lies at a name has been made."""
    bind = [statement for statement in body if root in _bound_by(statement)]
    fill = [s for s in body if root in _filled_by(s) and (not bind or any(True for _ in unseeded(s)))]
    return fill[-1] if fill else bind[-1] if bind else None


def _filled_by(statement: ast.stmt) -> set[str]:
    """Return the names of the objects that a statement puts something into."""
    found: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                found.add(root_name(node))
            case ast.Call(func=ast.Attribute(attr="append" | "add" | "extend" | "update" | "setdefault" | "insert")):
                found.add(root_name(node.func))
    return found


def _bound_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds, nested functions' too: one too many does no harm."""
    found: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def _once(statement: ast.stmt) -> Iterable[ast.Call]:
    """Yield the calls of a statement that take entropy from the system and are made once."""
    repeated = (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.comprehension)
    if any(isinstance(node, repeated) for node in ast.walk(statement)):
        return ()
    return [call for call in unseeded(statement) if called(call) in _TAKE_ENTROPY and not _args(call)]


def _args(call: ast.Call) -> list[ast.expr]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [value for value in given if not (isinstance(value, ast.Constant) and value.value is None)]
