"""Answers typed into `input()`."""

from collections.abc import Callable

from tests.pipeline.playing import Session

Play = Callable[..., Session]


def test_an_answer_is_a_flag(play: Play) -> None:
    script = play(
        ("answer", "7", ""),
        ("answer", " wide ", ""),
        "width = int(input('Width? '))\nkind = input()",
        "%%track\ny = width * 2.5 + len(kind)",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "width = args.width  # int(input('Width? '))\nkind = args.kind  # input()" in script.cells
    assert script.start("--check").returncode == 0
    other = script.start("--check", "--width", "8")
    assert other.returncode == 1
    assert "y: 23.5 in the run, 26 now" in other.stderr.replace("26.0", "26")


def test_answers_in_loops_and_functions(play: Play) -> None:
    script = play(
        *(("answer", text, "") for text in ("3", "4", "stop", "5")),
        "def ask():\n    return float(input('n '))",
        "numbers = []\nwhile (said := input('more? ')) != 'stop':\n    numbers.append(float(said))",
        "%%track\ny = sum(numbers) + ask()",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "'3', '4', 'stop', '5'" in script.text
    assert script.start("--check").returncode == 0
    assert script.start("--check", "--answers", "['1', 'stop', '1']").returncode == 1


def test_a_cell_that_is_left_out_takes_its_answers_along(play: Play) -> None:
    script = play(
        *(("answer", text, "") for text in ("3", "4")),
        "unused = [input() for _ in range(1)]",
        "used = [input() for _ in range(1)]",
        "%%track\ny = float(used[0])",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "['4']" in script.text


def test_a_secret_answer_comes_from_the_environment(play: Play) -> None:
    script = play(
        ("answer", "not-so-short-9", ""),
        "from getpass import getpass\napi_key = getpass('API key: ')",
        "%%track\ny = len(api_key) * 1.0",
        kernel=True,
    ).export()
    assert script.verdict == "not verified"
    assert "API_KEY" in script.proof.reason
    assert 'api_key = os.environ["API_KEY"]' in script.cells
    assert script.start("--check", API_KEY="not-so-short-9").returncode == 0
    assert "not-so-short-9" not in script.text


def test_without_a_kernel(play: Play) -> None:
    script = play(
        "import sys, io\nsys.stdin = io.StringIO('7\\n')\nwidth = int(input('Width? '))",
        "%%track\ny = width * 2.5",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "width = args.width" in script.cells
