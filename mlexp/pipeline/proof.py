"""The verdict: what the run recorded against what its script gave in a clean process.

Metrics and values are compared bit for bit. Printed text decides only where there is neither. What differs is looked at
again in a second clean run with another hash seed: a name that differs between the two is volatile, and says nothing
against the script; of printed text, the readings of clocks are then looked past. A script that uses sets or hashes is
run three times in any case: two seeds may give one order.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mlexp.dataflow.cell import parse
from mlexp.pipeline.clean import CleanRun
from mlexp.pipeline.clocks import without_clocks
from mlexp.pipeline.script import Script
from mlexp.records import Comparison, ComparisonOutcome, MetricOrigin, Proof, RunRecord, Verdict
from mlexp.records.run import RESULT
from mlexp.storage import MetricPoints

Once = Callable[[int], CleanRun]
"""Runs the script once in a clean process, with the given hash seed."""


NEEDS_MORE = 3
"""The exit status of a script that cannot tell."""
_PATIENCE_S = 30.0
"""A script that took longer is not run a third time only to be sure."""


def prove(
    script: Script,
    once: Once,
    *,
    recorded_text: str,
    curves: Sequence[MetricPoints] = (),
    missing: Sequence[str] = (),
) -> tuple[Proof, CleanRun]:
    """Run the script and return the proof, and the first clean run.

    Args:
        script: The script.
        once: Runs it.
        recorded_text: What the run's cell printed.
        curves: What it logged.
        missing: Environment variables that it needs and that are not set.
    """
    run = script.run
    first = once(1)
    if first.status != 0:
        reason = f"needs {', '.join(missing)}" if missing and first.status == NEEDS_MORE else _why_not(first)
        if missing and first.status != NEEDS_MORE:
            reason += f"; {', '.join(missing)} is not set, which it may need"
        return _proof(run, [first], Verdict.NOT_VERIFIED, reason, ()), first
    compared = _compared(script, first, recorded_text, curves)
    runs = [first]
    by_order = _may_depend_on_order(script)
    for seed in (2, 3) if by_order else (2,):
        differs = any(c.outcome is ComparisonOutcome.DIFFERS and c.what != "param" for c in compared)
        if not differs and not by_order:
            break
        if seed > 2 and not differs and sum(clean.elapsed_s for clean in runs) > _PATIENCE_S:
            break
        again = once(seed)
        runs.append(again)
        if again.status != 0:
            break
        compared = _without_volatile(compared, first, again, recorded_text)
    verdict, reason = _verdict(compared)
    if verdict is Verdict.NOT_REPRODUCED and missing:
        verdict, reason = Verdict.NOT_VERIFIED, f"needs {', '.join(missing)}"
    return _proof(run, runs, verdict, reason, compared), first


def _may_depend_on_order(script: Script) -> bool:
    """Tell whether the sections use sets, hashes or addresses: then equal values may be luck."""
    if "PYTHONHASHSEED" in dict(script.run.interpreter.variables):
        return False
    for section in script.sections:
        tree = parse(section.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, (ast.Set, ast.SetComp)):
                return True
            if isinstance(node, ast.Name) and node.id in ("set", "frozenset", "hash", "id"):
                return True
    return False


def _compared(
    script: Script, clean: CleanRun, recorded_text: str, curves: Sequence[MetricPoints]
) -> tuple[Comparison, ...]:
    rows = []
    for metric in script.metrics:
        found = clean.metrics.get(metric.name)
        same = found is not None and repr(found) == repr(metric.recorded)
        rows.append(
            _row(metric.name, "metric", repr(metric.recorded), "nothing" if found is None else repr(found), same=same)
        )
    rows += _not_in_script(script)
    logged = {metric.name for metric in script.run.metrics if metric.origin is MetricOrigin.LOGGED}
    rows += [_curve(points, clean) for points in curves if points.name in logged]  # else it is a library's own
    rows += _values(script.run, clean.values)
    if not any(row.outcome is not ComparisonOutcome.NOT_COMPARABLE for row in rows) and recorded_text.strip():
        same = _ends_with(clean.stdout, recorded_text)
        rows.append(_row("printed text", "text", _end_of(recorded_text), _end_of(clean.stdout), same=same))
    rows += [_row(name, "param", recorded, in_code, same=False) for name, recorded, in_code in script.disputed]
    return tuple(rows)


def _not_in_script(script: Script) -> list[Comparison]:
    """Return the metrics that were heard of and that the script cannot tell."""
    told = {metric.name for metric in script.metrics}
    return [
        Comparison(
            name=metric.name,
            what="metric",
            outcome=ComparisonOutcome.NOT_COMPARABLE,
            recorded="no name and no single call in the script gives it",
        )
        for metric in script.run.metrics
        if metric.origin is MetricOrigin.CALLED and metric.name not in told
    ]


def _curve(points: MetricPoints, clean: CleanRun) -> Comparison:
    """Compare every logged point of a metric, its steps too; what earlier cells had logged stands before them."""
    recorded = [(step, repr(value)) for step, value in zip(points.steps, points.values, strict=True)]
    found = _points_of(points.name, clean)[-len(recorded) :]
    first = next((i for i, pair in enumerate(recorded) if i >= len(found) or found[i] != pair), None)
    name = f"curve of {points.name}"
    if first is None:
        return _row(name, "curve", f"{len(recorded)} points", f"{len(found)} points", same=True)
    step, value = recorded[first]
    now = found[first][1] if first < len(found) else "nothing"
    return _row(name, "curve", f"{value} at step {step}", now, same=False)


def _points_of(metric: str, clean: CleanRun) -> list[tuple[int, str]]:
    return [(point["step"], repr(point[metric])) for point in clean.history if metric in point]


def _values(run: RunRecord, found: Mapping[str, str]) -> list[Comparison]:
    rows = []
    for value in run.values:
        if value.digest is None:
            what = Comparison(
                name=value.name, what="value", outcome=ComparisonOutcome.NOT_COMPARABLE, recorded=value.reason or ""
            )
            rows.append(what)
        elif value.name != RESULT or RESULT in found:  # a script may have no place for it, as within a coroutine
            now = found.get(value.name, "nothing")
            rows.append(_row(value.name, "value", _short(value.digest), _short(now), same=now == value.digest))
    return rows


def _row(name: str, what: str, recorded: str, found: str, *, same: bool) -> Comparison:
    outcome = ComparisonOutcome.EQUAL if same else ComparisonOutcome.DIFFERS
    return Comparison(name=name, what=what, outcome=outcome, recorded=recorded, found=found)


def _without_volatile(
    rows: tuple[Comparison, ...], first: CleanRun, second: CleanRun, recorded_text: str
) -> tuple[Comparison, ...]:
    def outcome(row: Comparison) -> ComparisonOutcome:
        outputs = [without_clocks(_text(clean.stdout)) for clean in (first, second)]
        if row.what == "text" and all(_ends_with(text, without_clocks(_text(recorded_text))) for text in outputs):
            return ComparisonOutcome.EQUAL
        return ComparisonOutcome.VOLATILE

    def again(row: Comparison) -> bool:
        if row.what == "metric":
            return repr(first.metrics.get(row.name)) != repr(second.metrics.get(row.name))
        if row.what == "curve":
            metric = row.name.removeprefix("curve of ")
            return _points_of(metric, first) != _points_of(metric, second)
        if row.what == "value":
            return first.values.get(row.name) != second.values.get(row.name)
        return row.what == "text" and first.stdout != second.stdout

    return tuple(
        replace(row, outcome=outcome(row))
        if row.outcome in (ComparisonOutcome.DIFFERS, ComparisonOutcome.EQUAL) and again(row)
        else row
        for row in rows
    )


def _verdict(rows: tuple[Comparison, ...]) -> tuple[Verdict, str]:
    differing = [row for row in rows if row.outcome is ComparisonOutcome.DIFFERS]
    if differing:
        first = differing[0]
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        return Verdict.NOT_REPRODUCED, f"{first.name}: {first.recorded} in the run, {first.found} in the script{more}"
    equal = any(row.outcome is ComparisonOutcome.EQUAL for row in rows)
    # A clock reading is no metric: one that changes from run to run was drawn, and no equal one beside it excuses that.
    deciding = ("metric", "curve") if equal else ("metric", "curve", "value", "text")
    volatile = [row.name for row in rows if row.outcome is ComparisonOutcome.VOLATILE and row.what in deciding]
    if volatile:
        names = ", ".join(volatile)
        return Verdict.NOT_REPRODUCED, f"{names}: another value each time the script is run; is a seed missing?"
    if equal:
        return Verdict.REPRODUCED, ""
    return Verdict.NOT_VERIFIED, "there is nothing to compare: the cell left no number, no table and no text"


def _why_not(clean: CleanRun) -> str:
    place = ", ".join(text for text in (clean.section, f"line {clean.line}" if clean.line else "") if text)
    reason = " ".join(clean.error.split())
    what = next((what for what in reversed(clean.refused) if what in clean.error), None)
    if what is not None:
        open_with = "--allow-network" if what.startswith("network") else "--allow-writes DIR"
        reason = f"{what} is refused while a script is proven, unless {open_with} allows it; it ended with {reason}"
    elif "Permission denied" in clean.error:  # a library in C asked
        reason += "; while a script is proven it may write in its own folder only, unless --allow-writes DIR allows it"
    return f"{reason} ({place} of the script)" if place else reason


def _proof(
    run: RunRecord, runs: Sequence[CleanRun], verdict: Verdict, reason: str, rows: tuple[Comparison, ...]
) -> Proof:
    first = runs[0]
    return Proof(
        run_id=run.id,
        at=datetime.now(UTC),
        verdict=verdict,
        reason=reason,
        compared=rows,
        elapsed_s=sum(clean.elapsed_s for clean in runs),
        n_runs=len(runs),
        platform=run.interpreter.platform,
        python=run.interpreter.version,
        confinement=first.confinement,
        packages=first.packages,
    )


def _text(text: str) -> str:
    """Return it without blanks at the ends of lines and blank lines at both ends; the first line keeps its indent."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip("\n")


def _ends_with(printed: str, recorded: str) -> bool:
    """Tell whether a script printed last what the run did: its cell is the last."""
    return f"\n{_text(printed)}".endswith(f"\n{_text(recorded)}")


def _end_of(text: str) -> str:
    return repr(_text(text)[-60:])


def _short(digest: str) -> str:
    return digest[:15] if digest.startswith("blake3:") else digest
