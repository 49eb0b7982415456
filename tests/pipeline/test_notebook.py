"""Code that asks where it runs, and names that only a notebook has."""

from collections.abc import Callable

import pytest

from tests.pipeline.playing import Session

Play = Callable[..., Session]

SESSIONS = {
    "no file": ["try:\n    here = __file__\nexcept NameError:\n    here = 'none'", "%%track\ny = 1.0 * len(here)"],
    "no file among the globals": ["here = 1 if '__file__' in globals() else 2", "%%track\ny = 1.0 * here"],
    "interactive": ["import sys\nx = 1 if hasattr(sys, 'ps1') else 2", "%%track\ny = 1.0 * x"],
    "main": ["def main(): return 3\nif __name__ == '__main__':\n    r = main()", "%%track\ny = 1.0 * r"],
    "displays": [
        "from IPython.display import display, HTML, clear_output\n"
        "def show(x):\n    clear_output()\n    display(HTML('<b>'))\n    return x",
        "%%track\ny = 1.0 * show(2)",
    ],
    "the shell's own display": ["def show(x):\n    display(x)\n    return x", "%%track\ny = 1.0 * show(2)"],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_code_finds_what_it_found_in_the_notebook(play: Play, name: str) -> None:
    script = play(*SESSIONS[name]).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.start("--check").returncode == 0
