"""What a class is asked, whatever its metaclass answers."""

import sys
import time

import pytest

from mlexp.errors import NotInTimeError
from mlexp.fingerprint import digest_of
from mlexp.fingerprint.asking import (
    attributes_of,
    bases_of,
    imported,
    is_one_of,
    members_of,
    module_of,
    name_of,
    simple_name_of,
)


class Lies(type):
    """Answers nothing itself."""

    def __getattribute__(cls, name):
        raise SystemExit(name)

    def __eq__(cls, other):
        raise SystemExit

    def __hash__(cls):
        raise SystemExit


def test_a_class_that_lies():
    Lied = Lies("Lied", (dict,), {"__module__": "somewhere", "a": 1})  # pytest itself looks at a module's names
    assert [name_of(cls) for cls in bases_of(Lied)] == ["somewhere.Lied", "dict", "object"]
    assert (module_of(Lied), simple_name_of(Lied)) == ("somewhere", "Lied")
    assert members_of(Lied)["a"] == 1
    assert is_one_of(Lied, (list, Lied))
    assert not is_one_of(Lied, (list, dict))


@pytest.mark.parametrize("module", [None, 5, "", []])
def test_a_module_that_is_no_name(module):
    cls = type("C", (), {})
    cls.__module__ = module
    assert (module_of(cls), name_of(cls)) == ("", "C")


def test_attributes_past_a_property():
    class Plain:
        def __init__(self):
            self.x = 1

        def __getattribute__(self, name):
            raise SystemExit(name)

    class Hides:
        __dict__ = property(lambda self: 1 / 0)

    plain = object.__new__(Plain)
    object.__setattr__(plain, "x", 1)
    assert attributes_of(plain) == {"x": 1}
    assert attributes_of(Hides()) == {}
    assert attributes_of(5) == {}


def test_a_module_is_a_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "odd", object())
    assert imported("odd") is None
    assert imported("sys") is sys
    assert imported("no.such") is None


@pytest.mark.parametrize(
    "value", [list(range(100_000)), {i: i for i in range(100_000)}, set(range(100_000)), "x" * 10**8, bytes(10**8)]
)
def test_what_cannot_be_done_in_time_is_not_begun(value):
    with pytest.raises(NotInTimeError):
        digest_of(value, until=time.perf_counter() + 0.02)
    assert digest_of(value[:5] if isinstance(value, (list, str, bytes)) else 5, until=time.perf_counter() + 20)


def test_what_was_not_foreseen_ends_in_time():
    nested = [[[i] for i in range(100)] for _ in range(2000)]
    started = time.perf_counter()
    with pytest.raises(NotInTimeError):
        digest_of(nested, until=started + 0.02)
