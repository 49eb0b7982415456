"""Parts: each keeps one thing of a tracked run."""

from __future__ import annotations

from mlexp.capture.parts.adapters import AdaptersPart
from mlexp.capture.parts.base import Part
from mlexp.capture.parts.cleanliness import CleanlinessPart
from mlexp.capture.parts.data import DataPart
from mlexp.capture.parts.declared import DeclaredPart
from mlexp.capture.parts.log import LogPart
from mlexp.capture.parts.metrics import MetricsPart
from mlexp.capture.parts.output import OutputPart
from mlexp.capture.parts.params import ParamsPart
from mlexp.capture.parts.resources import ResourcesPart


def parts_of_run() -> tuple[Part, ...]:
    """Return new parts for one run, the outermost first: what begins last is nearest to the cell, and ends first."""
    inside = LogPart(), OutputPart(), ResourcesPart()
    return CleanlinessPart(), DeclaredPart(), DataPart(), AdaptersPart(), MetricsPart(), ParamsPart(), *inside
