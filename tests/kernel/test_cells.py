"""A tracked cell runs exactly as it would without `%%track`."""

import re

import pytest

from mlexp.records import Outcome, RunStatus

BODIES = [
    "1 + 1",
    "x = 3\nx * 2",
    "x = 3;",
    "x = 3\nx;",
    "print('a')\n'b'",
    "for i in range(3):\n    i",
    "def f():\n    '''doc'''\n    return 7\nf()",
    "import asyncio\nawait asyncio.sleep(0)\n5",
    "%time 3 + 4",
    "y = %time 3 + 4\ny",
    "%%time\n3 + 4",
    "\n\n# a comment\n8",
    "'''\n%%track\n'''",
]


@pytest.mark.parametrize("body", BODIES)
def test_result_out_and_underscore_are_as_without(shell, body):
    plain = shell.run(body)
    shell.load()
    tracked = shell.run(f"%%track base\n{body}")
    assert tracked.success
    assert tracked.result == plain.result
    assert ("Out" in shell.names and shell.names["Out"].get(3)) == plain.result
    if plain.result is not None:
        assert shell.names["_"] == shell.names["_3"] == plain.result
    assert shell.latest().status is RunStatus.FINISHED


def test_in_and_history(loaded):
    loaded.ok("%%track base\nx = 1")
    assert loaded.names["In"][2] == "# %%track base\nx = 1"
    assert loaded.ip.history_manager.input_hist_raw[2] == "%%track base\nx = 1"
    loaded.ok("%rerun 2")
    assert len(loaded.project.runs()) == 2


def test_exception_reaches_the_user_with_its_line(loaded, capsys):
    result = loaded.run("%%track base\nx = 1\n\ny = x / 0\nz = 2")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "z" not in loaded.names
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "line 4" in shown
    assert re.search(r"-+> 4 y = x / 0", shown)
    run = loaded.latest()
    assert run.status is RunStatus.FAILED
    assert (run.record.error.type, run.record.error.line) == ("ZeroDivisionError", 4)
    assert run.record.error.message == "division by zero"
    assert "y = x / 0" in run.record.error.traceback
    assert loaded.executions()[-1].outcome is Outcome.ERROR


def test_error_in_a_function_names_the_cells_line(loaded):
    loaded.ok("def f():\n    raise ValueError('no')")
    loaded.run("%%track\n1\nf()")
    assert loaded.latest().record.error.line == 3


class TestSyntaxErrors:
    def test_plain(self, loaded):
        result = loaded.run("%%track base\nx = 1\ny = = 2")
        assert isinstance(result.error_before_exec, SyntaxError)
        assert "x" not in loaded.names
        assert loaded.latest().status is RunStatus.FAILED
        assert loaded.latest().record.error.line == 3
        assert loaded.executions()[-1].outcome is Outcome.NOT_RUN

    def test_misplaced_return_has_run_up_to_there(self, loaded):
        result = loaded.run("%%track base\nx = 1\nreturn 3")
        assert not result.success
        assert loaded.names["x"] == 1
        assert loaded.executions()[-1].outcome is Outcome.ERROR
        assert loaded.latest().status is RunStatus.FAILED

    def test_text_that_ends_in_the_middle(self, loaded):
        result = loaded.run("%%track base\nx = (1,")
        assert isinstance(result.error_before_exec, SyntaxError)
        assert loaded.latest().status is RunStatus.FAILED


class TestOtherCellMagics:
    def test_time_beneath(self, loaded, capsys):
        assert loaded.ok("%%track base\n%%time\nx = 2\nx * 3") == 6
        assert "Wall time" in capsys.readouterr().out
        assert loaded.latest().name == "base"
        assert loaded.executions()[-1].bound == ("x",)

    def test_time_above(self, loaded, capsys):
        assert loaded.ok("%%time\n%%track base\nx = 2\nx * 3") == 6
        assert "Wall time" in capsys.readouterr().out
        assert loaded.latest().name == "base"

    def test_error_beneath_time(self, shell):
        """IPython 8 shows it and passes it on to nobody, so that the cell is "ok"; the run has failed all the same."""
        plain = shell.run("%%time\nx = 2\n1 / 0")
        shell.load()
        result = shell.run("%%time\n%%track base\nx = 2\n1 / 0")
        assert type(result.error_in_exec) is type(plain.error_in_exec)
        assert shell.latest().status is RunStatus.FAILED
        assert (shell.latest().record.error.type, shell.latest().record.error.line) == ("ZeroDivisionError", 4)
        shell.ok("%%time\n%%track base\nx = 3\nx")
        assert shell.latest().status is RunStatus.FINISHED

    def test_capture_beneath_is_one_execution(self, loaded):
        loaded.ok("%%track base\n%%capture out\nx = 2\nprint(x)")
        assert loaded.names["out"].stdout == "2\n"
        loaded.ok("x")
        assert len(loaded.project.runs()) == 1
        first, tracked, last = loaded.executions()
        assert (tracked.number, last.number) == (2, 3)
        assert "print(x)" in tracked.python
        assert [e.index for e in (first, tracked, last)] == [0, 1, 2]

    def test_capture_above(self, loaded):
        loaded.ok("%%capture out\n%%track base\nx = 2\nprint(x)")
        assert loaded.names["out"].stdout == "2\n"
        assert loaded.latest().name == "base"
        assert len(loaded.executions()) == 2

    def test_error_under_capture_fails_the_run(self, loaded):
        loaded.run("%%track base\n%%capture out\nx = 2\n1 / 0")
        run = loaded.latest()
        assert run.status is RunStatus.FAILED
        assert run.record.error.type == "ZeroDivisionError"

    def test_timeit_beneath(self, loaded, capsys):
        loaded.ok("%%track base\n%%timeit -n 1 -r 1\nsum(range(10))")
        assert "per loop" in capsys.readouterr().out
        assert loaded.latest().status is RunStatus.FINISHED
        assert "run_cell_magic('timeit'" in loaded.executions()[-1].python

    def test_writefile_beneath(self, loaded, folder):
        loaded.ok("%%track base\n%%writefile made.txt\nhello")
        assert (folder / "made.txt").read_text() == "hello\n"
        assert loaded.executions()[-1].writes == (str(folder / "made.txt"),)

    def test_track_in_a_written_file_is_text(self, loaded, folder):
        loaded.ok("%%writefile made.txt\n%%track base\nhello")
        assert (folder / "made.txt").read_text() == "%%track base\nhello\n"
        assert not loaded.project.runs()


class TestTheLine:
    @pytest.mark.parametrize("above", ["# %%\n", "# a cell of an editor\n\n# %%\n", "\n\n"])
    def test_below_comments(self, loaded, above):
        assert loaded.ok(f"{above}%%track base\nx = 2\nx") == 2
        assert loaded.latest().name == "base"

    @pytest.mark.parametrize("cell", ["  %%track base\n  x = 2\n  x", ">>> %%track base\n>>> x = 2\n>>> x"])
    def test_what_ipython_tidies_first(self, loaded, cell):
        assert loaded.ok(cell) == 2
        assert loaded.latest().name == "base"

    def test_comment_and_a_cell_magic_below(self, loaded):
        loaded.ok("# %%\n%%track base\n%%capture out\nprint(2)")
        assert loaded.names["out"].stdout == "2\n"
        assert loaded.latest().name == "base"

    def test_options(self, loaded):
        loaded.ok("%%track base -e exp -t a -t b -n 'two words' -p n -m k --no-data\nn = len('abc')\nk = 4\nk")
        run = loaded.latest()
        assert (run.name, run.experiment, run.labels.tags, run.labels.note) == ("base", "exp", ("a", "b"), "two words")
        assert run.params == {"n": 3}
        assert run.metrics == {"k": 4}

    def test_braces_and_dollars_are_kept(self, loaded):
        loaded.ok("a = 1")
        loaded.ok("%%track -n '{a} $a'\nx = 1")
        assert loaded.latest().labels.note == "{a} $a"


class TestWrongCalls:
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("%%track --wrong", "--wrong"),
            ("%%track a b", "b"),
            ("%%track -n", "-n"),
            ("%%track -n 'open", "No closing quotation"),
            ("%%track r3", "'r3'"),
            ("%%track g1", "'g1'"),
            ("%%track @best", "'@best'"),
        ],
    )
    def test_nothing_of_the_cell_runs(self, loaded, capsys, line, says):
        result = loaded.run(f"{line}\nx = 1\nprint('ran')")
        assert type(result.error_in_exec).__name__ == "UsageError"
        assert says in str(result.error_in_exec)
        assert "x" not in loaded.names
        assert "ran" not in capsys.readouterr().out
        assert not loaded.project.runs()

    @pytest.mark.parametrize(
        "cell", ["%%track", "%%track base", "%%track base\n", "%%track\n\n  \n", "%%track\n# only this"]
    )
    def test_nothing_below(self, loaded, cell):
        result = loaded.run(cell)
        assert type(result.error_in_exec).__name__ == "UsageError"
        assert "%%track" in str(result.error_in_exec)
        assert not loaded.project.runs()

    def test_on_another_line_than_the_first(self, loaded, capsys):
        result = loaded.run("x = 1\n%%track base\ny = 2")
        assert not result.success
        assert "%%track" in capsys.readouterr().err
        assert "y" not in loaded.names
        assert not loaded.project.runs()

    def test_as_a_line_magic(self, loaded):
        result = loaded.run("%track base")
        assert "%%track" in str(result.error_in_exec)

    def test_twice(self, loaded):
        result = loaded.run("%%track a\n%%track b\nx = 1")
        assert not result.success
        assert "x" not in loaded.names

    def test_below_a_magic_that_does_not_run_it_here(self, loaded):
        result = loaded.run("%%timeit -n1 -r1\n%%track base\nx = 1")
        assert not loaded.project.runs()
        assert not result.success or "x" not in loaded.names


def test_a_blank_cell_is_no_execution(loaded):
    loaded.run("")
    loaded.run("  \n")
    loaded.ok("x = 1")
    assert [e.source for e in loaded.executions()] == ["%load_ext mlexp", "x = 1"]


def test_nested_run_cell(loaded):
    loaded.ok("%%track base\nr = get_ipython().run_cell('inner = 5')\ny = inner + 1")
    assert loaded.names["y"] == 6
    loaded.ok("%%track after\n1")
    assert [run.name for run in loaded.project.runs()] == ["after", "base"]
    inner = next(e for e in loaded.executions() if e.source == "inner = 5")
    outer = next(e for e in loaded.executions() if e.source.startswith("%%track base"))
    assert inner.number == outer.number


def test_tracked_cell_inside_an_untracked_one(loaded):
    loaded.ok("r = get_ipython().run_cell('%%track inner\\ny = 2.0 * len([1])')")
    assert loaded.latest().metrics == {"y": 2.0}
    loaded.ok("%%track after\n1")
    assert [run.name for run in loaded.project.runs()] == ["after", "inner"]


def test_store_history_false(loaded):
    assert loaded.ok("%%track base\nx = 2\nx", store_history=False) == 2
    assert loaded.latest().status is RunStatus.FINISHED
    loaded.ok("y = 1", store_history=False)
    assert loaded.executions()[-1].bound == ("y",)


def test_silent_is_left_alone(loaded, capsys):
    loaded.ok("x = 1")
    capsys.readouterr()
    loaded.run("%%track base\nz = 2", silent=True)
    assert loaded.names["z"] == 2
    assert not loaded.project.runs()
    assert capsys.readouterr().out == ""
