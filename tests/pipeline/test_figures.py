"""Figures in a script: closed where the notebook closed them, saved when asked."""

from collections.abc import Callable

from tests.pipeline.playing import Session

Play = Callable[..., Session]


def test_a_shown_figure_is_not_drawn_upon_again(play: Play) -> None:
    script = play(
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "def draw(top):\n    plt.plot([0, top])\n    plt.show()",
        "draw(100)",
        """
        %%track
        plt.plot([0, 1])
        top = plt.ylim()[1]
        plt.show()
        plt.plot([0, 2])
        second = plt.ylim()[1]
        plt.show()
        """,
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert "plt.show()" not in script.cells
    folder = script.path.parent / "figures"
    script.start("--figures", str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["in-5-1.png", "in-5-2.png"]


def test_what_is_called_show_elsewhere_stays(play: Play) -> None:
    script = play(
        "class Plot:\n    def show(self):\n        return 3\nplt = Plot()",
        "%%track\nshown = plt.show() + 1",
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert "shown = plt.show() + 1" in script.cells


def test_a_figure_that_stays_open_is_drawn_upon_again(play: Play) -> None:
    script = play(
        "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
        "fig = plt.figure()\nplt.plot([1, 5])",
        "plt.plot([1, 90])",
        "%%track\ntop = float(fig.axes[0].get_ylim()[1])",
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)


def test_a_figure_of_an_earlier_cell(play: Play) -> None:
    script = play(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2, 4])",
        "import numpy as np",
        "%%track\nax.plot([9])\ntop = float(ax.get_ylim()[1])",
        kernel=True,
    ).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
