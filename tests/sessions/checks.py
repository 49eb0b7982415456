"""Proves what the sessions claim, in plain IPython without mlexp.

The session itself gives the values. So must its needed cells alone, and these with the ones that may be there. Without
any one of the needed cells the values are others, or a cell raises that did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.sessions.form import CELLS, Session, Step
from tests.sessions.runner import Players, place_of

NOTHING = Step("junk", "pass")
WARM = ("IPython.core.interactiveshell", "traitlets.config", "numpy", "pandas", "sklearn.linear_model")


def untrue(session: Session, players: Players) -> list[str]:
    """Return what is not true of a session's claims."""
    wrong = []
    values, errors = _played(session, session.steps, players)
    cells = [step for step in session.steps if step.kind in CELLS]
    for step, error in zip(cells, errors, strict=True):
        if bool(error) != step.raises:
            return [f"{error or 'no error'} in {step.text!r}"]
    missing = [name for name in session.values if values[name] == "missing"]
    if missing:
        return [f"{missing[0]} is no name"]
    if session.unseeded or session.hopeless:
        return []
    for kinds in ("need", "track"), ("need", "may", "track"):
        found, _ = _played(session, _only(session.steps, kinds), players)
        differing = [name for name in session.values if found[name] != values[name]]
        if differing:
            name = differing[0]
            wrong.append(f"with {kinds}: {name} is {found[name][:80]}, was {values[name][:80]}")
    if wrong:
        return wrong
    kept = _only(session.steps, ("need", "track"))
    for i, left_out in enumerate(kept):
        if left_out.kind != "need":
            continue
        without = [*kept[:i], NOTHING, *kept[i + 1 :]]
        found, errors = _played(session, without, players)
        raised = [bool(error) for error in errors]
        if found == values and raised == [step.raises for step in without if step.kind in CELLS]:
            wrong.append(f"not needed: {left_out.text!r}")
    return wrong


def _only(steps: Sequence[Step], kinds: Sequence[str]) -> list[Step]:
    """Return the steps with nothing in place of the cells of other kinds: the numbers of the cells stay."""
    return [step if step.kind in kinds or step.kind not in CELLS else NOTHING for step in steps]


def _played(session: Session, steps: Sequence[Step], players: Players) -> tuple[dict[str, str], list[str]]:
    with place_of(session) as folder:
        return _played_in(folder, session, steps, players)


def _played_in(
    folder: Path, session: Session, steps: Sequence[Step], players: Players
) -> tuple[dict[str, str], list[str]]:
    plain = [["load", "pass", ""]]  # where the others load mlexp
    plain += [[step.kind, step.text.removeprefix("%%track\n"), step.cell] for step in steps]
    answer = players.play(folder, plain, session.values, kernel=session.kernel)
    assert "failed" not in answer, answer["failed"]
    return answer["values"], [error for _, error in answer["cells"][1:]]
