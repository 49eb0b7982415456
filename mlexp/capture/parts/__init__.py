"""Parts: each keeps one thing of a tracked run."""

from __future__ import annotations

from mlexp.capture.parts.base import Part
from mlexp.capture.parts.data import DataPart
from mlexp.capture.parts.log import LogPart
from mlexp.capture.parts.metrics import MetricsPart
from mlexp.capture.parts.output import OutputPart
from mlexp.capture.parts.params import ParamsPart


def parts_of_run() -> tuple[Part, ...]:
    """Return new parts for one run, the outermost first: what begins last is nearest to the cell, and ends first."""
    return DataPart(), MetricsPart(), ParamsPart(), LogPart(), OutputPart()
