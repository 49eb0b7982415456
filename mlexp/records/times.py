"""Times in records name their zone: a run may be read where the clocks show something else."""

from __future__ import annotations

from datetime import datetime

from mlexp.errors import InvalidRecordError


def check_aware(what: str, time: datetime) -> None:
    """Raise InvalidRecordError for a time without a zone."""
    if time.tzinfo is None:
        raise InvalidRecordError(f"{what}: the time {time} names no time zone")
