"""What was typed into `input()` becomes a flag.

An answer that a name is bound to at once is the flag of that name. Others, asked for in loops and functions, are given
one after another by a function in the place of `input`; they are one flag, a list.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits
from mlexp.pipeline.passes.params import flags_of
from mlexp.pipeline.script import Script, Section
from mlexp.records import ParamOrigin
from mlexp.redaction import MARKER, names_in

_ASKS = frozenset({"input", "getpass"})
_LIST = "answers"


def give_answers(script: Script) -> Script:
    """Give the sections the answers that were typed."""
    if not any(section.execution.answers for section in script.sections):
        return script
    names = [param.name for param in script.run.params]
    literals = {(p.execution, p.name): p.literal for p in script.run.params if p.origin is ParamOrigin.INPUT}
    flag_of = flags_of(names)
    flags: list[tuple[str, str]] = []
    left: list[str] = []
    sections = []
    for section in script.sections:
        source, made = section.source, None
        if section.execution.answers:
            made = _at_once(section, literals, flag_of, script.own("args"))
            if made is None:
                left += [answer for _, answer in section.execution.answers]
        if made is not None:
            source, own = made
            flags += own
        sections.append(replace(section, source=source))
    changed = replace(script, sections=tuple(sections), params=(*script.params, *flags))
    if not left or any("input" in section.execution.bound for section in script.sections):
        return changed
    flag = flags_of([*names, _LIST])[_LIST]
    value = f"[{', '.join(_as_python(answer, script.own('os')) for answer in left)}]"
    secrets = tuple(dict.fromkeys(name for answer in left for name in names_in(answer)))
    return replace(
        changed,
        params=(*changed.params, (flag, value)),
        secrets=tuple(dict.fromkeys((*changed.secrets, *secrets))),
        stand_ins=(*changed.stand_ins, "input"),
        answers=flag,
    )


def _at_once(
    section: Section, literals: dict[tuple[int, str], str], flag_of: dict[str, str], args: str
) -> tuple[str, list[tuple[str, str]]] | None:
    """Return a section's text with its answers in it, and the flags; None where nobody knows which call got which."""
    tree = parse(section.source)
    answers = [answer for _, answer in section.execution.answers]
    if tree is None:
        return None
    calls = [call for statement in tree.body for call in _calls_at_once(statement)]
    if len(calls) != len(answers) or len(calls) != sum(map(_is_question, ast.walk(tree))):
        return None
    edits = Edits(section.source)
    flags = []
    typed = {id(b.node): name for name, b in bindings_of(tree).items() if b.kind is Kind.TYPED and b.node is not None}
    for statement in tree.body:
        for call in _calls_at_once(statement):
            answer = answers.pop(0)
            value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
            name = typed.get(id(value), "")
            literal = literals.get((section.execution.index, name))
            if value is not None and literal is not None and not MARKER.search(answer):
                comment = (
                    f"  # {edits.text_of(value)}"
                    if edits.ends_line(statement) and value.lineno == value.end_lineno
                    else ""
                )
                edits.replace(value, f"{args}.{flag_of[name]}{comment}")
                flags.append((flag_of[name], literal))
            else:
                edits.replace(call, repr(answer))
    return edits.done(), flags


def _calls_at_once(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the questions that a statement asks once, in their order."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
        repeated = (ast.Lambda, ast.comprehension, ast.IfExp, ast.BoolOp)
        if not any(isinstance(node, repeated) for node in ast.walk(statement)):
            yield from _in_order(statement)


def _in_order(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)
    if isinstance(node, ast.Call) and _is_question(node):
        yield node


def _is_question(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    return name in _ASKS


def _as_python(answer: str, module: str) -> str:
    match = MARKER.fullmatch(answer)
    return f'{module}.environ.get("{match[1]}", "")' if match else repr(answer)
