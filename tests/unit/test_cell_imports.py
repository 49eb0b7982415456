"""What cells import, who is taken for it, and what is then left of a cell."""

import pytest

from mlexp.dataflow.imports import importers_of, imports_in, only_imports, with_imports_alone
from mlexp.dataflow.slice import slice_of
from tests.unit.test_slice import execution

BINDINGS = {
    "import numpy as np": {"np": "numpy"},
    "import os.path": {"os": "os"},
    "from math import sqrt as root, pi": {"root": "math:sqrt", "pi": "math:pi"},
    "from . import a": {"a": ".:a"},
    "import a as m\nimport b as m": {},
    "import a as m\nimport a as m": {"m": "a"},
    "import a\na = 1": {},
    "import a\ndef a(): pass": {},
    "from a import *": {},
    "(": {},
}


@pytest.mark.parametrize(("text", "expected"), BINDINGS.items(), ids=map(repr, BINDINGS))
def test_what_a_text_binds_by_imports(text, expected):
    assert imports_in(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'''Set-up.'''\nimport a\nfrom b import c\n# more\n%matplotlib inline", True),
        ("import a\n%load_ext autoreload\n%autoreload 2", True),
        ("import a\nx = 1", False),
        ("import a\nprint(a)", False),
        ("try:\n    import a\nexcept ImportError:\n    pass", False),
        ("import a\n%run x.py", False),
        ("(", False),
    ],
)
def test_cells_of_imports(text, expected):
    magics = {"%matplotlib inline": ("matplotlib", "inline"), "%load_ext autoreload": ("load_ext", "autoreload")}
    magics |= {"%autoreload 2": ("autoreload", "2"), "%run x.py": ("run", "x.py")}
    for line, words in magics.items():
        text = text.replace(line, f"get_ipython().run_line_magic({words[0]!r}, {words[1]!r})")
    assert only_imports(text) is expected


ALONE = {
    # (text, labels): what is left
    ("# why\nimport numpy as np\nX = np.ones(3)\nprint(X)", "np"): "import numpy as np",
    ("import a, b\nx = 1\nfrom c import d", "b d"): "import a, b\nfrom c import d",
    ("from a import (\n    b,\n    c,\n)\nx = 1", "c"): "from a import (\n    b,\n    c,\n)",
    ("import a; x = 1", "a"): "import a",
    ("x = 1\nimport scipy.stats", "scipy.stats"): "import scipy.stats",
    ("x = 1\nfrom sklearn import tree", "sklearn.tree"): "from sklearn import tree",
    # left as it is
    ("import a\nimport b", "b"): "import a\nimport b",
    ("x = 1\nif x:\n    import a", "a"): "x = 1\nif x:\n    import a",
    ("x = 1\nimport a", "b"): "x = 1\nimport a",
}


@pytest.mark.parametrize(("text", "labels", "expected"), [(*cell, left) for cell, left in ALONE.items()])
def test_a_cell_that_is_taken_for_its_imports(text, labels, expected):
    alone = with_imports_alone(execution(0, text, writes=("/f",)), frozenset(labels.split()))
    assert alone.python == expected
    assert (alone.writes == ()) is (expected != text)


def test_one_that_serves_for_more_and_one_that_does_nothing_else_come_first():
    texts = ["import a\nx = 1", "import a", "import a\nimport b\ny = 1", "import c\nz = 1", "import c"]
    executions = [execution(i, text) for i, text in enumerate(texts)]
    assert importers_of({"a": (0, 1, 2), "b": (2,)}, set(), executions) == {2: {"a", "b"}}
    assert importers_of({"a": (0, 1), "c": (3, 4)}, set(), executions) == {1: {"a"}, 4: {"c"}}
    assert importers_of({"a": (0, 1), "c": (3, 4)}, {0, 3}, executions) == {}


def test_the_rest_of_a_cell_that_is_taken_for_its_imports_needs_nothing():
    texts = ["q = 3", "import math\nbig = q * 2", "y = math.pi"]
    found = slice_of(executions := [execution(i, text) for i, text in enumerate(texts)], executions[-1])
    assert (found.needed, found.imports) == ((1, 2), {1: {"math"}})
