"""Cells that raised, were interrupted or awaited."""

from collections.abc import Callable

import pytest

from tests.pipeline.playing import LOAD, Session

Play = Callable[..., Session]


def test_cells_that_raised_are_replayed_up_to_there(play: Play) -> None:
    script = play(
        "kept = [1]\nkept.append(undefined)\nkept.append(3)",
        """
        total = 0
        for i in range(5):
            total += i
            if i == 3:
                raise ValueError('enough,\\n"quoted" \\\\ text')
        never = 1
        """,
        "class Odd(Exception): pass\nraise Odd",
        '''
        @property
        def unused(self): ...
        base = 2
        text = """two
            lines""" + str(1 / 0) + """more
        lines"""
        ''',
        "a = 1; b = a / 0; c = 3",
        "import sys\nbefore = 5\nsys.exit(4)\nafter = 6",
        "return_here = 1\nreturn",
        "x = = 2",
        "%%track\ny = sum(kept) + total + before + return_here + base + a\nz = len(dir())",
    ).export("r1")
    assert script.proof.compared, script.proof.reason
    assert script.proof.compared[0].outcome == "equal", script.cells
    assert "# %% In 9" not in script.cells  # could not be compiled
    assert "except NameError:  # as in the notebook: NameError: name 'undefined' is not defined" in script.cells
    assert "kept.append(3)" not in script.cells
    assert 'except ValueError:  # as in the notebook: ValueError: enough, "quoted" \\ text\n' in script.cells
    # a string is not indented with its statement
    assert '    text = """two\n    lines""" + str(1 / 0) + """more\nlines"""\n' in script.cells
    assert "try:\n    a = 1; b = a / 0; c = 3\nexcept ZeroDivisionError:" in script.cells


def test_a_raising_cell_before_mlexp_was_loaded(play: Play) -> None:
    script = play(
        "first = 2\nsecond = first / 0\nthird = 3",
        LOAD,
        "%%track\ny = first * 1.5",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "# %% In 1, before mlexp was loaded\n" in script.cells
    assert script.start("--check").returncode == 0


def test_an_interrupted_cell_is_replayed_up_to_there(play: Play) -> None:
    script = play(
        "import time",
        ("interrupt", "n = 3\nopen('started', 'w').close()\ntime.sleep(60)\nm = 4"),
        "%%track\ny = n * 2.0",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "# interrupted in the notebook:\n# time.sleep(60)" in script.cells
    assert "m = 4" not in script.cells
    assert "In 3 was interrupted in the notebook: what its last statement had done by then is not done" in script.text


def test_awaiting_cells(play: Play) -> None:
    script = play(
        "import asyncio\nqueue = []",
        '''
        async def give(x):
            await asyncio.sleep(0)
            return x

        # first
        a = await give(1)
        text = str("""
        not indented""")
        b, c = await asyncio.gather(give(2), give(3))
        d = 4  # behind
        ''',
        "async with asyncio.Lock():\n    queue.append(a)",
        "task = asyncio.create_task(give(10))\nawait asyncio.sleep(0)\nawait give(undefined)\nnever = 1",
        "async def count():\n    for i in range(3): yield i\nnumbers = [i async for i in count()] + [await give(3)]",
        "%%track\ny = a + b + c + d + queue.pop() + sum(numbers) + await task + len(text) / 2",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert '\n    text = str("""\nnot indented""")\n' in script.cells
    assert "    global a, b, c, text\n    # first\n    a = await give(1)\n" in script.cells
    found = script.start("--check", options=("-I", "-W", "error"))
    assert (found.returncode, found.stderr) == (0, "all 1 equal those of run r1\n")


def test_one_awaiting_cell(play: Play) -> None:
    script = play(
        "asyncio = 3",
        "from asyncio import sleep\nvalue = await sleep(0, 3)",
        "%%track\ny = value * 2.0 + asyncio",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert "asyncio_.run(in_3())" in script.cells


@pytest.mark.deep
def test_an_interrupted_await(play: Play) -> None:
    script = play(
        "import asyncio",
        ("interrupt", "n = 3\nopen('started', 'w').close()\nwhile n:\n    await asyncio.sleep(0.01)\nm = 4"),
        "%%track\ny = n * 2.0",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)


SESSIONS = {
    "a class of the notebook's": (
        ["class Odd(Exception): pass", "kept = [1]\nkept.append(2)\nraise Odd('x')\nkept.append(3)"],
        "except Odd:  # as in the notebook: Odd: x\n    pass",
    ),
    "a class of a library's": (
        ["import json\nkept = [1]\nkept.append(2)\njson.loads('{')\nkept.append(3)"],
        'if sys.exc_info()[0].__name__ != "JSONDecodeError":\n        raise',
    ),
    "one that was imported": (
        ["from json import JSONDecodeError, loads\nkept = [1, 2]\nloads('{')"],
        "except JSONDecodeError:",
    ),
    "in a function": (
        ["kept = []\ndef f(n):\n    for i in range(n):\n        kept.append(i)\n        [][i]", "f(10)\nz = 1"],
        "try:\n    f(10)\nexcept IndexError:",
    ),
    "under %%time": (["kept = []", "%%time\nkept.append(1)\n1 / 0\nkept.append(2)"], "except ZeroDivisionError:"),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_an_error_is_caught_and_no_other(play: Play, name: str) -> None:
    cells, text = SESSIONS[name]
    script = play(*cells, "%%track\ny = 1.0 * len(kept)").export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert text in script.cells
    assert script.start("--check").returncode == 0


def test_asyncio_run_fails_where_a_loop_runs(play: Play) -> None:
    script = play(
        "import asyncio\nkept = []\nasync def f():\n    kept.append(1)",
        "kept.append(2)\nasyncio.run(f())",
        "%%track\ny = 1.0 * len(kept)",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
