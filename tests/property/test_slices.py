"""The law of slices: a script gives the values of its run, or says that it does not; and here it does give them.

The programs are those of `tests/sessions/programs.py`. `python -m tests.sessions --programs 500 --seed 3` tries as many
at random, several at a time.
"""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from tests.sessions.programs import N_STATEMENTS, program
from tests.sessions.runner import Judged, Players, judge

DEEP_S = float(os.environ.get("TEST_LAW_S", "1800"))
"""For so long new programs are tried in the deep tests; 5,000 take half an hour."""
small = st.integers(0, 8)
statement = st.tuples(st.integers(0, N_STATEMENTS - 1), small, small, small)
cells = st.lists(st.lists(statement, min_size=1, max_size=4), min_size=1, max_size=14)
reads = st.lists(st.tuples(small, small), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def players() -> Iterator[Players]:
    players = Players(1)
    yield players
    players.close()


def judged(cells, reads, players: Players) -> Judged:
    made = program(cells, reads)
    for step in made.steps:
        note(f"--- {step.kind}\n{step.text}")
    found = judge(made, players)
    assume(found.kind != "not as told")  # the tracked cell raised
    note(found.text)
    return found


@settings(max_examples=20)
@given(cells, reads)
def test_a_script_gives_the_values_of_its_run(players: Players, cells, reads) -> None:
    found = judged(cells, reads, players)
    assert not found.problem


@pytest.mark.deep
@settings(max_examples=5000)
@given(cells, reads)
def test_thousands_of_scripts_give_the_values_of_their_runs(players: Players, until: float, cells, reads) -> None:
    if time.monotonic() < until:
        found = judged(cells, reads, players)
        assert not found.problem


@pytest.fixture(scope="module")
def until() -> float:
    return time.monotonic() + DEEP_S
