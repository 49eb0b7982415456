"""Magics and shell lines in a script."""

from collections.abc import Callable
from pathlib import Path

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
        "# %load_ext autoreload",
        "# !ls data",
        "x = 3",
        "# x?",
        "# x?",
        "# x.bit_length??",
        "# %timeit -n1 -r1 x + 1",
    ]
    assert sections[1] == "for i in range(2):\n    # !ls\n    x += 1\nif x:\n    pass  # %pip --version"
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
        total = sum(sizes) + len(first) + n
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
    assert script.bundled == ["helper_written.py"]
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


def test_a_magic_that_has_no_python_is_named(play: Play, folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "table.txt").write_text("4")
    script = play("%cd below", "%%track\ny = float(open('table.txt').read())").export()
    assert script.verdict == "reproduced", script.proof.reason  # its input is found all the same
    assert "In 2 is left out, as it has no Python: %cd below" in script.text
    script = play("prefix = %env HOME\nnames = %who_ls", "%%track\ny = len(names) + len(prefix)").export("r2", "b.py")
    assert script.verdict == "not verified"
    assert "TypeError: object of type 'NoneType' has no len() (In 3, line " in script.proof.reason
    assert "In 2 is left out, as it has no Python: %who_ls" in script.text
