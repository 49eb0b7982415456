"""Results that a later cell reads again."""

from collections.abc import Callable

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]

SESSIONS = {
    "the last one": ["x = 3\nx + 1", "%%track\ny = _ * 2.0"],
    "past cells without one": ["x = 3\nx + 1", "z = 5", "x;", "print('a')", "%%track\ny = _ * 2.0"],
    "one and two before": ["1.5", "2.5", "%%track\ny = _ - __"],
    "three before": ["1.5", "2.5", "4.0", "%%track\ny = ___ + 1"],
    "two before, another in between is read too": ["1.5", "2.5", "a = __ + 1", "7.0", "%%track\ny = __ * a"],
    "by number": ["10.5", "20.5", "%%track\ny = _2 + Out[3]"],
    "all of them": ["10.5", "20.5", "%%track\ny = sum(Out.values())"],
    "the table's other name": ["10.5", "20.5", "%%track\ny = _oh[2] * 1.0"],
    "a chain": ["2.0", "_ * 3", "_ + 1", "%%track\ny = _ * 1.0"],
    "changed in place": ["[1.0, 2]", "_.append(4)", "%%track\ny = sum(_)"],
    "a name of the user's": ["for _ in range(4): pass", "3", "%%track\ny = _ * 1.0"],
    "of a timed expression": ["%time 3 + 4", "%%track\ny = _ * 1.0"],
    "of lines in a call": ["max(\n    3,\n    4,\n)  # the greater", "%%track\ny = _ * 1.0"],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_result_is_bound_where_it_is_read_again(play: Play, name: str) -> None:
    script = play(*SESSIONS[name]).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.start("--check").returncode == 0


def test_the_users_text_stays(play: Play) -> None:
    script = play("x = 3\nx + 1  # one more", "1 + 1", "%%track\ny = Out[2] * 2.0").export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert (
        "# %% In 2\nOut = {}\nx = 3\nOut[2] = x + 1  # one more\n\n# %% In 4, run r1\ny = Out[2] * 2.0" in script.cells
    )
