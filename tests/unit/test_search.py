"""The search for the smallest slice that is proven, against scripts whose needs are known."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from mlexp.pipeline.clean import CleanRun
from mlexp.pipeline.search import find_slice
from mlexp.records import Execution, Outcome, Proof, RunId, SessionId, Verdict


@dataclass(frozen=True)
class Script:
    kept: tuple[int, ...]
    proof: Proof
    clean: CleanRun


def session(*fields):
    """Return executions that read nothing and bind nothing unless the fields say so."""
    return [
        Execution(
            session_id=SessionId("s"), index=i, number=i + 1, source="", outcome=Outcome.OK,
            **{"python": "pass", "rebound": (), "bound": given.get("rebound", ())} | given,
        )
        for i, given in enumerate(fields)
    ]  # fmt: skip


def script(kept, verdict, *, error="", status=0, refused=(), is_late=False):
    proof = Proof(
        run_id=RunId("r"), at=datetime.now(UTC), verdict=verdict, reason="", compared=(), elapsed_s=0, n_runs=1,
        platform="", python="", confinement="", packages=(),
    )  # fmt: skip
    clean = CleanRun(
        status=status, error=error, line=None, metrics={}, history=(), values={}, stdout="", stderr="", elapsed_s=0,
        confinement="", refused=refused, is_late=is_late,
    )  # fmt: skip
    return Script(kept, proof, clean)


def searched(executions, needs, failing=None):
    """Search with an oracle: a script holds that has all of `needs`; return it, and how many were tried."""
    tried = []

    def attempt(found, why):
        tried.append(why)
        kept = found.needed
        if needs <= set(kept):
            return script(kept, Verdict.REPRODUCED)
        return (failing or (lambda kept: script(kept, Verdict.NOT_REPRODUCED)))(kept)

    return find_slice(executions, executions[-1], attempt), tried


def test_what_is_known_is_tried_first_and_alone():
    executions = session({"rebound": ("a",)}, {"suspected": ("a",)}, {"python": "y = a", "read": ("a",)})
    found, tried = searched(executions, {0, 2})
    assert (found.kept, len(tried)) == ((0, 2), 1)


def test_what_is_doubtful_comes_in_and_goes_as_far_as_it_can():
    suspects = [{"suspected": ("a",)}] * 9
    executions = session({"rebound": ("a",)}, *suspects, {"python": "y = a", "read": ("a",)})
    found, tried = searched(executions, {0, 4, 10})
    assert found.kept == (0, 4, 10)
    assert len(tried) <= 12


@pytest.mark.parametrize("needed", [set(), {3}, {1, 7}, {2, 3, 9}])
def test_all_executions_are_tried_in_the_end_and_most_go_again(needed):
    executions = session(*[{}] * 12, {})
    found, tried = searched(executions, {12, *needed})
    assert set(found.kept) == {12, *needed}
    assert len(tried) <= 20


def test_a_missing_name_brings_in_who_bound_it():
    executions = session({"rebound": ("g",)}, {}, {"rebound": ("h",)}, {})

    def failing(kept):
        name = "h" if 2 not in kept else "g"
        error = f"NameError: name '{name}' is not defined"
        return script(kept, Verdict.NOT_VERIFIED, error=error, status=1)

    found, tried = searched(executions, {0, 2, 3}, failing)
    assert (found.kept, len(tried)) == ((0, 2, 3), 3)
    assert tried[1:] == [", with In 3", ", with In 1"]


def test_a_missing_file_brings_in_who_wrote_it():
    executions = session({"writes": ("/x/a.csv",)}, {}, {"writes": ("/x/a.csv",)}, {})
    error = "FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'"
    found, _ = searched(executions, {2, 3}, lambda kept: script(kept, Verdict.NOT_VERIFIED, error=error, status=1))
    assert found.kept == (2, 3)


def test_a_refused_network_is_no_reason_to_run_more():
    executions = session({}, {}, {})
    refused = lambda kept: script(kept, Verdict.NOT_VERIFIED, status=1, refused=("network",))  # noqa: E731
    found, tried = searched(executions, {99}, refused)
    assert (found.kept, len(tried)) == ((2,), 1)


def test_what_is_doubtful_is_tried_where_time_was_up_and_no_more_than_that():
    late = lambda kept: script(kept, Verdict.NOT_VERIFIED, status=None, is_late=True)  # noqa: E731
    executions = session({"rebound": ("q",)}, {"suspected": ("q",)}, {}, {"python": "y = q", "read": ("q",)})
    found, tried = searched(executions, {0, 1, 3}, late)
    assert (found.kept, len(tried)) == ((0, 1, 3), 2)
    found, tried = searched(executions, {99}, late)
    assert len(tried) == 2


def test_where_nothing_holds_a_difference_tells_more_than_a_failure():
    executions = session({}, {}, {})

    def failing(kept):
        verdict = Verdict.NOT_REPRODUCED if len(kept) == 3 else Verdict.NOT_VERIFIED
        return script(kept, verdict, status=0 if len(kept) == 3 else 1)

    found, _ = searched(executions, {99}, failing)
    assert found.kept == (0, 1, 2)


def test_the_number_of_runs_is_bounded():
    needed = {120, *range(0, 120, 2)}
    found, tried = searched(session(*[{}] * 120, {}), needed)
    assert needed <= set(found.kept)
    assert len(tried) <= 20
