"""What differs between runs. Pure: records in, values out."""

from mlexp.comparison.goals import Goal, goal_of
from mlexp.comparison.sections import MetricRow, ParamRow, Section, metric_rows, param_rows
from mlexp.comparison.sentence import sentence_of
from mlexp.comparison.side import Side
from mlexp.comparison.whole import Compared, compare

__all__ = [
    "Compared",
    "Goal",
    "MetricRow",
    "ParamRow",
    "Section",
    "Side",
    "compare",
    "goal_of",
    "metric_rows",
    "param_rows",
    "sentence_of",
]
