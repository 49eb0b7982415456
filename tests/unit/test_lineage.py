"""What made a name what it is, and whether it is stale."""

import pytest

from mlexp.dataflow.document import SavedNotebook, Standing, document_of
from mlexp.dataflow.lineage import Histories, Lineage, names_bound, shown_names
from mlexp.errors import UnknownNameError
from mlexp.records import Execution
from tests.unit.test_tidy import T, X, Y, play, saved


def tell(executions: list[Execution], name: str, notebook: SavedNotebook | None = None) -> Lineage:
    return Histories(executions, document_of(executions, notebook)).of(name)


def test_the_executions_behind_a_name_oldest_first() -> None:
    executions = play(X, ("n", "n = 0"), Y, ("c", "y += n"), T)
    found = tell(executions, "y", saved(X, ("n", "n = 0"), Y, ("c", "y += n"), T))
    assert [s.execution.number for s in found.steps] == [1, 2, 3, 4]
    assert [s.makes for s in found.steps] == [("x",), ("n",), ("y",), ("y",)]
    assert all(s.standing is Standing.STANDS for s in found.steps)
    assert (found.stale, found.n_gone) == ((), 0)


def test_which_stand_no_more() -> None:
    executions = play(X, Y, ("d", "y += 3"), X)
    found = tell(executions, "y", saved(X, ("b", "y = x + 5")))
    assert [s.standing for s in found.steps] == [Standing.STANDS, Standing.EDITED, Standing.DELETED]
    assert [s.again for s in found.steps] == [(4,), (), ()]
    assert found.n_gone == 2
    assert found.stale == (
        "`y` comes from a cell that was edited since (In [2])",
        "`y` was changed by a cell that was deleted (In [3])",
    )


STALE = {
    "its source was edited and run": ([X, Y, ("a", "x = 7")], [("a", "x = 7"), Y], ["y"]),
    "its source was edited, not run": ([X, Y], [("a", "x = 7"), Y], ["x", "y"]),
    "its source was run again with an effect": (
        [X, ("c", "x += 1"), Y, ("c", "x += 1")], [X, ("c", "x += 1"), Y], ["x", "y"],
    ),
    "its source was made anew, the same": ([X, Y, X], [X, Y], []),
    "a cell below changes its source": ([X, Y, ("c", "x += 1")], [X, Y, ("c", "x += 1")], []),
    "a cell above changes its source": ([X, Y, ("c", "x += 1")], [X, ("c", "x += 1"), Y], ["y"]),
    "a cell that was not run yet": ([X, Y], [X, ("c", "x += 1"), Y, ("d", "y = 0")], []),
    "a function that was edited": (
        [("f", "def f(a):\n    return a"), ("u", "v = f(1)"), ("f", "def f(a):\n    return -a")],
        [("f", "def f(a):\n    return -a"), ("u", "v = f(1)")],
        ["v"],
    ),
    "no file: edited": ([X, Y, ("a", "x = 7")], None, ["y"]),
    "no file: in order": ([X, Y, ("c", "x += 1")], None, []),
    "no ids: changed since": (["x = 1", "y = x", "x = 5"], None, ["y"]),
    "no ids: in order": (["x = 1", "y = x", "z = y"], None, []),
    "no ids: the same again": (["x = 1", "y = x", "x = 1"], None, []),
}  # fmt: skip


@pytest.mark.parametrize("name", STALE)
def test_stale_names_come_first(name: str) -> None:
    steps, cells, stale = STALE[name]
    executions = play(*steps)
    document = document_of(executions, None if cells is None else saved(*cells))
    found = Histories(executions, document).all()
    assert [each.name for each in found if each.stale] == stale
    assert [bool(each.stale) for each in found] == sorted((bool(each.stale) for each in found), reverse=True)


def test_names_are_those_that_are_there_and_no_modules() -> None:
    executions = play("import os\nfrom math import pi", "a, _b = 1, 2", "c = 3")
    assert names_bound(executions) == ["os", "pi", "_b", "a", "c"]
    assert shown_names(executions) == ["a", "c"]


def test_an_unknown_name_is_answered_with_close_ones() -> None:
    executions = play("scaler = 1", "x = 2")
    with pytest.raises(UnknownNameError, match=r"no cell has made a variable 'scalar'\. Did you mean scaler\?"):
        tell(executions, "scalar")
    with pytest.raises(UnknownNameError, match=r"There are scaler, x\."):
        tell(executions, "qqqq")
    with pytest.raises(UnknownNameError, match=r"There are none\."):
        tell([], "x")
