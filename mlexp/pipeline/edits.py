"""Changes to a text at places that its syntax tree names: expressions change, layout stays."""

from __future__ import annotations

import ast
import io
import tokenize


class Edits:
    """Changes of one text, gathered and then made at once, from its end to its beginning."""

    def __init__(self, source: str) -> None:
        self._data = source.encode()
        lines = self._data.split(b"\n")
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._changes: list[tuple[int, int, int, bytes]] = []

    def replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Put `text` where the node stands."""
        self._add(*self._span(node), text)

    def insert_before(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Put `text` right before the node."""
        start, _ = self._span(node)
        self._add(start, start, text)

    def insert_after(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Put `text` right behind the node."""
        _, end = self._span(node)
        self._add(end, end, text)

    def wrap(self, node: ast.expr, call: str) -> None:
        """Make the node the argument of a call."""
        self.insert_before(node, f"{call}(")
        self.insert_after(node, ")")

    def text_of(self, node: ast.expr | ast.stmt) -> str:
        """Return the node's own text."""
        start, end = self._span(node)
        return self._data[start:end].decode()

    def ends_line(self, statement: ast.stmt) -> bool:
        """Tell whether nothing stands behind a statement on its last line."""
        _, end = self._span(statement)
        return not self._data[end : self._starts[statement.end_lineno or statement.lineno]].strip()

    def comment_out(self, statement: ast.stmt, text: str | None = None, *, alone: bool = False) -> None:
        """Turn a statement into a comment: its own lines, or `text`.

        Args:
            statement: The statement.
            text: What the comment says instead of the statement's own text.
            alone: Whether its block holds nothing else: then `pass` stands there.
        """
        start, end = self._span(statement)
        lines = (text if text is not None else self._data[start:end].decode()).split("\n")
        indent = " " * statement.col_offset
        body = f"\n{indent}".join(f"# {line}".rstrip() for line in lines)
        shares_line = self._shares_line(statement, start, end)
        if shares_line:
            body = "pass"
        elif alone:
            body = f"pass  {body}" if len(lines) == 1 else f"{body}\n{indent}pass"
        self._add(start, end, body)

    def remove_line(self, statement: ast.stmt, *, alone: bool = False) -> None:
        """Take a statement away, with its line if it has that to itself."""
        start, end = self._span(statement)
        if alone or self._shares_line(statement, start, end):
            self._add(start, end, "pass")
            return
        line_start = self._starts[statement.lineno - 1]
        line_end = min(self._starts[statement.end_lineno or statement.lineno], len(self._data))
        self._add(line_start, line_end, "")

    def done(self) -> str:
        """Return the changed text."""
        data = self._data
        for start, end, _, text in sorted(self._changes, key=lambda c: (c[0], c[1], c[2]), reverse=True):
            data = data[:start] + text + data[end:]
        return data.decode()

    def _add(self, start: int, end: int, text: str) -> None:
        self._changes.append((start, end, len(self._changes), text.encode()))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        first = node
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            start = self._starts[decorators[0].lineno - 1] + node.col_offset
        else:
            start = self._starts[first.lineno - 1] + first.col_offset
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return start, self._starts[end_line - 1] + end_column

    def _shares_line(self, statement: ast.stmt, start: int, end: int) -> bool:
        before = self._data[self._starts[statement.lineno - 1] : start].strip()
        behind = self._data[end : self._starts[statement.end_lineno or statement.lineno]].strip()
        return bool(before) or (bool(behind) and not behind.startswith(b"#"))


def blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    """Return every list of statements in the tree, outermost first."""
    found = []
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                found.append(value)
    return found


def indented(source: str) -> str:
    """Return the text four columns deeper; lines that begin inside a string stay, or the string would be another."""
    inside = _lines_inside_strings(source)
    lines = source.split("\n")
    return "\n".join(f"    {line}" if line.strip() and i not in inside else line for i, line in enumerate(lines))


def _lines_inside_strings(source: str) -> set[int]:
    """Return the indices of the lines that begin inside a string."""
    inside: set[int] = set()
    opened: list[int] = []  # from Python 3.12 on an f-string is several tokens
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):
            opened.append(token.start[0])
        first = opened.pop() if kind.endswith("STRING_END") else token.start[0] if kind == "STRING" else token.end[0]
        inside.update(range(first, token.end[0]))
    return inside
