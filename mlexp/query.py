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

from mlexp.errors import QueryError

FIELDS = ("name", "number", "status", "experiment", "tags", "elapsed_s", "params", "metrics")
_GROUPS = ("params", "metrics")
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_TAIL = re.compile(r"(?:^|\s+)order\s+by\s+(?P<order>.+?)(?:\s+(?P<way>asc|desc))?(?=\s+limit\s|\s*$)|"
                   r"(?:^|\s+)limit\s+(?P<limit>\S+)\s*$", re.IGNORECASE)  # fmt: skip
_LACKING = object()

Row = Mapping[str, Any]
"""What a query sees of a run: a value for each of FIELDS, `params` and `metrics` being mappings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that was read without a mistake."""

    text: str
    condition: ast.expr | None
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
            having.sort(key=lambda row: _value(order, row), reverse=self.descending)
            found = having + lacking
        return found[: self.limit]


def parse_query(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: There is a mistake in it; a caret stands under it.
    """
    rest, order, descending, limit = text, None, False, None
    while match := list(_TAIL.finditer(rest))[-1:]:
        last = match[0]
        if last["limit"] is not None:
            if not last["limit"].isdecimal():
                raise QueryError.at(text, last.start("limit"), "limit takes a whole number, such as: limit 20")
            limit = int(last["limit"])
        else:
            order = _expression(text, last["order"], last.start("order"))
            descending = (last["way"] or "").lower() == "desc"
        rest = rest[: last.start()]
    condition = _expression(text, rest, 0) if rest.strip() else None
    return Query(text=text, condition=condition, order=order, descending=descending, limit=limit)


def _expression(text: str, part: str, offset: int) -> ast.expr:
    single = re.sub(r"(?<![=!<>])=(?!=)", "==", part)
    try:
        tree = ast.parse(single.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        column = getattr(error, "offset", 1) or 1
        raise QueryError.at(
            text, min(len(text), offset + column - 1), f"This cannot be read: {error.args[0]}."
        ) from None
    _check_form(text, tree)
    return tree


def _check_form(text: str, node: ast.expr) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_form(text, value)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            _check_form(text, operand)
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
            for value in (left, *comparators):
                _check_form(text, value)
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
            pass
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                _check_form(text, item)
        case ast.Name(id=name):
            if name not in FIELDS:
                raise _unknown(text, name, FIELDS, "a query knows")
        case ast.Attribute(value=ast.Name(id=group)) | ast.Subscript(value=ast.Name(id=group), slice=ast.Constant()):
            if group not in _GROUPS:
                raise _unknown(text, group, _GROUPS, "a dot or brackets go behind")
        case _:
            column = max(0, text.find(ast.unparse(node)))
            raise QueryError.at(text, column, "A query has comparisons, and, or, not, in; nothing else.")


def _check_names(text: str, node: ast.expr, rows: Sequence[Row]) -> None:
    for inner in ast.walk(node):
        reference = _reference(inner)
        if reference is not None and rows:
            group, name = reference
            known = sorted({found for row in rows for found in row[group]})
            if name not in known:
                raise _unknown(text, name, known, f"{group} here:")


def _unknown(text: str, name: str, known: Sequence[str], lead: str) -> QueryError:
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return QueryError.at(
        text, max(0, text.find(name)), f"There is no {name}.{hint}\n{lead} {', '.join(known)}", width=len(name)
    )


def _reference(node: ast.AST) -> tuple[str, str] | None:
    match node:
        case ast.Attribute(value=ast.Name(id=group), attr=name):
            return group, name
        case ast.Subscript(value=ast.Name(id=group), slice=ast.Constant(value=name)):
            return group, str(name)
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
    return isinstance(value, (int, float)) and value == value
