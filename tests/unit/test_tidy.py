"""Clean or dirty: what ran, beside what a run of the notebook from the top would do."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlexp.dataflow.document import SavedNotebook, Standing, document_of
from mlexp.dataflow.tidy import Tidiness, tidiness
from mlexp.dataflow.virtual import run_from_top
from mlexp.records import Digest, ErrorRecord, Execution, GeneratorState, InputFile, Outcome, SessionId

START = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def told(text: str) -> Execution:
    """Return an execution with the effects that its text tells."""
    document = document_of((), SavedNotebook(((None, text),), START))
    return run_from_top((), document, stop=1, names=set(re.findall(r"\w+", text)))[0].execution


def play(*steps: str | tuple[str, str]) -> list[Execution]:
    """Return executions of `text` or `(cell id, text)`, a minute apart."""
    made = []
    for index, step in enumerate(steps):
        cell_id, text = (None, step) if isinstance(step, str) else step
        made.append(
            replace(
                told(text),
                index=index,
                number=index + 1,
                cell_id=cell_id,
                observed=True,
                session_id=SessionId("s"),
                started=START + timedelta(minutes=index),
            )
        )
    return made


def saved(*cells: str | tuple[str, str], minute: float = 1000.0) -> SavedNotebook:
    """Return a notebook that was saved at a minute of the session: long after it, unless told."""
    pairs = tuple((None, c) if isinstance(c, str) else c for c in cells)
    return SavedNotebook(pairs, START + timedelta(minutes=minute))


def tell(executions: list[Execution], notebook: SavedNotebook | None, **known: Any) -> Tidiness:
    return tidiness(executions, executions[-1], document_of(executions, notebook), **known)


X, Y, T = ("a", "x = 1"), ("b", "y = x + 1"), ("t", "%%track\nz = y * 2")

CLEAN = {
    "in order": ([X, Y, T], [X, Y, T]),
    "an idle cell between": ([X, ("n", "n = 5"), Y, T], [X, ("n", "n = 5"), Y, T]),
    "run again without effect": ([X, Y, X, Y, T], [X, Y, T]),
    "the order of what is independent": (
        [("b", "b = 2"), ("a", "a = 1"), ("t", "c = a + b")],
        [("a", "a = 1"), ("b", "b = 2"), ("t", "c = a + b")],
    ),
    "the tracked cell was edited": ([X, Y, ("t", "z = y * 3"), T], [X, Y, T]),
    "a comment was added": ([X, Y, T], [X, ("b", "# more\ny = x + 1"), T]),
    "%%time was added": ([X, Y, T], [X, ("b", "%%time\ny = x + 1"), T]),
    "a cell that only looks, never run": ([X, Y, T], [X, ("p", "print(x)\nx.head()"), Y, T]),
    "a never-run cell below": ([X, Y, T], [X, Y, T, ("q", "y = 9")]),
    "a deleted cell without effect": ([X, ("d", "d = 3"), Y, T], [X, Y, T]),
    "another cell imports it, too": (
        [("i", "import os\nk = 1"), ("j", "import os"), ("t", "p = os.sep")],
        [("j", "import os"), ("i", "import os\nk = 1"), ("t", "p = os.sep")],
    ),
    "texts without ids": (["x = 1", "%%track\nz = x"], ["x = 1", "%%track\nz = x"]),
    "ids of another kind": ([("vs1", "x = 1"), ("vs2", "z = x")], [("a", "x = 1"), ("b", "z = x")]),
    "moved by cut and paste under a new id": ([X, Y, T], [X, ("new", "y = x + 1"), T]),
}


@pytest.mark.parametrize("name", CLEAN)
def test_clean(name: str) -> None:
    steps, cells = CLEAN[name]
    assert tell(play(*steps), saved(*cells)) == Tidiness(True)


DIRTY = {
    "edited since": ([X, Y, T], [X, ("b", "y = x + 5"), T], "`y` comes from a cell that was edited since (In [2])"),
    "edited and run since, in vain": (
        [X, Y, ("b", "w = x"), T], [X, ("b", "w = x"), T], "`y` comes from a cell that was edited since (In [2])",
    ),
    "deleted": ([X, Y, T], [X, T], "`y` comes from a cell that was deleted (In [2])"),
    "gone": (["x = 1", "z = x"], ["z = x"], "`x` comes from a cell that no longer stands in the notebook (In [1])"),
    "changed by a deleted cell": (
        [("a", "x = []"), ("b", "x.append(1)"), ("t", "z = len(x)")], [("a", "x = []"), ("t", "z = len(x)")],
        "`x` was changed by a cell that was deleted (In [2])",
    ),
    "twice": (
        [X, ("b", "x += 1"), ("b", "x += 1"), ("t", "z = x")], [X, ("b", "x += 1"), ("t", "z = x")],
        "`x` was changed by a cell that ran twice: In [2] and In [3]",
    ),
    "the tracked cell goes on": (
        [X, ("t", "x += 1"), ("t", "x += 1"), ("t", "x += 1")], [X, ("t", "x += 1")],
        "`x` was changed by a cell that ran 3 times: In [2], In [3] and In [4]",
    ),
    "before its edit": (
        [X, ("t", "x += 1"), ("t", "x += 2")], [X, ("t", "x += 2")],
        "`x` was changed by this cell, which was edited since (In [2])",
    ),
    "set below": ([X, ("t", "z = x")], [("t", "z = x"), X], "`x` comes from a cell below this one (In [1])"),
    "set again between": (
        [("c", "x = 2"), X, ("t", "z = x")], [X, ("c", "x = 2"), ("t", "z = x")],
        "`x` comes from In [2], but In [1] stands below that and sets it, too",
    ),
    "a never-run cell sets it": (
        [X, ("t", "z = x")], [X, ("c", "# now\nx = 2"), ("t", "z = x")],
        "`x` comes from In [1], but the cell `x = 2` stands below that and sets it, too",
    ),
    "a never-run cell changes it": (
        [("a", "x = []"), ("t", "z = len(x)")], [("a", "x = []"), ("c", "x.append(1)"), ("t", "z = len(x)")],
        "the cell `x.append(1)`, which never ran, would change `x`",
    ),
    "ran too early": (
        [("a", "x = []"), ("c", "x.append(1)"), ("a", "x = []"), ("t", "z = len(x)")],
        [("a", "x = []"), ("c", "x.append(1)"), ("t", "z = len(x)")],
        "In [2] ran too early to change `x`",
    ),
    "out of order": (
        [("a", "x = []"), ("c", "x.append(1)"), ("b", "x.append(2)"), ("t", "z = x[0]")],
        [("a", "x = []"), ("b", "x.append(2)"), ("c", "x.append(1)"), ("t", "z = x[0]")],
        "In [2] ran before In [3], which stands above it and shares `x`",
    ),
    "copied": (["x = 1", "x += 1", "x += 1", "z = x"], ["x = 1", "x += 1", "z = x"],
               "`x` was changed by a cell that ran twice: In [2] and In [3]"),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRTY)
def test_dirty(name: str) -> None:
    steps, cells, why = DIRTY[name]
    assert tell(play(*steps), saved(*cells)) == Tidiness(False, (why,))


UNKNOWN = {
    "the tracked cell was not saved yet": (
        [X, ("t", "z = x")], saved(X, minute=0.5), "the notebook was not saved since the cell of In [2] was made",
    ),
    "a cell above was not saved yet": (
        [("a", "x = 1"), ("n", "y = x"), ("t", "z = y")], saved(("a", "x = 1"), ("t", "z = y"), minute=0.5),
        "the notebook was not saved since the cell of In [2] was made",
    ),
    "a cell that may change it": (
        [("a", "x = load()"), ("t", "z = x")], saved(("a", "x = load()"), ("c", "x.prepare()\n1"), ("t", "z = x")),
        "the cell `x.prepare()`, which never ran, may change `x`",
    ),
    "the tracked cell is not there": (["x = 1", "z = x"], saved("x = 1", "w = x"),
                                      "the tracked cell is not in the notebook as it was last saved"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown(name: str) -> None:
    steps, notebook, why = UNKNOWN[name]
    assert tell(play(*steps), notebook) == Tidiness(None, (why,))


def test_without_a_file_what_ids_tell_is_known() -> None:
    assert tell(play(X, Y, T), None) == Tidiness(None)
    assert tell(play("x = 1", "z = x"), None) == Tidiness(None)
    for steps, why in (
        ([X, ("b", "x += 1"), ("b", "x += 1"), ("t", "z = x")], "ran twice"),
        ([X, ("a", "x0 = 1"), ("t", "z = x")], "edited since"),
    ):
        found = tell(play(*steps), None)
        assert found.clean is False
        assert why in found.notes[0]


def test_deleted_cells_that_the_front_end_tells_count_until_they_come_back() -> None:
    executions = play(X, Y, T)
    executions[2] = replace(executions[2], deleted_cells=("b",))
    before = saved(X, Y, T, minute=1.5)  # it still has the cell
    assert tell(executions, before).notes == ("`y` comes from a cell that was deleted (In [2])",)
    assert tell(executions, None).notes == ("`y` comes from a cell that was deleted (In [2])",)
    assert tell(executions, saved(X, Y, T)) == Tidiness(True)  # an undone deletion, saved
    again = [*executions, replace(executions[1], index=3, number=4), replace(executions[2], index=4, deleted_cells=())]
    assert tell(again, before) == Tidiness(True)


def test_the_later_of_file_and_execution_tells_a_cells_text() -> None:
    executions = play(X, Y, ("b", "y = x + 7"), T)
    old = saved(X, Y, T, minute=1.5)
    assert tell(executions, old) == Tidiness(True)
    assert document_of(executions, old).standing(executions[1]) is Standing.EDITED
    assert tell(executions, saved(X, Y, T)).notes == ("`y` comes from a cell that was edited since (In [3])",)


def test_what_happened_in_an_execution_counts() -> None:
    executions = play(X, Y, T)
    cells = saved(X, Y, T)
    file = InputFile(path="in.csv", resolved="/w/in.csv", size_bytes=3, digest=Digest("blake3:00"))
    others = {("/w/in.csv", file.digest): True}
    for changes, known, why in (
        ({"answers": (("n? ", "3"),)}, {}, "In [2] asked for input, which would have to be typed again"),
        ({"inputs": (file,)}, {"changed_files": others}, "`in.csv` has changed since In [2] read it"),
        ({"outcome": Outcome.INTERRUPTED}, {}, "In [2] was interrupted, and what it had done by then counts"),
        (
            {"outcome": Outcome.ERROR, "error": ErrorRecord(type="ValueError", message="")}, {},
            "In [2] raised ValueError, and a run from the top would stop there",
        ),
    ):  # fmt: skip
        steps = [executions[0], replace(executions[1], **changes), executions[2]]
        assert tell(steps, cells, **known) == Tidiness(False, (why,))
    assert tell([executions[0], replace(executions[1], inputs=(file,)), executions[2]], cells) == Tidiness(True)
    unseen = [executions[0], replace(executions[1], observed=False), executions[2]]
    assert tell(unseen, cells) == Tidiness(None, ("In [2] ran before mlexp was loaded: what it did was not seen",))
    unseen = [replace(executions[0], observed=False), *executions[1:]]
    assert tell(unseen, cells) == Tidiness(True)  # a constant: its text tells all


def moved(execution: Execution, before: str, after: str) -> Execution:
    return replace(
        execution,
        generators=(GeneratorState(generator="numpy", before=Digest(f"b:{before}"), after=Digest(f"b:{after}")),),
    )


SEED, DRAW, TRAIN = (
    ("s", "import numpy as np\nnp.random.seed(0)"),
    ("d", "np.random.rand()"),
    ("t", "w = np.random.rand()"),
)


def test_random_numbers_are_those_of_a_run_from_the_top() -> None:
    seed, train = play(SEED, TRAIN)
    seed, train = moved(seed, "?", "0"), moved(train, "0", "1")
    assert tell([seed, train], saved(SEED, TRAIN)) == Tidiness(True)
    again = replace(moved(train, "1", "2"), index=2, number=3)
    assert tell([seed, train, again], saved(SEED, TRAIN)).notes == (
        "In [3] drew other random numbers of `numpy` than a run from the top would: In [2] had moved it",
    )
    seed, draw, train = play(SEED, DRAW, TRAIN)
    steps = [moved(seed, "?", "0"), moved(draw, "0", "1"), moved(train, "1", "2")]
    assert tell(steps, saved(SEED, DRAW, TRAIN)) == Tidiness(True)
    assert tell(steps, saved(SEED, TRAIN)).clean is False
    alone = [replace(moved(train, "7", "8"), index=0)]
    assert tell(alone, saved(TRAIN)).notes == ("In [3] drew random numbers of `numpy` that nothing had seeded",)


def test_global_state_counts_by_its_kind() -> None:
    cells = [("c", "os.chdir('/tmp')"), ("t", "z = open('f').read()")]
    change, reader = play(*cells)
    steps = [replace(change, state=("cwd",)), reader]
    assert tell(steps, saved(*cells)).clean is True
    gone = tell(steps, saved(cells[1]))
    assert gone.clean is not True


def test_the_notes_are_few() -> None:
    steps = [*((f"c{i}", f"x{i} = {i}") for i in range(9)), ("t", "z = x0+x1+x2+x3+x4+x5+x6+x7+x8")]
    found = tell(play(*steps), saved(steps[-1]))
    assert len(found.notes) == 6
    assert found.notes[-1] == "and 4 more"
