"""Small whole records for tests: each takes what matters to a test, and fills in the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mlexp.records import (
    Digest,
    Environment,
    Execution,
    Interpreter,
    Labels,
    LateOutput,
    Metric,
    MetricOrigin,
    Outcome,
    Package,
    Param,
    Proof,
    RunId,
    RunRecord,
    RunStatus,
    SessionId,
    SessionRecord,
    Verdict,
)
from mlexp.storage import MetricPoints

START = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
INTERPRETER = Interpreter(
    executable="/usr/bin/python3", version="3.11.7", implementation="CPython", platform="Linux x86_64", cpu="", n_cpus=2
)


def session(name: str = "session", **fields: Any) -> SessionRecord:
    """Return a session's record."""
    known: dict[str, Any] = {"started": START, "notebook": None, "folder": "/work", "process": "here:1:2"}
    return SessionRecord(**{**known, "id": SessionId(name), **fields})


def execution(index: int = 0, python: str = "", **fields: Any) -> Execution:
    """Return the record of an execution that went well."""
    known: dict[str, Any] = {"session_id": SessionId("session"), "number": index + 1, "outcome": Outcome.OK}
    return Execution(**{**known, "index": index, "source": python, "python": python, **fields})


def run(name: str = "run", **fields: Any) -> RunRecord:
    """Return the record of a run that begins."""
    known: dict[str, Any] = {
        "number": 0,
        "experiment": "notebook.ipynb",
        "session_id": SessionId("session"),
        "execution": 0,
        "status": RunStatus.RUNNING,
        "started": START,
        "interpreter": INTERPRETER,
        "source": "%%track\nauc = 0.5",
    }
    return RunRecord(**{**known, "id": RunId(name), **fields})


def finished(name: str = "run", **fields: Any) -> RunRecord:
    """Return the record of a run that has ended well."""
    return run(name, **{"status": RunStatus.FINISHED, "elapsed_s": 1.5, **fields})


def labels(run_id: str = "run", **fields: Any) -> Labels:
    """Return the labels of a run."""
    return Labels(run_id=RunId(run_id), **fields)


def metrics(values: Mapping[str, float]) -> tuple[Metric, ...]:
    """Return metrics that a cell bound."""
    return tuple(Metric(name=name, value=value, origin=MetricOrigin.BOUND) for name, value in values.items())


def params(values: Mapping[str, object]) -> tuple[Param, ...]:
    """Return params bound by the first execution."""
    return tuple(Param(name=name, literal=repr(value), execution=0) for name, value in values.items())


def points(name: str, values: Sequence[float], **fields: Any) -> MetricPoints:
    """Return logged points at steps 0, 1, 2, …."""
    steps = range(len(values))
    known: dict[str, Any] = {"steps": tuple(steps), "times": tuple(1e9 + step for step in steps)}
    return MetricPoints(**{**known, "name": name, "values": tuple(values), **fields})


def environment(run_id: str = "run", **fields: Any) -> Environment:
    """Return the environment of a run."""
    known: dict[str, Any] = {"packages": (Package(name="numpy", version="2.4.6", modules=("numpy",)),)}
    return Environment(**{**known, "run_id": RunId(run_id), **fields})


def late_output(run_id: str = "run", stream: str = "stdout", n: int = 0) -> LateOutput:
    """Return text that came late; `n` tells one text from another."""
    return LateOutput(run_id=RunId(run_id), stream=stream, digest=Digest(f"blake3:{n:032x}"))


def proof(run_id: str = "run", verdict: Verdict = Verdict.REPRODUCED, **fields: Any) -> Proof:
    """Return a proof of a run."""
    known: dict[str, Any] = {
        "at": START,
        "reason": "",
        "compared": (),
        "elapsed_s": 2.5,
        "n_runs": 1,
        "platform": "Linux x86_64",
        "python": "3.11.7",
        "confinement": "layer",
        "packages": (),
    }
    return Proof(**{**known, "run_id": RunId(run_id), "verdict": verdict, **fields})
