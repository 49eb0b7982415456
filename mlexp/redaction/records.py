"""Records without secrets: every text of a record goes through the redactor, code as code and params by their names."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any, TypeVar

from mlexp.records import Execution, GeneratorState, Package, Param, RunRecord, ThreadPool
from mlexp.redaction.markers import marker, names_in
from mlexp.redaction.redactor import Redactor

Record = TypeVar("Record")

_CODE = {(Execution, "source"), (Execution, "python"), (RunRecord, "source")}
_WITHOUT = (Package, GeneratorState, ThreadPool)
"""Records in which nothing of the user's stands."""
_IDENTITIES = frozenset("id run_id session_id digest bound read loaded kind at started script".split())
"""Fields that are made by us, or are identifiers of code."""


def redacted_record(record: Record, redactor: Redactor) -> Record:
    """Return the record without secrets; the same one if it has none."""
    if isinstance(record, _WITHOUT):
        return record
    if isinstance(record, Param):
        return _param(record, redactor)  # type: ignore[return-value]  # a Param is given and returned
    changes = {}
    for field in dataclasses.fields(record):  # type: ignore[arg-type]  # any record
        if field.name in _IDENTITIES:
            continue
        before = getattr(record, field.name)
        if (type(record), field.name) in _CODE:
            after: Any = redactor.code(before)
        elif (type(record), field.name) == (Execution, "declared"):
            after = tuple((redactor.text(name), _literal(name, literal, redactor)) for name, literal in before)
        else:
            after = _value(before, redactor)
        if after is not before and after != before:
            changes[field.name] = after
    return dataclasses.replace(record, **changes) if changes else record  # type: ignore[type-var]  # as above


def _value(value: Any, redactor: Redactor) -> Any:
    if type(value) is str:
        return redactor.text(value)
    if type(value) is tuple and value and type(value[0]) not in (int, float):
        if _are_names(value) and redactor.text(joined := "\n".join(value)) == joined:
            return value  # a cell that may read everything has a thousand of them
        items = tuple(_value(item, redactor) for item in value)
        return items if items != value else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return redacted_record(value, redactor)
    return value


def _are_names(items: tuple[Any, ...]) -> bool:
    """Tell whether these are identifiers: in such a text nothing is taken for a secret that its lines alone tell."""
    return len(items) > 1 and all(type(item) is str and item.isidentifier() for item in items)


def _param(param: Param, redactor: Redactor) -> Param:
    name, literal = redactor.text(param.name), _literal(param.name, param.literal, redactor)
    if (name, literal) == (param.name, param.literal):
        return param
    return dataclasses.replace(param, name=name, literal=literal)


def _literal(name: str, literal: str, redactor: Redactor) -> str:
    """Return the literal of a param without secrets: still a literal."""
    front = f"{name} = "
    statement = redactor.code(front + literal)
    if statement == front + literal:
        return literal
    found = statement.removeprefix(front)
    try:
        ast.literal_eval(found)
    except (ValueError, SyntaxError):
        return repr(marker((*names_in(statement), "SECRET")[0]))
    return found
