"""What came of running a script again in a clean process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mlexp.records.environment import Package
from mlexp.records.names import Digest, RunId
from mlexp.records.times import check_aware


class Verdict(StrEnum):
    """The answer of a proof."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    NOT_VERIFIED = "not verified"
    """It could not be run to its end, or there was nothing to compare."""


class ComparisonOutcome(StrEnum):
    """What became of one name."""

    EQUAL = "equal"
    DIFFERS = "differs"
    VOLATILE = "volatile"
    """It also differs between two clean runs of the same script."""
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric, value or text: as recorded and as found."""

    name: str
    what: str
    """"metric", "value" or "text"."""
    outcome: ComparisonOutcome
    recorded: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One proof of one run. Later proofs, elsewhere or with other packages, are records of their own."""

    run_id: RunId
    at: datetime
    verdict: Verdict
    reason: str
    """One line: why not; empty when reproduced."""
    compared: tuple[Comparison, ...]
    elapsed_s: float
    n_runs: int
    """How many times the script was run."""
    platform: str
    python: str
    confinement: str
    """What kept the script's side effects in: see `pipeline.confine`."""
    packages: tuple[Package, ...]
    """The distributions that the script really loaded, and all that these require."""
    script: Digest | None = None
    """Digest of the script's code, docstring and records left out."""

    def __post_init__(self) -> None:
        check_aware(f"proof of {self.run_id}", self.at)
