"""Slices: a law over random sessions, and a table of cases."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlexp.dataflow.late import bound_before_calls, read_at_once
from mlexp.dataflow.names import names_of
from mlexp.dataflow.results import results_read
from mlexp.dataflow.slice import slice_of
from mlexp.pipeline.search import cautious_slice
from mlexp.records import Execution, Outcome, SessionId


def execution(index, python, **fields):
    names = names_of(python)
    return Execution(
        session_id=SessionId("s"),
        index=index,
        number=index + 1,
        source=python,
        python=python,
        outcome=Outcome.OK,
        **{"bound": names.bound, "read": names.read, "loaded": names.loaded} | fields,
    )


def observed(texts):
    """Run the texts one after another; return their executions with all that they did to names, and the namespace."""
    namespace, found = {}, []
    for index, text in enumerate(texts):
        before = {name: copy.deepcopy(value) for name, value in namespace.items() if name != "__builtins__"}
        ids = {name: id(value) for name, value in namespace.items()}
        held = dict(namespace)  # so that no id is used again
        exec(text, namespace)
        names = names_of(text, namespace=before)
        surely = {name for name in names.bound if name in namespace and name not in names.read}
        others = {name for name in names.bound if name in namespace and ids.get(name) != id(namespace[name])}
        changed = {
            name
            for name, value in before.items()
            if name in namespace and name not in surely | others and repr(namespace[name]) != repr(value)
        }
        gone = before.keys() - namespace.keys()
        effects = {"rebound": tuple(surely | others | gone), "changed": tuple(changed), "deleted": tuple(gone)}
        found.append(execution(index, text, **effects))
        del held
    return found, namespace


NAMES = st.sampled_from("abcd")
NUMBERS = st.integers(0, 3)
STATEMENTS = st.one_of(
    st.builds("{} = [{}]".format, NAMES, NUMBERS),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = {} + {}".format, NAMES, NAMES, NAMES),
    st.builds("{}.append({})".format, NAMES, NUMBERS),
    st.builds("{}.append({})".format, NAMES, NAMES),
    st.builds("{} += [{}]".format, NAMES, NUMBERS),
    st.builds("len({})".format, NAMES),
    st.builds("if len({}) > {}:\n    {} = {}[1:]".format, NAMES, NUMBERS, NAMES, NAMES),
    st.builds("for x in list({}):\n    {} = [str(x)]".format, NAMES, NAMES),
    st.builds("{}, {} = {}, {}".format, NAMES, NAMES, NAMES, NAMES),
)
CELLS = st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join)


@given(st.lists(CELLS, min_size=1, max_size=12), NAMES)
def test_a_slice_gives_what_the_session_gave(texts, wanted):
    start = "a = []\nb = [1]\nc = a\nd = [b]"
    target = f"result = str({wanted})"
    executions, namespace = observed([start, *texts, target])
    found = slice_of(executions, executions[-1])
    assert found.doubtful == ()
    alone = {}
    for index in found.needed:
        exec(executions[index].python, alone)
    assert alone["result"] == namespace["result"]


@given(st.lists(CELLS, min_size=1, max_size=12), NAMES)
def test_by_texts_alone_the_cautious_slice_gives_it(texts, wanted):
    start = "a = []\nb = [1]\nc = [2]\nd = [3]"  # aliases are nothing that a text tells
    cells = [start, *texts, f"result = str({wanted})"]
    if any(" = a" in cell or " = b" in cell or " = c" in cell or " = d" in cell or "append(" in cell for cell in texts):
        return
    executions, namespace = observed(cells)
    executions = [replace(e, rebound=None, changed=(), deleted=()) for e in executions]
    alone = {}
    for index in cautious_slice(executions, executions[-1]).needed:
        exec(executions[index].python, alone)
    assert alone["result"] == namespace["result"]


CASES = {
    # what was bound last, and no more
    "the last binding": (["x = 1", "x = 2", "y = x"], [1, 2]),
    "an augmented one reads the one before": (["x = 1", "x += 2", "y = x"], [0, 1, 2]),
    "a chain": (["a = 1", "b = 5", "c = a", "d = c"], [0, 2, 3]),
    "a condition leaves the earlier one": (["c = 1\nx = 1", "if c:\n    x = 2", "y = x"], [0, 1, 2]),
    # functions read when they are called
    "a global bound behind its function": (["g = 1", "def f():\n    return g", "g = 2", "y = f()"], [1, 2, 3]),
    "a function that is only defined reads nothing": (["g = 1", "def f():\n    return g\nx = 3", "y = x"], [1, 2]),
    "a function that is called in its own cell": (["g = 1", "def f():\n    return g\nx = f()", "y = x"], [0, 1, 2]),
    "a lambda that is handed on": (["g = 1", "x = list(map(lambda v: v + g, [1]))", "y = x"], [0, 1, 2]),
    "a lambda that is only named": (["g = 1", "f = lambda: g\nx = 2", "y = x"], [1, 2]),
    "a decorated function": (["def dec(f):\n    return f", "@dec\ndef f():\n    return 1", "y = f"], [0, 1, 2]),
    "a method of a class that is made": (
        ["g = 1", "class A:\n    def m(self):\n        return g\nx = A().m()", "y = x"], [0, 1, 2],
    ),
    # imports
    "one import is enough": (["import math", "import math\nz = 1", "y = math.pi"], [0, 2]),
    "an import that is needed anyway": (["import math", "import math\nz = 1", "y = math.pi + z"], [1, 2]),
    "two modules of one cell": (["import os", "import os, math", "import math", "y = math.pi, os.sep"], [1, 3]),
    "another module of that name": (["import json as m", "import math as m", "y = m.pi"], [1, 2]),
    "a value in place of an import": (["import math", "math = 3", "y = math"], [1, 2]),
    "an import in place of a value": (["math = 3", "import math", "y = math.pi"], [1, 2]),
    "an import that is tried": (
        ["try:\n    import a as m\nexcept ImportError:\n    import math as m", "y = m.pi"], [0, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "expected"), CASES.values(), ids=CASES)
def test_by_its_text(texts, expected):
    executions = [execution(index, text) for index, text in enumerate(texts)]
    executions = [replace(e, reached=("g",)) if e.python == "y = f()" else e for e in executions]
    assert list(slice_of(executions, executions[-1]).needed) == expected


FIELDS = {
    # (fields of the executions before the target, fields of the target, needed, doubtful)
    "changed through an alias": (
        [{"rebound": ("a",)}, {"rebound": ("b",), "read": ("a",)}, {"rebound": (), "changed": ("a", "b")}],
        {"read": ("b",)}, [0, 1, 2], [],
    ),
    "suspected": ([{"rebound": ("a",)}, {"rebound": (), "suspected": ("a",)}], {"read": ("a",)}, [0], [1]),
    "bound, and yet the same as before": (
        [{"rebound": ("a",)}, {"rebound": (), "bound": ("a",)}], {"read": ("a",)}, [0], [],
    ),
    "deleted": ([{"rebound": ("a",)}, {"rebound": ("a",), "deleted": ("a",)}], {"read": ("a",)}, [], []),
    "deleted, and made for another reason": (
        [{"rebound": ("a", "b")}, {"rebound": ("a",), "deleted": ("a",)}], {"read": ("a", "b")}, [0], [1],
    ),
    "reads what it may": (
        [{"rebound": ("a",)}, {"rebound": ()}], {"read": (), "reads_all": True}, [], [0],
    ),
    "a file that was written": ([{"writes": ("/f",)}, {"writes": ("/g",)}], {"reads": ("/f",)}, [0], []),
    "a file that was written twice": ([{"writes": ("/f",)}, {"writes": ("/f",)}], {"reads": ("/f",)}, [1], []),
    "a file that was appended to": (
        [{"writes": ("/f",)}, {"writes": ("/f",), "appends": ("/f",)}], {"reads": ("/f",)}, [0, 1], [],
    ),
    "a file that was renamed": (
        [{"writes": ("/f",)}, {"reads": ("/f",), "writes": ("/g",), "removes": ("/f",)}],
        {"reads": ("/g",)}, [0, 1], [],
    ),
    "a file that was removed before": (
        [{"writes": ("/f",)}, {"removes": ("/f",)}, {"writes": ("/f",), "appends": ("/f",)}],
        {"reads": ("/f",)}, [1, 2], [],
    ),
    "a folder that was listed": ([{"writes": ("/d/f",)}, {"writes": ("/e/f",)}], {"listed": ("/d",)}, [], [0]),
    "the last result": ([{"has_result": True}, {"has_result": True}, {}], {"python": "y = _", "read": ("_",)}, [1], []),
    "the result before": ([{"has_result": True}, {"has_result": True}], {"python": "y = __", "read": ("__",)}, [0], []),
    "a name of the user's": ([{"rebound": ("_",)}, {"has_result": True}], {"python": "y = _", "read": ("_",)}, [0], []),
    "a numbered result": ([{"has_result": True}, {"has_result": True}], {"python": "y = Out[1] + _1"}, [0], []),
    "any result": ([{"has_result": True}, {}, {"has_result": True}], {"python": "y = len(Out)"}, [0, 2], []),
}  # fmt: skip


@pytest.mark.parametrize(("before", "target", "needed", "doubtful"), FIELDS.values(), ids=FIELDS)
def test_by_what_was_observed(before, target, needed, doubtful):
    def made(index, fields):
        python = ", ".join(fields.get("read", ())) or "pass"
        text = {"python": python, "bound": fields.get("rebound") or (), "read": (), "rebound": ()} | fields
        return replace(execution(index, "pass"), **text, source=text["python"])

    executions = [made(index, fields) for index, fields in enumerate([*before, target])]
    found = slice_of(executions, executions[-1])
    assert list(found.needed) == [*needed, len(before)]
    assert list(found.doubtful) == doubtful


def test_what_is_wanted_in_any_case_brings_what_it_needs():
    executions = [execution(i, text) for i, text in enumerate(["a = 1", "b = a", "c = 3", "y = c"])]
    assert slice_of(executions, executions[-1], also={1}).needed == (0, 1, 2, 3)


AT_ONCE = {
    "y = x": "x",
    "x += 1": "x",
    "def f():\n    return x": "",
    "def f(a=x) -> y:\n    return z": "x y",
    "def f():\n    return x\nf()": "f x",
    "def f():\n    return x\ndef g():\n    return f()\ng()": "f g x",
    "f = lambda: x": "",
    "f = lambda a=y: x": "y",
    "f = lambda: x\nf()": "f x",
    "h(lambda: x)": "h x",
    "class A:\n    b = x\n    def m(self):\n        return y": "x",
    "class A:\n    def m(self):\n        return y\nA()": "A y",
    "[x for x in y]": "x y",
    "async def f():\n    await x\nawait f()": "f x",
}


@pytest.mark.parametrize(("text", "expected"), AT_ONCE.items(), ids=map(repr, AT_ONCE))
def test_what_a_text_reads_at_once(text, expected):
    assert read_at_once(text) == frozenset(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Out[3]", {3}), ("_7 + _oh[2]", {2, 7}), ("Out", {0}), ("Out[i]", {0}), ("out = _x", set()), ("(", set())],
)
def test_results_that_a_text_reads(text, expected):
    assert results_read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nlr = -0.1\nx: int = 2\ntrain()\ny = 1", "os lr x"),
        ("def f():\n    return g()\na, b = 1, 2\nz = 3\nf()", "f z"),
        ("@dec\ndef f():\n    pass\nx = 1", ""),
        ("lr = rate * 2\nx = 1", ""),
        ("'''what it does'''\nlr = 1", "lr"),
        ("x = f'{y}'\nz = 1", ""),
    ],
)
def test_what_a_text_binds_before_it_calls_anything(text, expected):
    assert bound_before_calls(text) == frozenset(expected.split())
