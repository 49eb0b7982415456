"""Records without secrets: many names are looked at in one text, and none of them is passed over."""

import pytest

from mlexp.records import Execution, Outcome, SessionId
from mlexp.redaction import Redactor
from mlexp.redaction.records import redacted_record

TOKEN = "ghp_" + "q7Wz2Kd9Lx4Bv8Rt5Nm1Cj6Hs3Pf0Gy2Ta4E"
KNOWN = "hK39xQz71LmPw8Vt"
PLAIN = tuple(f"name_{i}" for i in range(300))


def execution(names: tuple[str, ...]) -> Execution:
    return Execution(
        session_id=SessionId("s"), index=0, number=1, source="", python="", outcome=Outcome.OK, suspected=names
    )


@pytest.mark.parametrize("secret", [TOKEN, KNOWN])
@pytest.mark.parametrize("at", [0, 150, 300])
def test_a_secret_among_many_names_is_taken_out_and_they_stay(secret: str, at: int) -> None:
    redactor = Redactor()
    redactor.learn(KNOWN, "API_KEY")
    names = (*PLAIN[:at], secret, *PLAIN[at:])
    found = redacted_record(execution(names), redactor).suspected
    assert secret not in "".join(found)
    assert [name for name in found if name in PLAIN] == list(PLAIN)


def test_names_without_secrets_are_the_same_record() -> None:
    record = execution(PLAIN)
    assert redacted_record(record, Redactor()) is record
