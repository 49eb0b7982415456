"""Every record comes back from its document, through JSON too."""

import json
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import mlexp.records
from mlexp.errors import InvalidRecordError
from mlexp.records.documents import from_document, to_document
from mlexp.testing import samples

RECORDS = [cls for cls in vars(mlexp.records).values() if is_dataclass(cls)]
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC)

BY_TYPE = {
    str: st.text(st.characters(), max_size=5),
    float: st.floats() | st.integers(-(2**70), 2**70),
    int: st.integers(0),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=zones).map(lambda moment: moment.replace(fold=0)),
}


def strategy_of(hint):
    """What a field of this type may hold; made of the type alone, so that a new field is covered at once."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, typing.NewType):
        return strategy_of(hint.__supertype__)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(strategy_of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy_of, arguments))
    if arguments:
        return st.one_of(*map(strategy_of, arguments))
    if hint is type(None):
        return st.none()
    if is_dataclass(hint):
        return records(hint)
    if hint in BY_TYPE:
        return BY_TYPE[hint]
    return st.sampled_from(hint)  # an enum


@st.composite
def records(draw, cls):
    hints = typing.get_type_hints(cls)
    values = {field.name: draw(strategy_of(hints[field.name])) for field in fields(cls)}
    if values.get("elapsed_s") is not None:
        values["elapsed_s"] = abs(float(values["elapsed_s"]))
    try:
        return cls(**values)
    except InvalidRecordError:
        reject()


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_a_record_comes_back(cls):
    @given(records(cls))
    def law(record):
        document = to_document(record)
        assert repr(from_document(cls, document)) == repr(record)
        assert repr(from_document(cls, json.loads(json.dumps(document)))) == repr(record)

    law()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 2**70, 1, 1.0, 0.1 + 0.2])
def test_a_number_keeps_its_bits_and_its_type(value):
    run = samples.run(metrics=samples.metrics({"x": value}))
    assert repr(from_document(type(run), json.loads(json.dumps(to_document(run)))).metrics) == repr(run.metrics)


def test_defaults_are_left_out():
    assert set(to_document(samples.labels())) == {"run_id"}
    assert set(to_document(samples.execution(0))) == {"session_id", "index", "number", "source", "python", "outcome"}


def test_what_a_later_version_adds_is_passed_over():
    document = to_document(samples.labels(name="base")) | {"colour": "red"}
    assert from_document(type(samples.labels()), document) == samples.labels(name="base")


def test_a_field_that_is_missing_is_an_error():
    with pytest.raises(TypeError, match="run_id"):
        from_document(type(samples.labels()), {"name": "base"})
