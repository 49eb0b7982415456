"""The law of clean runs: what is called clean, a run of the notebook from the top gives again."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlexp.dataflow.document import document_of
from mlexp.dataflow.tidy import tidiness
from mlexp.records import ErrorRecord, Execution, Outcome
from tests.unit.test_tidy import play, saved

TEXTS = (
    *(f"{name} = {value}" for name in "abc" for value in (1, 2)),
    *(f"{name} = {other} + 1" for name in "abc" for other in "abc"),
    *(f"{name} += 1" for name in "abc"),
    *(f"k.append({name})" for name in "abc"),
    "k = []",
    "k = [*k, 0]",
    "def f(n):\n    return n + 1",
    "def f(n):\n    return n * 3",
    "a = f(b)",
    "print(a)",
)
FIRST = ("a, b, c = 1, 2, 3\nk = []\ndef f(n):\n    return n",)
TRACKED = ("z = a + b", "z = tuple(k)", "z = f(a)", "z = (c, len(k))")


class Played:
    """A session with a notebook: cells are run, edited, deleted and made."""

    def __init__(self, cells: list[str], steps: list[tuple[str, int, str]], tracked: str, place: int) -> None:
        self.cells = [(f"c{i}", text) for i, text in enumerate([*FIRST, *cells])]
        self.cells.insert(1 + place % (len(cells) + 1), ("t", tracked))
        self.names: dict[str, Any] = {}
        ran: list[tuple[str, str]] = []
        outcomes = []
        for what, which, text in [("run", 0, ""), *steps]:
            cell = which % len(self.cells)
            cell_id, old = self.cells[cell]
            if what == "run":
                ran.append((cell_id, old))
                outcomes.append(self._run(old, self.names))
            elif cell_id != "t" and what == "edit":
                self.cells[cell] = cell_id, text
            elif cell_id != "t" and what == "delete":
                del self.cells[cell]
        ran.append(("t", tracked))
        outcomes.append(self._run(tracked, self.names))
        self.executions: list[Execution] = [
            e if error is None else replace(e, outcome=Outcome.ERROR, error=ErrorRecord(type=error, message=""))
            for e, error in zip(play(*ran), outcomes, strict=True)
        ]

    def from_top(self) -> dict[str, Any] | None:
        """Return the variables of a run from the top to the tracked cell; None: it stops at an error."""
        names: dict[str, Any] = {}
        for cell_id, text in self.cells:
            if self._run(text, names) is not None:
                return None
            if cell_id == "t":
                return names
        return None

    def _run(self, text: str, names: dict[str, Any]) -> str | None:
        try:
            with suppress(SystemExit):
                exec(text.replace("print(a)", "a"), names)
        except Exception as error:
            return type(error).__name__
        return None


steps = st.tuples(st.sampled_from(["run", "run", "run", "edit", "delete"]), st.integers(0, 9), st.sampled_from(TEXTS))
sessions = st.builds(
    Played,
    st.lists(st.sampled_from(TEXTS), max_size=6),
    st.lists(steps, max_size=14),
    st.sampled_from(TRACKED),
    st.integers(0, 9),
)


@given(sessions)
def test_what_is_clean_is_given_again(played: Played) -> None:
    target = played.executions[-1]
    if target.outcome is not Outcome.OK:
        return
    found = tidiness(played.executions, target, document_of(played.executions, saved(*played.cells)))
    assert found.clean or found.notes
    if found.clean:
        again = played.from_top()
        assert again is not None
        assert again["z"] == played.names["z"]


@given(st.lists(st.sampled_from(TEXTS), max_size=8), st.sampled_from(TRACKED))
def test_a_run_from_the_top_is_clean(cells: list[str], tracked: str) -> None:
    played = Played(cells, [("run", i, "") for i in range(1, len(cells) + 1)], tracked, len(cells))
    if all(execution.outcome is Outcome.OK for execution in played.executions):
        document = document_of(played.executions, saved(*played.cells))
        assert tidiness(played.executions, played.executions[-1], document).clean is True
