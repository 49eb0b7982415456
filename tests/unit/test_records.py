"""Records that cannot be are refused, and a change is a new record."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import datetime

import pytest

import mlexp.records
from mlexp.errors import InvalidRecordError
from mlexp.records import RunStatus, check_move
from mlexp.testing import samples

RECORDS = [cls for cls in vars(mlexp.records).values() if is_dataclass(cls)]
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  (without a zone: the mistake)


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_records_are_frozen_slotted_and_keyword_only(cls):
    assert not hasattr(cls, "__dict__") or "__dict__" not in cls.__slots__
    assert all(field.kw_only for field in fields(cls))
    assert cls.__dataclass_params__.frozen


def test_a_record_is_never_changed():
    run = samples.run()
    with pytest.raises(FrozenInstanceError):
        run.number = 2
    assert replace(run, number=2).number == 2
    assert run.number == 0


IMPOSSIBLE = {
    "a run without a zone": (lambda: samples.run(started=NAIVE), "no time zone"),
    "a session without a zone": (lambda: samples.session(started=NAIVE), "no time zone"),
    "an execution without a zone": (lambda: samples.execution(started=NAIVE), "no time zone"),
    "a proof without a zone": (lambda: samples.proof(at=NAIVE), "no time zone"),
    "a run that ended before it began": (
        lambda: samples.finished(elapsed_s=-1.5, number=3),
        r"run r3: it ended 1\.5 s",
    ),
    "a finished run without a duration": (lambda: samples.finished(elapsed_s=None), "without a duration"),
    "an execution before the first": (lambda: samples.execution(-1), "the index is below 0"),
}


@pytest.mark.parametrize(("build", "said"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_record_that_cannot_be(build, said):
    with pytest.raises(InvalidRecordError, match=said):
        build()


@pytest.mark.parametrize("before", RunStatus)
@pytest.mark.parametrize("after", RunStatus)
def test_only_a_running_run_becomes_something_else(before, after):
    if before is RunStatus.RUNNING and after is not RunStatus.RUNNING:
        check_move(before, after)
    else:
        with pytest.raises(InvalidRecordError, match=f"{before} cannot become {after}"):
            check_move(before, after)


@pytest.mark.parametrize("value", [1, -0.5, "it's", None, True, (1, "a"), [[]], {"a": {1, 2}}])
def test_a_param_gives_its_value(value):
    (param,) = samples.params({"x": value})
    assert param.value == value
