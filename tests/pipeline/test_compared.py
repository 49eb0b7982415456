"""A comparison of real runs never says equal of what is not."""

from collections.abc import Callable

from mlexp.config import Settings
from mlexp.project import Project
from tests.pipeline.playing import Session

Play = Callable[..., Session]


def sentence(session: Session) -> str:
    project = Project(session.folder / ".mlexp", Settings())
    try:
        return project.compare(["r1", "r2"]).sentence
    finally:
        project.close()


def test_a_helper_that_was_defined_anew(play: Play) -> None:
    track = "%%track\nm = f(2) * 1.0"
    said = sentence(play("def f(a): return a + 1", track, "def f(a): return a * 10", track))
    assert said == (
        "Same params, tracked cell and data. Earlier cells differ. r2 reads +17.000 higher on m; one run each."
    )


def test_a_list_that_was_filled_in_place_is_no_param_any_more(play: Play) -> None:
    session = play("X = [1.0, 2.0]", "%%track\nm = sum(X) * 1.0", "X[0] = 5.0", "%%track\nm = sum(X) * 1.0")
    assert session.run("r1").params == {"X": [1.0, 2.0]}
    assert session.run("r2").params == {}


def test_the_same_cells_again(play: Play) -> None:
    cells = ["def f(a): return a + 1", "%%track\nm = f(2) * 1.0"]
    assert sentence(play(*cells, *cells)) == "Same params, code and data. m is equal."
