"""What was declared becomes plain Python: `mlexp.param("lr", 0.1)` a flag, `mlexp.dataset("a", x)` its value, and a
`with mlexp.track()` a block that does nothing of its own.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mlexp.dataflow.bindings import NotConstantError, constant_value, literal_of
from mlexp.dataflow.cell import parse
from mlexp.pipeline.edits import Edits, blocks
from mlexp.pipeline.passes.params import flags_of
from mlexp.pipeline.script import Script
from mlexp.records import ParamOrigin

_OURS = "mlexp"
_BLOCKS = ("track", "experiment")
_LEFT = ("log",)
"""What another pass sees to."""


@dataclass(slots=True)
class _Names:
    """What a session calls mlexp, and what it has imported from it."""

    modules: set[str] = field(default_factory=lambda: {_OURS})
    functions: dict[str, str] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)
    """Names of runs: `with mlexp.track() as run`."""

    def called(self, node: ast.AST) -> str:
        """Return which function of mlexp a call calls, or nothing."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if owner in self.modules:
                return name
            case ast.Call(func=ast.Name(id=name)):
                return self.functions.get(name, "")
        return ""


def take_declarations(script: Script) -> Script:
    """Put what they stand for in the places of calls that declare something."""
    names = _Names()
    for section in script.sections:
        _learn(section.source, names)
    flags: dict[str, str] = {}
    flag_of = flags_of([param.name for param in script.run.params])
    recorded = {p.name: p.literal for p in script.run.params if p.origin is ParamOrigin.DECLARED}
    sections = []
    needs_contextlib = False
    for section in script.sections:
        source = section.source
        while any(name in source for name in (*names.modules, *names.functions)):
            changed = _step(source, names, script, recorded, flag_of, flags)
            if changed == source:
                break
            source = changed
        needs_contextlib |= source != section.source and f"{script.own('contextlib')}.nullcontext" in source
        sections.append(replace(section, source=source))
    imports = script.imports | ({"contextlib"} if needs_contextlib else set())
    return replace(
        script, sections=tuple(sections), params=(*script.params, *flags.items()), imports=frozenset(imports)
    )


def _learn(source: str, names: _Names) -> None:
    tree = parse(source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            names.modules |= {alias.asname for alias in node.names if alias.name == _OURS and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == _OURS:
            names.functions |= {a.asname or a.name: a.name for a in node.names if a.name not in _LEFT}
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if names.called(item.context_expr) == "track" and isinstance(item.optional_vars, ast.Name):
                    names.readers.add(item.optional_vars.id)


def _step(
    source: str, names: _Names, script: Script, recorded: dict[str, str], flag_of: dict[str, str], flags: dict[str, str]
) -> str:
    """Return the text with the innermost calls replaced; further ones are seen the next time."""
    tree = parse(source)
    if tree is None:
        return source
    edits = Edits(source)
    gone: set[ast.AST] = set()
    for block in blocks(tree):
        for statement in block:
            if statement not in gone and _says_nothing(statement, names):
                edits.comment_out(statement, alone=len(block) == 1 and block is not tree.body)
                gone.update(ast.walk(statement))
    for node in ast.walk(tree):
        name = names.called(node)
        if node in gone or not name or any(names.called(inner) for inner in _inside(node)):
            continue
        assert isinstance(node, ast.Call)
        if name == "param":
            edits.replace(node, _of_param(node, edits, script, recorded, flag_of, flags))
        elif name == "dataset" and (value := _argument(node, 1, "value")) is not None:
            edits.replace(node, _enclosed(value, edits))
        elif name == "artifact":
            edits.replace(node, _of_artifact(node, edits))
        elif name in _BLOCKS and any(node is item.context_expr for item in _items(tree)):
            edits.replace(node, f"{script.own('contextlib')}.nullcontext()")
    return edits.done()


def _says_nothing(statement: ast.stmt, names: _Names) -> bool:
    """Tell whether a statement does nothing but tell mlexp something, or ask it."""
    if not isinstance(statement, (ast.Expr, ast.Assign)):
        return False
    nodes = list(ast.walk(statement))
    if any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in names.readers for n in nodes):
        return True
    if isinstance(statement, ast.Expr) and names.called(statement.value) in ("artifact", "dataset"):
        assert isinstance(statement.value, ast.Call)
        return all(_is_still(a) for a in (*statement.value.args, *(k.value for k in statement.value.keywords)))
    others = set(names.functions) - {
        n for n, f in names.functions.items() if f in (*_BLOCKS, "param", "dataset", "artifact")
    }
    return any(isinstance(n, ast.Name) and n.id in others for n in nodes)


def _of_param(
    node: ast.Call,
    edits: Edits,
    script: Script,
    recorded: dict[str, str],
    flag_of: dict[str, str],
    flags: dict[str, str],
) -> str:
    name, default = _argument(node, 0, "name"), _argument(node, 1, "default")
    if default is None:
        return "None"
    text = _enclosed(default, edits)
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return text
    word = name.value
    try:
        literal = literal_of(constant_value(default))
    except NotConstantError:
        return text
    if not word.isidentifier() or keyword.iskeyword(word) or recorded.get(word) != literal:
        return text
    flags[flag_of[word]] = literal
    return f"{script.own('args')}.{flag_of[word]}"


def _of_artifact(node: ast.Call, edits: Edits) -> str:
    value = _argument(node, 0, "value")
    return "None" if value is None or _is_still(value) else f"({edits.text_of(value)}, None)[1]"


def _argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    if position < len(node.args):
        return node.args[position]
    return next((word.value for word in node.keywords if word.arg == name), None)


def _enclosed(node: ast.expr, edits: Edits) -> str:
    text = edits.text_of(node)
    plain = isinstance(node, (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict))
    return text if plain and "\n" not in text else f"({text})"


def _is_still(node: ast.expr) -> bool:
    """Tell whether evaluating an expression does nothing: names, texts, attributes, and texts put together."""
    kinds = (ast.Name, ast.Constant, ast.Attribute, ast.JoinedStr, ast.FormattedValue, ast.expr_context)
    return all(isinstance(inner, kinds) for inner in ast.walk(node))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield from ast.walk(child)


def _items(tree: ast.Module) -> Iterator[ast.withitem]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            yield from node.items
