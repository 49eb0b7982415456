"""`%%track` and its neighbours come off the top of a cell, and nothing else does."""

import ast

import pytest

from mlexp.dataflow.cell import magic_call, parse, peel, without_peeled

CASES = {  # cell: (what stands behind %%track, its line, other magics, body)
    "plain": ("x = 1", (None, -1, (), "x = 1")),
    "alone": ("%%track\nx = 1", ("", 0, (), "# %%track\nx = 1")),
    "with a name and options": (
        "%%track forest -t base \nx = 1",
        ("forest -t base", 0, (), "# %%track forest -t base \nx = 1"),
    ),
    "a tab behind it": ("%%track\tforest\nx", ("forest", 0, (), "# %%track\tforest\nx")),
    "Windows' ends of lines": ("%%track forest\r\nx = 1\r\n", ("forest", 0, (), "# %%track forest\r\nx = 1\r\n")),
    "Windows' end, no name": ("%%track\r\nx = 1", ("", 0, (), "# %%track\r\nx = 1")),
    "comments and blanks above": (
        "# note\n\n  # more\n%%track a\nx",
        ("a", 3, (), "# note\n\n  # more\n# %%track a\nx"),
    ),
    "%%time below": ("%%track a\n%%time\nx", ("a", 0, ("time",), "# %%track a\n# %%time\nx")),
    "%%time above": ("%%time\n%%track a\nx", ("a", 1, ("time",), "# %%time\n# %%track a\nx")),
    "%%capture and %%prun": (
        "%%capture out\n# why\n%%track a\n%%prun -l 5\nx",
        ("a", 2, ("capture", "prun"), "# %%capture out\n# why\n# %%track a\n# %%prun -l 5\nx"),
    ),
    "%%writefile below": ("%%track a\n%%writefile f.py\nx", ("a", 0, (), "# %%track a\n%%writefile f.py\nx")),
    "%%writefile above": ("%%writefile f.py\n%%track a\nx", (None, -1, (), "%%writefile f.py\n%%track a\nx")),
    "two": ("%%track a\n%%track b\nx", ("a", 0, (), "# %%track a\n%%track b\nx")),
    "below the code": ("x = 1\n%%track a", (None, -1, (), "x = 1\n%%track a")),
    "indented": ("  %%track a\nx", (None, -1, (), "  %%track a\nx")),
    "another word": ("%%tracker a\nx", (None, -1, (), "%%tracker a\nx")),
    "one percent sign": ("%track a\nx", (None, -1, (), "%track a\nx")),
    "in a text": ('s = """\n%%track a\n"""', (None, -1, (), 's = """\n%%track a\n"""')),
    "nothing below": ("%%track", ("", 0, (), "# %%track")),
    "empty": ("", (None, -1, (), "")),
    "a name with an accent": ("%%track forêt\nx", ("forêt", 0, (), "# %%track forêt\nx")),
}


@pytest.mark.parametrize(("cell", "expected"), CASES.values(), ids=CASES)
def test_peel(cell, expected):
    found = peel(cell)
    assert (found.track, found.track_line, found.magics, found.body) == expected
    assert found.body.count("\n") == cell.count("\n")


@pytest.mark.parametrize("cell", [cell for cell, _ in CASES.values()], ids=CASES)
def test_peeling_again_changes_nothing(cell):
    body = peel(cell).body
    if not body.lstrip("# \n").startswith("%%track"):  # a second %%track is a cell's own mistake
        assert peel(body).body == body


WITHOUT = {
    "# %%track a\nx = 1": "x = 1",
    "# note\n# %%track a\n# %%time\n\nx = 1\n\n": "# note\n\nx = 1",
    "# %%track\n\n\nx": "x",
    "# %% a cell's title\nx": "# %% a cell's title\nx",
    "# %%tracker\nx": "# %%tracker\nx",
    "x\n# %%track a\ny": "x\n# %%track a\ny",
    "  \nx = 1": "x = 1",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), WITHOUT.items(), ids=map(repr, WITHOUT))
def test_without_peeled(text, expected):
    assert without_peeled(text) == expected


@pytest.mark.parametrize(
    ("python", "has_tree"),
    [
        ("x = 1", True),
        ("await f()", True),
        ("", True),
        ("x =", False),
        ("x\0", False),
        ("(" * 999, False),
        ("return", True),
    ],
)
def test_parse(python, has_tree):
    assert (parse(python) is not None) is has_tree


MAGIC_CALLS = {
    'get_ipython().run_line_magic("time", "f()")': ("run_line_magic", ("time", "f()")),
    'get_ipython().system("ls")': ("system", ("ls",)),
    "get_ipython().system(x)": ("system", ()),
    "get_ipython()": None,
    "shell().system('ls')": None,
    "f(x)": None,
    "x": None,
}


@pytest.mark.parametrize(("text", "expected"), MAGIC_CALLS.items(), ids=MAGIC_CALLS)
def test_magic_call(text, expected):
    assert magic_call(ast.parse(text, mode="eval").body) == expected
