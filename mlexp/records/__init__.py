"""What mlexp knows, as frozen values: no store, no handle, no object of the user."""

from mlexp.records.environment import Environment, Interpreter, Package
from mlexp.records.execution import (
    ErrorRecord,
    Execution,
    GeneratorState,
    InputFile,
    ModuleRecord,
    Outcome,
    SessionRecord,
)
from mlexp.records.names import Digest, RunId, SessionId
from mlexp.records.proof import Comparison, ComparisonOutcome, Proof, Verdict
from mlexp.records.run import (
    DataRecord,
    Labels,
    Metric,
    MetricOrigin,
    Param,
    RunRecord,
    RunStatus,
    check_move,
)

__all__ = [
    "Comparison",
    "ComparisonOutcome",
    "DataRecord",
    "Digest",
    "Environment",
    "ErrorRecord",
    "Execution",
    "GeneratorState",
    "InputFile",
    "Interpreter",
    "Labels",
    "Metric",
    "MetricOrigin",
    "ModuleRecord",
    "Outcome",
    "Package",
    "Param",
    "Proof",
    "RunId",
    "RunRecord",
    "RunStatus",
    "SessionId",
    "SessionRecord",
    "Verdict",
    "check_move",
]
