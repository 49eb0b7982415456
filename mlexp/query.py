"""Queries over runs: Python's expression grammar, read through a whitelist. Nothing of it is ever run as code.

    params.lr < 0.1 and metrics["train/loss"] < 2 and status == "finished" order by metrics.auc desc limit 20

`=` is taken as `==`. A name that a run lacks makes a comparison false; one that no run has is a mistake.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mlexp.dataflow.cell import TEXT, quietly
from mlexp.errors import QueryError

FIELDS = ("name", "number", "status", "clean", "experiment", "tags", "elapsed_s", "params", "metrics")
_GROUPS = ("params", "metrics")
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_TAIL = re.compile(r"(?:^| )order +by +(?P<order>.+?)(?: +(?P<way>asc|desc))?(?= +limit | *$)|"
                   r"(?:^| )limit +(?P<limit>[^ ]+) *$", re.IGNORECASE)  # fmt: skip
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_SINGLE_EQUALS = re.compile(r"(?<![=!<>:])=(?!=)")
_MAX_DEPTH = 50
_FORM = "A query has comparisons, and, or, not, in; nothing else."
_LACKING = object()

Row = Mapping[str, Any]
"""What a query sees of a run: a value for each of FIELDS, `params` and `metrics` being mappings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that was read without a mistake."""

    text: str
    condition: ast.expr | None
    """Its nodes' columns are those of `text`, counted in characters."""
    order: ast.expr | None = None
    descending: bool = False
    limit: int | None = None

    def select(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that match, in order.

        Raises:
            QueryError: It names a param or metric that no row has.
        """
        known = list(rows)
        for expression in (self.condition, self.order):
            if expression is not None:
                _check_names(self.text, expression, known)
        condition = self.condition
        found = [row for row in known if condition is None or _value(condition, row) is True]
        if self.order is not None:
            order = self.order
            having = [row for row in found if _orderable(_value(order, row))]
            lacking = [row for row in found if not _orderable(_value(order, row))]
            having.sort(key=lambda row: _order_key(_value(order, row)), reverse=self.descending)
            found = having + lacking
        return found[: self.limit]


def parse_query(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: There is a mistake in it; a caret stands under it.
    """
    text = re.sub(r"\s", " ", text.encode("utf-8", "replace").decode())  # the caret stands under one line
    plain = _QUOTED.sub(lambda quoted: "'" * len(quoted[0]), text)
    stop, order, descending, limit = len(text), None, False, None
    while found := list(_TAIL.finditer(plain[:stop]))[-1:]:
        tail = found[0]
        if tail["limit"] is not None:
            if limit is not None or not re.fullmatch(r"[0-9]{1,18}", tail["limit"]):
                raise QueryError.at(text, tail.start("limit"), "limit takes one whole number, such as: limit 20")
            limit = int(tail["limit"])
        else:
            if order is not None:
                raise QueryError.at(text, tail.start("order"), "order by takes one name, and stands once")
            order = _expression(text, plain, *tail.span("order"))
            descending = (tail["way"] or "").lower() == "desc"
        stop = tail.start()
    condition = _expression(text, plain, 0, stop) if text[:stop].strip() else None
    return Query(text=text, condition=condition, order=order, descending=descending, limit=limit)


def _expression(text: str, plain: str, start: int, stop: int) -> ast.expr:
    """Read a part of the query, with `=` outside quotes taken as `==`."""
    start += len(text[start:stop]) - len(text[start:stop].lstrip())
    singles = {match.start() for match in _SINGLE_EQUALS.finditer(plain)}
    columns = [column for column in range(start, stop) for _ in range(2 if column in singles else 1)]
    python = "".join(text[column] for column in columns)
    try:
        with quietly():  # of an odd escape in quotes
            tree = ast.parse(python, TEXT, mode="eval").body
    except (SyntaxError, ValueError) as error:
        column = (getattr(error, "offset", 0) or 0) - 1  # -1: it ends too early
        raise QueryError.at(
            text, [*columns, stop][min(column, len(columns))], f"This cannot be read: {error.args[0]}."
        ) from None
    except (RecursionError, MemoryError):
        raise _too_deep(text, start) from None
    _place(tree, python, [*columns, stop])
    _check_form(text, tree, depth=0)
    return tree


def _place(tree: ast.expr, python: str, columns: Sequence[int]) -> None:
    """Let the nodes' columns count characters of the query, no longer bytes of `python`."""
    data = python.encode()

    def column(n_bytes: int) -> int:
        return columns[min(len(data[:n_bytes].decode("utf-8", "ignore")), len(columns) - 1)]

    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            last = (node.end_col_offset or 1) - 1
            node.col_offset, node.end_col_offset = column(node.col_offset), column(last) + 1


def _check_form(text: str, node: ast.expr, *, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _too_deep(text, node.col_offset)
    match node:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            parts = [operand]
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
            parts = [left, *comparators]
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
            parts = []
        case ast.Name(id=name):
            if name not in FIELDS:
                raise _unknown(text, node, name, FIELDS, "a query knows")
            parts = []
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant(value=str())):
            while isinstance(inner, ast.Attribute) or (
                isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant)
            ):
                inner = inner.value
            if not isinstance(inner, ast.Name):
                raise QueryError.at(text, node.col_offset, _FORM)
            if inner.id not in _GROUPS:
                raise _unknown(text, inner, inner.id, _GROUPS, "a dot or brackets go behind")
            parts = []
        case _:
            raise QueryError.at(text, node.col_offset, _FORM)
    for part in parts:
        _check_form(text, part, depth=depth + 1)


def _check_names(text: str, node: ast.expr, rows: Sequence[Row]) -> None:
    pending: list[ast.AST] = [node]
    while pending:
        inner = pending.pop(0)
        reference = _reference(inner)
        if reference is None:
            pending += ast.iter_child_nodes(inner)
        elif rows:
            group, name = reference
            known = sorted({found for row in rows for found in row[group]})
            if name not in known:
                raise _unknown(text, inner, name, known, f"{group} here:")


def _unknown(text: str, node: ast.AST, name: str, known: Sequence[str], lead: str) -> QueryError:
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    column = node.slice.col_offset + 1 if isinstance(node, ast.Subscript) else _end(node) - len(name)
    return QueryError.at(text, max(0, column), f"There is no {name}.{hint}\n{lead} {', '.join(known)}", width=len(name))


def _end(node: ast.AST) -> int:
    return int(getattr(node, "end_col_offset", 0))


def _too_deep(text: str, column: int) -> QueryError:
    return QueryError.at(text, column, "This is nested too deep.")


def _reference(node: ast.AST) -> tuple[str, str] | None:
    """Return the group and the name that a node spells: `params.lr`, `params["lr"]`, `params.cfg.lr`."""
    parts: list[str] = []
    while True:
        match node:
            case ast.Attribute(value=inner, attr=name):
                parts.append(name)
                node = inner
            case ast.Subscript(value=inner, slice=ast.Constant(value=str(name))):
                parts.append(name)
                node = inner
            case ast.Name(id=group) if parts:
                return group, ".".join(reversed(parts))
            case _:
                return None


def _value(node: ast.expr, row: Row) -> Any:
    reference = _reference(node)
    if reference is not None:
        return row[reference[0]].get(reference[1], _LACKING)
    match node:
        case ast.BoolOp(op=op, values=values):
            found = (_value(value, row) is True for value in values)
            return all(found) if isinstance(op, ast.And) else any(found)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _value(operand, row) is not True
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, row)
            return (-value if isinstance(op, ast.USub) else value) if isinstance(value, (int, float)) else _LACKING
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            values = [_value(value, row) for value in (left, *comparators)]
            return all(_holds(op, a, b) for op, a, b in zip(ops, values, values[1:], strict=False))
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, row) for item in items]
        case ast.Name(id=name):
            return row[name]
    raise AssertionError(ast.dump(node))


def _holds(op: ast.cmpop, a: Any, b: Any) -> bool:
    if a is _LACKING or b is _LACKING:
        return False
    try:
        return bool(_COMPARE[type(op)](a, b))
    except TypeError:
        return False


def _orderable(value: object) -> bool:
    return isinstance(value, (int, float, str)) and value == value


def _order_key(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value
