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
    assert sorted(path.name for path in folder.iterdir()) == ["in-3-1.png", "in-5-1.png", "in-5-2.png"]


def test_what_is_called_show_elsewhere_stays(play: Play) -> None:
    script = play(
        "class Plot:\n    def show(self):\n        return 3\nplt = Plot()",
        "%%track\nshown = plt.show() + 1",
    ).export()
    assert script.verdict == "reproduced", script.proof.reason
    assert "shown = plt.show() + 1" in script.cells
