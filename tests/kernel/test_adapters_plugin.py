"""An adapter of somebody else's package, as the documentation has it, and the parts that adapters rest on."""

import re
import sys
from pathlib import Path

import pytest

from mlexp import _plugins
from mlexp.capture import adapters
from mlexp.capture.adapters.base import Listening
from mlexp.capture.adapters.ears import Ears

PAGE = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")

TINY = """
class Model:
    def __init__(self, rate):
        self.rate, self.n_rounds = rate, 0

    def fit(self):
        self.n_rounds += 1
        return self

def quality(x):
    if x < 0:
        raise ValueError(x)
    return x / 2
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    (example,) = re.findall(r"^```python\n(class TinyAdapter.*?)^```$", PAGE, re.M | re.S)
    imports = "import sys\nfrom mlexp.capture.adapters.base import Listening, Score, Seen\n"
    place = tmp_path / "site-packages"
    place.mkdir()
    (place / "tiny.py").write_text(TINY)
    (place / "tiny_mlexp.py").write_text(imports + example)
    metadata = place / "tiny-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[mlexp.adapters]\ntiny = tiny_mlexp:adapter\n")
    monkeypatch.syspath_prepend(place)
    monkeypatch.setattr(adapters, "_registry", _plugins.Registry("mlexp.adapters"))
    yield
    for name in ("tiny", "tiny_mlexp"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("tiny")
class TestAnotherPackagesAdapter:
    def test_it_is_loaded_with_its_library_and_heard(self, loaded):
        loaded.ok("%%track\nx = 1.0")
        assert "tiny_mlexp" not in sys.modules
        loaded.ok("%%track\nimport tiny\nmodel = tiny.Model(0.5).fit()\nprint(tiny.quality(3))")
        run = loaded.latest()
        assert run.metrics == {"quality": 1.5}
        assert run.params == {"model.rate": 0.5}
        assert [(m.name, m.kind, m.summary) for m in run.record.models] == [("model", "tiny.Model", "1 rounds")]
        assert run.record.notes == ()

    def test_only_what_the_cell_changed(self, loaded):
        loaded.ok("import tiny\na, b = tiny.Model(1), tiny.Model(2)")
        loaded.ok("%%track\na.fit(), b.rate;")
        assert [model.name for model in loaded.latest().record.models] == ["a"]

    @pytest.mark.parametrize("method", ["listenings", "mark", "see"])
    def test_one_that_fails_costs_nothing_but_itself(self, loaded, method):
        loaded.ok(f"import tiny, tiny_mlexp\ndef fail(*_): raise SystemExit('no')\ntiny_mlexp.adapter.{method} = fail")
        loaded.ok("%%track\nC = 3\nmodel = tiny.Model(C).fit()\nprint(tiny.quality(3))\nm = C / 2")
        run = loaded.latest()
        assert run.metrics["m"] == 1.5
        assert run.params["C"] == 3
        assert any("SystemExit: no" in note for note in run.record.notes)


FUNCTIONS = """
from functools import wraps

class Base:
    def value(self): return 1

class Kind(Base):
    __hidden = 5
    def value(self, a=1, *b, c=2, **d):
        def inner():
            return "inner"
        inner()
        if a < 0:
            return self.__hidden
        for i in range(a):
            if i == 2:
                return super().value(), c, b, d
        return None

def around(function):
    @wraps(function)
    def wrapper(*args):
        try:
            return function(*args)
        finally:
            pass
    return wrapper

@around
def plain(x):
    return {
        "x": x,
    }

def silent():
    return

def numbers():
    yield 1
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    (tmp_path / "eared.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    import eared

    yield eared
    sys.modules.pop("eared")


def hear(function, *calls):
    heard = []
    ears = Ears(lambda _, frame, value: heard.append((frame.f_code.co_qualname, value)))
    ears.put_on([Listening(function=function, hear=lambda *_: ())])
    try:
        return [call() for call in calls], heard
    finally:
        ears.close()


class TestEars:
    def test_each_return_is_heard_and_nothing_is_changed(self, functions):
        kind, code = functions.Kind(), functions.Kind.value.__code__
        calls = [lambda: kind.value(-1), lambda: kind.value(9, 8, c=7, e=6), lambda: kind.value(0)]
        plain = [call() for call in calls]
        given, heard = hear(functions.Kind.value, *calls)
        assert given == plain == [5, (1, 7, (8,), {"e": 6}), None]
        assert heard == [("Kind.value", value) for value in plain]
        assert functions.Kind.value.__code__ is code

    def test_a_wrapper_and_what_it_wraps(self, functions):
        call = [lambda: functions.plain(1)]
        assert hear(functions.plain, *call)[1] == [("around.<locals>.wrapper", {"x": 1})]
        assert hear(functions.plain.__wrapped__, *call)[1] == [("plain", {"x": 1})]

    @pytest.mark.parametrize("name", ["silent", "numbers"])
    def test_what_returns_nothing_stays_as_it_is(self, functions, name):
        function = getattr(functions, name)
        code = function.__code__
        ears = Ears(lambda *_: None)
        ears.put_on([Listening(function=function, hear=lambda *_: ())])
        assert function.__code__ is code
        ears.close()

    def test_a_function_without_source_is_left_alone(self):
        names: dict = {}
        exec("def f(): return 1", names)
        assert hear(names["f"], names["f"]) == ([1], [])

    def test_a_listener_that_fails_is_not_felt(self, functions):
        ears = Ears(lambda *_: 1 / 0)
        ears.put_on([Listening(function=functions.plain, hear=lambda *_: ())])
        assert functions.plain(2) == {"x": 2}
        ears.close()

    def test_code_that_somebody_else_has_put_there_stays(self, functions):
        ears = Ears(lambda *_: None)
        ears.put_on([Listening(function=functions.silent, hear=lambda *_: ())])
        ears.put_on([Listening(function=functions.plain.__wrapped__, hear=lambda *_: ())])
        theirs = (lambda x: x).__code__
        functions.plain.__wrapped__.__code__ = theirs
        ears.close()
        assert functions.plain.__wrapped__.__code__ is theirs
