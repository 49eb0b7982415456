"""The verdict: what the run recorded against what its script gave in a clean process.

Metrics and values are compared bit for bit. Printed text decides only where there is neither. What differs is looked at
again in a second clean run with another hash seed: a name that differs between the two is volatile, and says nothing
against the script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mlexp.pipeline.clean import CleanRun
from mlexp.pipeline.script import Script
from mlexp.records import Comparison, ComparisonOutcome, Proof, RunRecord, Verdict

Once = Callable[[int], CleanRun]
"""Runs the script once in a clean process, with the given hash seed."""


def prove(script: Script, once: Once, *, recorded_text: str) -> tuple[Proof, CleanRun]:
    """Run the script and return the proof, and the first clean run."""
    run = script.run
    first = once(1)
    if first.status != 0:
        return _proof(run, first, Verdict.NOT_VERIFIED, _why_not(first), (), n_runs=1), first
    compared = _compared(script, first, recorded_text)
    n_runs, elapsed_s = 1, first.elapsed_s
    if any(c.outcome is ComparisonOutcome.DIFFERS for c in compared):
        second = once(2)
        n_runs, elapsed_s = 2, first.elapsed_s + second.elapsed_s
        if second.status == 0:
            compared = _without_volatile(compared, first, second)
    verdict, reason = _verdict(compared)
    proof = replace(_proof(run, first, verdict, reason, compared, n_runs=n_runs), elapsed_s=elapsed_s)
    return proof, first


def _compared(script: Script, clean: CleanRun, recorded_text: str) -> tuple[Comparison, ...]:
    rows = []
    for metric in script.metrics:
        found = clean.metrics.get(metric.name)
        same = found is not None and repr(found) == repr(metric.recorded)
        rows.append(
            _row(metric.name, "metric", repr(metric.recorded), "nothing" if found is None else repr(found), same=same)
        )
    rows += _values(script.run, clean.values)
    if not any(row.outcome is not ComparisonOutcome.NOT_COMPARABLE for row in rows) and recorded_text.strip():
        same = _text(clean.stdout).endswith(_text(recorded_text))
        rows.append(_row("printed text", "text", _end_of(recorded_text), _end_of(clean.stdout), same=same))
    return tuple(rows)


def _values(run: RunRecord, found: Mapping[str, str]) -> list[Comparison]:
    rows = []
    for value in run.values:
        if value.digest is None:
            what = Comparison(
                name=value.name, what="value", outcome=ComparisonOutcome.NOT_COMPARABLE, recorded=value.reason or ""
            )
            rows.append(what)
        else:
            now = found.get(value.name, "nothing")
            rows.append(_row(value.name, "value", _short(value.digest), _short(now), same=now == value.digest))
    return rows


def _row(name: str, what: str, recorded: str, found: str, *, same: bool) -> Comparison:
    outcome = ComparisonOutcome.EQUAL if same else ComparisonOutcome.DIFFERS
    return Comparison(name=name, what=what, outcome=outcome, recorded=recorded, found=found)


def _without_volatile(rows: tuple[Comparison, ...], first: CleanRun, second: CleanRun) -> tuple[Comparison, ...]:
    def again(row: Comparison) -> bool:
        if row.what == "metric":
            return repr(first.metrics.get(row.name)) != repr(second.metrics.get(row.name))
        if row.what == "value":
            return first.values.get(row.name) != second.values.get(row.name)
        return first.stdout != second.stdout

    return tuple(
        replace(row, outcome=ComparisonOutcome.VOLATILE)
        if row.outcome is ComparisonOutcome.DIFFERS and again(row)
        else row
        for row in rows
    )


def _verdict(rows: tuple[Comparison, ...]) -> tuple[Verdict, str]:
    differing = [row for row in rows if row.outcome is ComparisonOutcome.DIFFERS]
    if differing:
        first = differing[0]
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        return Verdict.NOT_REPRODUCED, f"{first.name}: {first.recorded} in the run, {first.found} in the script{more}"
    if any(row.outcome is ComparisonOutcome.EQUAL for row in rows):
        volatile = [row.name for row in rows if row.outcome is ComparisonOutcome.VOLATILE and row.what == "metric"]
        if volatile and not any(row.what == "metric" and row.outcome is ComparisonOutcome.EQUAL for row in rows):
            names = ", ".join(volatile)
            return Verdict.NOT_REPRODUCED, f"{names}: another value each time the script is run; is a seed missing?"
        return Verdict.REPRODUCED, ""
    volatile = [row.name for row in rows if row.outcome is ComparisonOutcome.VOLATILE]
    if volatile:
        return (
            Verdict.NOT_REPRODUCED,
            f"{', '.join(volatile)}: another value each time the script is run; is a seed missing?",
        )
    return Verdict.NOT_VERIFIED, "there is nothing to compare: the cell left no number, no table and no text"


def _why_not(clean: CleanRun) -> str:
    reason = clean.error
    if clean.line is not None:
        reason += f" (line {clean.line} of the script)"
    if clean.refused:
        reason = f"{clean.refused[0]} is refused while a script is proven; it then ended with {reason}"
    return reason


def _proof(
    run: RunRecord, clean: CleanRun, verdict: Verdict, reason: str, rows: tuple[Comparison, ...], *, n_runs: int
) -> Proof:
    return Proof(
        run_id=run.id,
        at=datetime.now(UTC),
        verdict=verdict,
        reason=reason,
        compared=rows,
        elapsed_s=clean.elapsed_s,
        n_runs=n_runs,
        platform=run.interpreter.platform,
        python=run.interpreter.version,
        confinement=clean.confinement,
        packages=clean.packages,
    )


def _text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def _end_of(text: str) -> str:
    return repr(_text(text)[-60:])


def _short(digest: str) -> str:
    return digest[:15] if digest.startswith("blake3:") else digest
