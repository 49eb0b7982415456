"""Redact Python: a secret literal becomes a literal that names it. What is left is valid, line by line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable

from mlexp.dataflow.cell import parse
from mlexp.redaction.literals import Literal, secret_literals, text_of
from mlexp.redaction.looks import SCHEME
from mlexp.redaction.markers import MARKER, marker

NameFor = Callable[[Literal], str]
"""Gives the variable that stands for a secret literal, and remembers its value."""
Clean = Callable[[str], str]
"""Redacts a text of any kind."""

_CELL_MAGIC = re.compile(r"^%%(\w+)", re.MULTILINE)
_OF_PYTHON = frozenset("track time timeit capture prun memit mprun lprun python python3 cython debug".split())
"""Cell magics above Python. What stands under others may look like it: `DB_PASSWORD=hunterhunter`."""
_MAGIC_LINE = re.compile(r"^(\s*)(?:[%!?].*|.*\?\??\s*)$|^(\s*[\w.,\s]+=\s*)[%!].*$", re.MULTILINE)


def redacted_code(
    text: str, *, name_for: NameFor, clean: Clean, bare: Clean, whole_for: Callable[[str], str | None]
) -> str:
    """Return the code without secrets.

    Args:
        text: Python; magics may stand in it. What cannot be parsed is redacted as any text is.
        name_for: See there.
        clean: Redacts what stands within literals and comments.
        bare: Redacts what stands outside of them: literals stand in place of secrets.
        whole_for: The variable for a text that is one secret as a whole, or None.
    """
    tree = parse(text)
    if tree is None:
        masked = _MAGIC_LINE.sub(lambda m: f"{m[2]}0" if m[2] is not None else f"{m[1]}pass", text)
        tree = parse(masked) if masked != text else None
        if tree is None:
            return _by_lines(text, clean)
        return _edited(text, tree, _Edits(text), name_for, clean, bare, whole_for, has_magics=True)
    return _edited(text, tree, _Edits(text), name_for, clean, bare, whole_for, has_magics=False)


def _edited(
    text: str,
    tree: ast.AST,
    edits: _Edits,
    name_for: NameFor,
    clean: Clean,
    bare: Clean,
    whole_for: Callable[[str], str | None],
    *,
    has_magics: bool,
) -> str:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for literal in secret_literals(tree):
        variable = name_for(literal)
        if id(literal.node) not in inner:  # in an f-string the quotes of another literal may not stand
            _replace_literal(literal, variable, edits)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) in inner and not edits.covers(node):
            _clean_within(node, edits, clean)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and id(node) not in inner:
            if edits.covers(node):
                continue
            name = _whole(node, whole_for)
            if name is not None:
                edits.replace(node, _marker_literal(node, name, edits))
            else:
                _clean_within(node, edits, clean)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and not edits.covers(node):
            name = _whole(node, whole_for)
            if name is not None:
                _replace_sum(node, name, edits)
    done = edits.done()
    done = _without_comments(done, clean)
    if has_magics:
        is_other = any(magic not in _OF_PYTHON for magic in _CELL_MAGIC.findall(text))
        return bare(
            "\n".join(clean(line) if is_other or _MAGIC_LINE.match(line) else line for line in done.split("\n"))
        )
    if parse(done) is None:
        return _by_lines(text, clean)
    without = bare(done)  # a token that stands for itself, between no quotes
    return without if without == done or parse(without) is not None else _by_lines(done, clean)


def _whole(node: ast.expr, whole_for: Callable[[str], str | None]) -> str | None:
    text = text_of(node) or ""
    return whole_for(text) if len(text) >= 8 else None


def _replace_literal(literal: Literal, name: str, edits: _Edits) -> None:
    node = literal.node
    if isinstance(node, ast.BinOp) and text_of(node) is None:
        edits.replace(node, f'"{marker(name)}"')
    elif isinstance(node, ast.BinOp):
        _replace_sum(node, name, edits)
    elif isinstance(node, (ast.Constant, ast.Name)) and not edits.covers(node):
        bare = literal.value.strip()
        scheme = SCHEME.match(bare)
        front = scheme[0] if scheme else ""
        edits.replace(node, _marker_literal(node, name, edits, front=front))


def _replace_sum(node: ast.BinOp, name: str, edits: _Edits) -> None:
    leaves = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
    leaves.sort(key=lambda n: (n.lineno, n.col_offset))
    for i, leaf in enumerate(leaves):
        if not edits.covers(leaf):
            empty = 'b""' if isinstance(leaf.value, bytes) else '""'
            edits.replace(leaf, _marker_literal(leaf, name, edits) if i == 0 else empty + edits.breaks(leaf))


def _marker_literal(node: ast.Constant | ast.Name, name: str, edits: _Edits, *, front: str = "") -> str:
    """Return a literal of the same type and as many lines."""
    value = node.value if isinstance(node, ast.Constant) else ""
    if isinstance(value, int):
        return f'int("{marker(name)}")'
    prefix = "b" if isinstance(value, bytes) else ""
    n_lines = edits.breaks(node)
    quotes = '"""' if n_lines else '"'
    return f"{prefix}{quotes}{front}{marker(name)}{n_lines}{quotes}"


def _clean_within(node: ast.expr, edits: _Edits, clean: Clean) -> None:
    """Redact what stands in a literal, and leave its quotes."""
    before = edits.text_of(node)
    after = clean(before)
    if after == before:
        return
    missing = before.count("\n") - after.count("\n")
    if missing:
        if missing < 0:
            return
        head, mark, tail = (
            after.rpartition(MARKER.findall(after)[-1] + ">") if MARKER.search(after) else (after, "", "")
        )
        after = f"{head}{mark}" + "\n" * missing + tail
    if not _is_literal(after):
        names = MARKER.findall(after)
        if not names:
            return
        prefix = "b" if isinstance(node, ast.Constant) and isinstance(node.value, bytes) else ""
        breaks = edits.breaks(node)
        quotes = '"""' if breaks else '"'
        after = f"{prefix}{quotes}{marker(names[0])}{breaks}{quotes}"
    edits.replace(node, after)


def _is_literal(text: str) -> bool:
    tree = parse(f"({text})")
    return (
        tree is not None
        and len(tree.body) == 1
        and isinstance(tree.body[0], ast.Expr)
        and isinstance(tree.body[0].value, (ast.Constant, ast.JoinedStr))
    )


def _without_comments(text: str, clean: Clean) -> str:
    if "#" not in text:
        return text
    lines = text.split("\n")
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return "\n".join(clean(line) if line.lstrip().startswith("#") else line for line in lines)
    for token in tokens:
        row, column = token.start
        after = clean(token.string)
        if after != token.string and "\n" not in after:
            lines[row - 1] = lines[row - 1][:column] + after
    return "\n".join(lines)


def _by_lines(text: str, clean: Clean) -> str:
    """Return a text that is no Python redacted, with as many lines."""
    done = clean(text)
    missing = text.count("\n") - done.count("\n")
    return done if missing == 0 else done + "\n" * max(missing, 0)


class _Edits:
    """Replacements of a text's nodes, made at once."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8", "surrogatepass")
        self._starts = [0]
        for line in self._data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._changes: dict[tuple[int, int], bytes] = {}

    def replace(self, node: ast.expr, text: str) -> None:
        """Put `text` where the node stands."""
        self._changes.setdefault(self._span(node), text.encode("utf-8", "surrogatepass"))

    def covers(self, node: ast.expr) -> bool:
        """Tell whether a part of the node, or all of it, is replaced already."""
        start, stop = self._span(node)
        return any(start < other_stop and other_start < stop for other_start, other_stop in self._changes)

    def text_of(self, node: ast.expr) -> str:
        """Return the node's own text."""
        start, stop = self._span(node)
        return self._data[start:stop].decode("utf-8", "surrogatepass")

    def breaks(self, node: ast.expr) -> str:
        """Return the line breaks in the node's text."""
        return "\n" * self.text_of(node).count("\n")

    def done(self) -> str:
        """Return the changed text."""
        data = self._data
        for (start, stop), text in sorted(self._changes.items(), reverse=True):
            data = data[:start] + text + data[stop:]
        return data.decode("utf-8", "surrogatepass")

    def _span(self, node: ast.expr) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[end_line - 1] + end_column
