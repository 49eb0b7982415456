"""Names that a cell surely binds first, also in loops that surely have a first turn."""

import ast
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlexp.dataflow.names import names_of

NAMESPACE = {"n": 3, "none": 0, "models": {"a": 1}, "empty": [], "text": "ab", "odd": object()}

SURE = [
    "for i in range(3):\n    x = i\nx",
    "for i in [1, 2]:\n    x = i\n    x + 1\nx",
    "for i in range(n):\n    x = i\nx",
    "k = 5\nfor i in range(1, k + 1):\n    x = i\nx",
    "for name, model in models.items():\n    x = model\nx",
    "for i, m in enumerate(models):\n    x = m\nx",
    "for a, b in zip([1], text):\n    x = a\nx",
    "for i in tqdm(range(n)):\n    x = i\nx",
    "while True:\n    x = 1\n    if x: break\nx",
    "for i in range(2):\n    for j in 'ab':\n        x = j\nx",
    "rows = []\nfor i in range(2):\n    x = i\n    rows.append(x)\nx",
    "kinds = ['a', 'b']\nfor kind in kinds:\n    x = kind\nx",
    "print(n)\nfor i in range(n):\n    x = i\nx",
]
UNSURE = [
    "for i in range(none):\n    x = i\nx",
    "for i in range(unknown):\n    x = i\nx",
    "for i in range(3):\n    if i: x = i\nx",
    "for i in range(3):\n    if i == 0: continue\n    x = i\nx",
    "for i in range(3):\n    if i > 5: break\n    x = i\nx",
    "for i in range(3):\n    y = x\n    x = i",
    "for i in range(3):\n    x = x + i",
    "for i in empty:\n    x = i\nx",
    "models.clear()\nfor m in models:\n    x = m\nx",
    "m = models.pop('a')\nfor m in models:\n    x = m\nx",
    "for i in odd:\n    x = i\nx",
    "n = 0\nfor i in range(n):\n    x = i\nx",
    "n -= 3\nfor i in range(n):\n    x = i\nx",
    "kinds = ['a']\nkinds.clear()\nfor kind in kinds:\n    x = kind\nx",
    "kinds = ['a']\nother = kinds\nother.clear()\nfor kind in kinds:\n    x = kind\nx",
    "range = list\nfor i in range(''):\n    x = i\nx",
    "while n > 5:\n    x = 1\nx",
    "for i in range(5, 2):\n    x = i\nx",
    "k = 1\nfor j in range(2):\n    k = 0\nfor i in range(k):\n    x = i\nx",
    "for i in [*empty]:\n    x = i\nx",
    "for i in range(2):\n    def f(): return x\n    f()\n    x = i",
    "try:\n    for i in range(2):\n        x = i\nexcept E: pass\nx",
]


@pytest.mark.parametrize("cell", SURE)
def test_a_first_turn_binds(cell):
    assert "x" not in names_of(cell, frozenset(), NAMESPACE).read


@pytest.mark.parametrize("cell", UNSURE)
def test_what_may_not_run_does_not(cell):
    assert "x" in names_of(cell, frozenset(), NAMESPACE).read


NAMES = "abc"
SIMPLE = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(NAMES), st.sampled_from(["1", "0", "[]", "[1]", "a", "b", "c"])),
    st.builds("seen({})".format, st.sampled_from(NAMES)),
    st.sampled_from(["break", "continue", "if c: a = 2", "b = [0]", "b.clear()"]),
)
LOOPED = st.builds(
    lambda head, body: head + "\n" + "\n".join(f"    {line}" for line in body),
    st.sampled_from(["for a in range(2):", "for b in range(a):", "for c in b:", "for a in [1, 2]:", "for c in (0,):"]),
    st.lists(SIMPLE, min_size=1, max_size=4),
)


@given(st.lists(st.one_of(SIMPLE, LOOPED), min_size=1, max_size=6), st.fixed_dictionaries({
    "a": st.integers(0, 2), "b": st.sampled_from([[], [1]]), "c": st.integers(0, 1)}))  # fmt: skip
def test_no_name_that_is_read_is_said_to_be_bound_first(lines, values):
    """The law: run the cell in a namespace that hears of each look-up of a name before the cell has bound it."""
    cell = "\n".join(lines)
    try:
        ast.parse(cell)
        code = compile(cell, "cell", "exec")
    except SyntaxError:
        return
    heard = set()

    class Listening(dict):
        own = frozenset(NAMES)

        def __getitem__(self, name):
            if name in self.own and name not in self.bound:
                heard.add(name)
            return super().__getitem__(name)

        def __setitem__(self, name, value):
            self.bound.add(name)
            super().__setitem__(name, value)

    namespace = Listening({**{k: list(v) if type(v) is list else v for k, v in values.items()}})
    namespace.bound = set()
    turns = iter(range(200))
    before = dict(values)
    dict.__setitem__(namespace, "seen", lambda value: next(turns))
    dict.__setitem__(namespace, "range", lambda *a: (next(turns), range(*a))[1])
    with contextlib.suppress(Exception):
        exec(code, {"__builtins__": __builtins__}, namespace)
    assert heard <= set(names_of(cell, frozenset(), before).read)
