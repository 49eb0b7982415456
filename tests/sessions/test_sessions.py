"""The script of each session gives its values in an empty directory, is called reproduced, and holds no junk.

Some of each mechanism are played every time, all of them in the deep tests, a sample there on a second Python, too.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sessions.checks import WARM, untrue
from tests.sessions.form import Session, collect
from tests.sessions.runner import Judged, Players, judge

SESSIONS = collect()
ROOT = Path(__file__).parents[2]


def chosen(sessions: list[Session]) -> list[object]:
    """Mark all but every fourth as deep."""
    usual = [n % 4 == 0 and not session.kernel for n, session in enumerate(sessions)]
    return [
        pytest.param(session, id=session.id, marks=() if often else pytest.mark.deep)
        for session, often in zip(sessions, usual, strict=True)
    ]


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Judged]]]:
    """Play all that were asked for, some at a time, while the tests wait for each."""
    n = os.cpu_count() or 1
    items = [item for item in request.session.items if getattr(item, "originalname", "") == "test_session"]
    sessions = [item.callspec.params["session"] for item in items if isinstance(item, pytest.Function)]
    players = Players(n)
    with ThreadPoolExecutor(n) as pool:
        yield {
            session.id: pool.submit(partial(judge, session, players))
            for session in sessions
            if all(map(find_spec, session.needs))
        }
        pool.shutdown(cancel_futures=True)
    players.close()


@pytest.fixture(scope="module")
def players() -> Iterator[Players]:
    players = Players(1, warm=WARM)
    yield players
    players.close()


@pytest.mark.parametrize("session", chosen(SESSIONS))
def test_session(session: Session, judged: dict[str, Future[Judged]]) -> None:
    skip_without(session.needs)
    found = judged[session.id].result()
    if found.problem.startswith("needless"):  # on a busy machine a look may have had no time, and kept what it might
        alone = Players(1)
        found = judge(session, alone)
        alone.close()
    assert not found.problem, found.problem
    assert found.slice_s < 0.5, "slicing takes no time to speak of, in long sessions either"


@pytest.mark.deep
@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.id)
def test_the_claims_of_a_session_are_true(session: Session, players: Players) -> None:
    skip_without(session.needs)
    assert not untrue(session, players)


def skip_without(libraries: tuple[str, ...]) -> None:
    for library in libraries:
        pytest.importorskip(library)


@pytest.mark.deep
@pytest.mark.parametrize("mechanism", ["reads", "mutation", "reruns"])
def test_on_a_second_python(mechanism: str) -> None:
    python = os.environ.get("OTHER_PYTHON") or shutil.which("python3.13")
    if python is None or subprocess.run([python, "-c", "import IPython, mlexp, sklearn"], cwd=ROOT).returncode:
        pytest.skip("OTHER_PYTHON, a second Python with the packages of the tests, is not there")
    found = subprocess.run(
        [python, "-m", "tests.sessions", "--only", f"{mechanism}:"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
