"""Magics and shell lines in a script."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]


def test_what_had_no_effect_becomes_a_comment_or_goes(play: Play) -> None:
    script = play(
        """
        %matplotlib inline
        %load_ext autoreload
        !ls data
        x = 3
        x?
        ?x
        x.bit_length??
        %timeit -n1 -r1 x + 1
        """,
        "%load_ext mlexp\n%runs\nimport mlexp\nmlexp.runs()",
        "%%html\n<b>bold</b>",
        "for i in range(2):\n    !ls\n    x += 1\nif x:\n    %pip --version",
        "%%track\n%%time\n%%capture captured\ny = x * 2.0\nprint('quiet')",
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    sections = [section.partition("\n")[2] for section in script.cells.split("\n\n# %% In ")]
    assert sections[0].splitlines() == [
        "# %matplotlib inline",
        "# !ls data",
        "x = 3",
        "# x?",
        "# x?",
        "# x.bit_length??",
        "# %timeit -n1 -r1 x + 1",
    ]
    assert sections[1] == "for i in range(2):\n    # !ls\n    x += 1\nif x:\n    pass"
    assert sections[2].rstrip() == "y = x * 2.0\nprint('quiet')"
    assert "<b>" not in script.text


def test_time_environment_and_shell_lines_have_their_effect(play: Play) -> None:
    script = play(
        "import os\nword = 'two words'\nn = 7",
        "%time a = n * 2.0\nb = %time n + 1\n%env SOME_THING = a b\n%env OTHER $word\n%set_env THIRD=3",
        "lines = !echo {word.upper()} $word '$n' $$HOME; echo {n}\nfirst, = !printf '$HOME'\n!echo $n > written.txt",
        '%%bash\nprintf \'from "bash" %s\' "$THIRD" >> written.txt',
        """
        %%track
        sizes = [a, b, len(os.environ["SOME_THING"]), len(os.environ["OTHER"]), len(os.environ["THIRD"])]
        with open("written.txt") as file:
            total = sum(sizes) + len(first) + n + len(file.read())
        shown = lines[0].split()[:5]
        """,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert 'os.environ["SOME_THING"] = "a b"' in script.cells
    assert 'os.environ["OTHER"] = f' in script.cells
    assert "a = n * 2.0\nb = n + 1\n" in script.cells
    assert "get_ipython" not in script.text
    assert script.start("--check", "--n", "8").returncode == 1
    outside = script.path.parent.parent / "elsewhere"
    assert (outside / "written.txt").read_text() == '8\nfrom "bash" 3'  # in the caller's directory


def test_a_module_that_the_notebook_wrote(play: Play) -> None:
    source = 'VALUE = 3  # "quoted" and\\n\n\ndef triple(x):\n    """Three times."""\n    return x * VALUE\n'
    script = play(
        f"%%writefile helper_written.py\n{source}",
        "%%writefile -a helper_written.py\nMORE = 1",
        "from helper_written import triple, MORE",
        "%%track\ny = triple(2.5) + MORE",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == []
    assert script.start("--check").returncode == 0
    assert (script.path.parent.parent / "elsewhere" / "helper_written.py").read_text() == f"{source}MORE = 1\n"


def test_pylab(play: Play) -> None:
    script = play("%pylab agg", "%%track\nsize = float(sum(arange(4)) + np.pi)\nplt.plot([1, 2]);").export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.start("--check").returncode == 0


def test_a_script_that_the_notebook_ran(play: Play, folder: Path) -> None:
    (folder / "other.py").write_text("hidden = 4\n")
    script = play("%run other.py", "%run -i other.py", "%%track\ny = hidden * 2.0").export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == ["other.py"]


def test_a_magic_that_has_no_python_is_named(play: Play) -> None:
    script = play("prefix = %env HOME\nnames = %who_ls", "%%track\ny = len(names) + len(prefix)").export()
    assert script.verdict == "not verified"
    assert "TypeError: object of type 'NoneType' has no len() (In 3, line " in script.proof.reason
    assert "In 2 is left out, as it has no Python: %who_ls" in script.text


NOTEBOOK = (
    "import json\ncell = {'cell_type': 'code', 'source': ['q = 4\\n', 'r = q'], 'metadata': {}, 'outputs': []}\n"
    "text = {'cells': [cell | {'execution_count': 1}], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 4}\n"
    "with open('other.ipynb', 'w') as file: json.dump(text, file)"
)
SESSIONS = {
    "captured text that is read": ["%%capture cap\nprint('seven')\nx = 3", "%%track\ny = 1.0 * len(cap.stdout) + x"],
    "captured text that nobody reads": ["%%capture cap\nprint('seven')\nx = 3", "%%track\ny = 1.0 * x"],
    "a script with words": [
        "%%writefile s.py\nimport sys\nvalue = float(sys.argv[1]) + len(sys.argv)\ndef f(): return value",
        "%run s.py 3 b",
        "%%track\ny = f() * 2",
    ],
    "a script without its ending": ["%%writefile s.py\nvalue = 3", "%run s", "%%track\ny = value * 2.0"],
    "a notebook": [NOTEBOOK, "%run other.ipynb", "%%track\ny = r * 2.0"],
    "profiled": ["x = []", "%prun x.append(2)", "%%track\ny = sum(x) * 2.0"],
    "bash": ["%%bash\necho 5 > n.txt", "%%track\ny = float(open('n.txt').read())"],
    "what bash says": ["%%bash --out got\necho 5", "%%track\ny = float(got)"],
    "a program": ["%%script python3 -\nopen('n.txt', 'w').write('6')", "%%track\ny = float(open('n.txt').read())"],
    "another Python": ["%%python\nopen('n.txt', 'w').write('6')", "%%track\ny = float(open('n.txt').read())"],
    "timed in a function of its own": ["x = [1]", "%%timeit -n1 -r1\nsum(x)", "%%track\ny = 2.5 * x[0]"],
    "timed cells and lines": ["%%time\na = 3\nb = a + 1", "%time c = a + b", "%%track\ny = 1.0 * c"],
    "in a loop": [
        "n = 2\nfor i in range(2):\n    if i:\n        %time n += 5\n    else:\n        !echo {n} > f.txt",
        "%%track\ny = 1.0 * n + float(open('f.txt').read())",
    ],
    "in a function": ["def f(k):\n    out = !echo {k}\n    return int(out[0])", "%%track\ny = f(4) * 1.0"],
    "a command's lines": ["got = %sx echo 4", "%%track\ny = float(got[0])"],
    "a command's lines as a result": ["!!echo 4", "%%track\ny = float(_[0])"],
    "a command's status": ["!true\nok = _exit_code", "%%track\ny = 1.0 * (ok + 2)"],
    "run again": ["x = []", "x.append(1)", "%rerun 3", "%%track\ny = 1.0 * len(x)"],
    "aliases": ["%alias say echo %s", "%say hi", "x = 2", "%%track\ny = 1.0 * x"],
    "settings": ["%config InlineBackend.figure_format = 'svg'\n%precision 3\nx = 3", "%%track\ny = 1.0 * x"],
    "a module with a computed name": [
        "name = 'computed_name'",
        "%%writefile {name}.py\nV = 4",
        "import computed_name",
        "%%track\ny = computed_name.V * 1.0",
    ],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_magic_does_in_the_script_what_it_did(play: Play, name: str) -> None:
    script = play(*SESSIONS[name]).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "left out" not in script.text
    assert script.start("--check").returncode == 0


def test_what_prepares_the_notebook_goes(play: Play) -> None:
    script = play(
        "%load_ext autoreload\n%autoreload 2\n%pip --version\n!pip --version\nx = 3", "%%track\ny = 1.0 * x"
    ).export()
    assert script.cells.startswith("# %% In 2\nx = args.x\n")
