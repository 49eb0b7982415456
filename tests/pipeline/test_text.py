"""The user's text in a script, and our names beside it."""

import ast
import builtins
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mlexp.pipeline import support
from mlexp.pipeline.edits import indented
from mlexp.pipeline.naming import MODULES, OWN_NAMES
from tests.pipeline.playing import Session

Play = Callable[..., Session]

CELLS = (
    '''
text = str("""One "quoted" line, a \\\\ backslash, and
  !ls is no shell line here, nor is
%time a magic, nor ```` a fence, nor \'\'\' an end
	a tab; a # no comment"""); semicolons = 1; other = 2
raw = r"\\d+\\n" + '\\t' + "žluťoučký 🐎 \\u2028"
''',
    """
# a comment of the user's, with žluťoučký kůň

import functools


@functools.lru_cache(maxsize=None)
def outer(n: int = 3, *, k: "str" = 'x') -> list:   # odd   spacing
    '''A docstring with \"\"\" inside.'''
    def inner():
        nonlocal n
        n += 1
        return [n for _ in range( 2 )]
    return inner()


class Box:
	tabs = "indent this class"

	def size(self): return len(self.tabs)
""",
    """
long = (1 +
        len('ab'))  # over two lines
message = f"{long:>{4}} and {'nested'!r} {{}}"
if long > 2: flag = True
else: flag = False
odd = lambda x: x  ;
""",
    """
# %% a line that looks like a section
x = = 3  # this cell cannot be compiled
""",
    """
%%track
total = long + len(text) + len(raw) + outer()[0] + Box().size() + len(message)
match total:
    case int(found) if flag: print(found)
""",
)


@pytest.fixture
def script(play: Play):
    return play(*(("cell", cell.strip("\n")) for cell in CELLS)).export()


def test_code_comments_and_blank_lines_are_the_users(script) -> None:
    assert script.verdict == "reproduced", script.proof.reason
    expected = [cell.strip("\n") for cell in (*CELLS[:3], CELLS[4].replace("%%track\n", ""))]
    sections = script.cells.split("\n\n# %% In ")
    assert [section.partition("\n")[2].rstrip() for section in sections] == [text.rstrip() for text in expected]
    assert [section.partition("\n")[0] for section in sections] == ["# %% In 2", "3", "4", "6, run r1"]


def test_it_still_runs(script) -> None:
    found = script.start("--check")
    assert found.returncode == 0, found.stderr


@pytest.fixture
def table(folder: Path) -> Path:
    (folder / "t.txt").write_text("x x\n")
    return folder


@pytest.mark.usefixtures("table")
def test_names_of_ours_give_way_to_the_users(play: Play) -> None:
    script = play(
        """
        from pathlib import Path
        import json as os, os as sys
        args, script, bundle, digest, number = 1, 2, 3, 4, 5
        history = last = log = input_path = 6
        def finish(typed): return typed + args
        class read_flags: ast = 7
        json = {"a": 1}
        argparse: int = 8
        for metrics_now in range(3): pass
        with open("t.txt") as RECORDED: pass
        try: 1 / 0
        except ZeroDivisionError as PARAMS: could_not_tell = True
        """,
        """
        str = len = isinstance = repr = type = float = hasattr = sorted = set = range = any = dict = "mine"
        print = tuple = sum = max = min = bool = iter = next = open = getattr = issubclass = all = "mine"
        """,
        """
        %%track
        INPUTS = Path("t.txt").read_text().count("x")
        total = args + script + bundle + digest + number + history + finish(1) + read_flags.ast + json["a"] + INPUTS
        ratio = total / 0.0 if total == 0 else total * 1e308 * 10
        """,
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert script.start("--check").stderr == "all 4 equal those of run r1\n"
    assert script.start("--check", "--script", "20", "--data", "t.txt=nowhere").returncode == 3
    assert script.start("--check", "--script", "20").returncode == 1
    assert script.start("--script", "x y").returncode == 2
    assert script.start("--help").returncode == 0


def test_with_a_star_import_nobody_knows_the_names(table: Path, play: Play) -> None:
    ours = "".join(f"{name} = 'theirs'\n" for name in sorted(OWN_NAMES - MODULES))
    (table / "names.py").write_text(f"{ours}str = len = repr = print = 'theirs'\nseven = 7\n")
    script = play(
        "from numpy import *\nfrom names import *",
        """
        %%track
        import builtins
        text = builtins.open("t.txt").read()
        total = float(sum(array([seven, 1.0])))
        """,
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert script.start("--check").stderr == "all 2 equal those of run r1\n"
    assert script.start("--check").returncode == 0
    assert script.start("--data", "t.txt").returncode == 2


def test_text_of_ours_has_no_name_of_ours_in_an_f_string() -> None:
    """`emit` renames names by their tokens; before Python 3.12 it sees none inside f-strings."""
    yes = {"params": True, "inputs": True, "logs": True, "figures": True}
    texts = [text for text in vars(support).values() if isinstance(text, str) and "def " in text]
    texts += [*support.STAND_INS.values(), support.flag_reader(**yes)]
    texts.append(support.check(n_read=1, n_logged=1, has_inputs=True, logs=True, reference="r1"))
    for text in texts:
        filled = re.sub(r"@(FILE|BUNDLE|PLACE|ANSWERS)@", "_", text)
        tree = ast.parse(re.sub(r"@[A-Z_]+@,?", "", filled))
        inside = {
            node.id
            for joined in ast.walk(tree)
            if isinstance(joined, ast.JoinedStr)
            for node in ast.walk(joined)
            if isinstance(node, ast.Name)
        }
        assert not inside & (OWN_NAMES | set(dir(builtins)))


def test_all_top_level_names_of_ours_are_known(play: Play) -> None:
    script = play("import mlexp", "%%track\nimport mlexp\nmlexp.log(x=1)\ny = len('abc')").export()
    tree = ast.parse(script.text)
    bound = {n.id for s in tree.body if isinstance(s, ast.Assign) for n in s.targets if isinstance(n, ast.Name)}
    defined = {s.name for s in tree.body if isinstance(s, ast.FunctionDef)}
    imported = {alias.name for s in tree.body if isinstance(s, ast.Import) for alias in s.names}
    assert (bound | defined | imported) - {"y"} <= OWN_NAMES


def test_a_shown_number_gets_a_free_name(play: Play) -> None:
    script = play("rows = [1, 2]", "%%track\nsum(rows)").export()
    assert script.verdict == "reproduced", script.proof.reason
    assert "sum_ = sum(rows)" in script.cells
    assert script.start("--check").stderr == "all 1 equal those of run r1\n"
    script = play("def digest(x): return x * 2\ndef log(x): return x", "%%track\ndigest(4)").export("r1", "b.py")
    assert script.start("--check").returncode == 0


def test_future_imports_move_to_the_top(play: Play) -> None:
    script = play(
        "x = 1",
        "from __future__ import annotations\ndef f(a: Unknown) -> Unknown: return a",
        "%%track\ny = f(x) + len(f.__annotations__)",
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert script.cells.count("__future__") == 0


def test_what_only_a_notebook_has(play: Play) -> None:
    script = play(
        "in_colab = 'google.colab' in str(get_ipython())",
        "%%track\ndisplay({'a': 1}, 2)\ntotal = 1 + len(str(in_colab))",
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert script.start().stdout == "{'a': 1}\n2\n"
    own = play("def display(x): return x\nget_ipython", "%%track\nz = display(len('abc'))").export("r1", "own.py")
    assert own.text.count("def display(") == 1


def test_headings_and_repeated_cells(play: Play, tmp_path: Path) -> None:
    cells = ["import math", "x = 2.0", "x = math.sqrt(x)", "%%track\ny = x / 3"]
    book = {
        "cells": [
            {"cell_type": "markdown", "source": ["# Roots\n", "text"]},
            {"cell_type": "code", "source": cells[0]},
            {"cell_type": "markdown", "source": "## Setting \u202e up ##\n\n```\n# no heading\n```\n#neither"},
            {"cell_type": "code", "source": cells[1], "id": "b"},
            {"cell_type": "code", "source": cells[2]},
        ]
    }
    (tmp_path / "roots.ipynb").write_text(json.dumps(book))
    script = play(*cells[:3], cells[2], cells[3], MLEXP_NOTEBOOK=str(tmp_path / "roots.ipynb")).export()
    titles = [line for line in script.cells.splitlines() if line.startswith("# %%")]
    assert titles == [
        "# %% In 2: Roots",
        "# %% In 3: Setting  up",
        "# %% In 4: Setting  up",
        "# %% In 5: Setting  up, the same cell again",
        "# %% In 6, run r1",
    ]
    assert "of roots.ipynb, 20" in script.text


def test_params_are_shown_as_they_were_written(play: Play) -> None:
    script = play(
        """
        rate, width = 1e-3, 2**4
        names = ['a', "b"]
        table = {
            "k": 1,  # a comment
        }
        first = second = 5
        """,
        "%%track\ntotal = rate * width + len(names) + table['k'] + first + second",
    ).export()
    assert script.text.partition("PARAMS = {")[2].partition("\n}")[0].splitlines()[1:] == [
        '    "rate": 1e-3,',
        '    "width": 2**4,',
        """    "names": ['a', "b"],""",
        """    "table": {'k': 1},""",
        '    "first": 5,',
    ]
    assert "rate, width = args.rate, args.width" in script.cells
    assert "first = second = args.first" in script.cells
    assert script.start("--check").returncode == 0


def test_a_param_bound_twice_is_set_where_it_counts(play: Play) -> None:
    script = play("n = 1", "first = n * 10.0", "n = 2", "%%track\ntotal = n + first").export()
    assert "# %% In 2\nn = 1\n" in script.cells
    assert "# %% In 4\nn = args.n\n" in script.cells
    assert script.start("--check", "--n", "3").stderr.startswith("total: 12.0 in the run, 13.0 now, +1\n")


def test_indenting_changes_no_string() -> None:
    source = (Path(__file__).parent / "strings.txt").read_text(encoding="utf-8")
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    exec(source, before)
    exec(f"if True:\n{indented(source)}", after)
    assert {name: before[name] for name in "aehl"} == {name: after[name] for name in "aehl"}


def test_names_of_flags_do_not_meet(play: Play) -> None:
    script = play("data = 1\ndata_ = 2\ncheck = 3", "%%track\ntotal = data + 10 * data_ + 100 * check").export()
    found = script.start("--data__", "4", "--data_", "5", "--check_", "6", "--check")
    assert found.stderr.startswith("total: 321 in the run, 654 now")
