"""From what was heard to metrics and curves: each told once, with a name, and a place in the text if it has one."""

from __future__ import annotations

import ast
import builtins
import linecache
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlexp.capture.adapters.base import Curve, Score
from mlexp.capture.adapters.heard import Call, Place
from mlexp.dataflow.cell import parse
from mlexp.fingerprint.asking import name_of
from mlexp.records import CallSite, Execution, Metric, MetricOrigin

_MAX_AT_ONE_PLACE = 10
"""More scores than that at one place are a curve."""
_FILLING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})
"""Methods that put what they are given into their object."""
_MAGIC = "<timed exec>"
"""What `%%time` and the like call the text that they run."""


@dataclass(frozen=True, slots=True)
class Called:
    """What the user's calls have given."""

    metrics: tuple[Metric, ...]
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a file, as Python compiled it, in that of an execution."""

    execution: Execution
    n_above: int
    """How many lines of the execution stand above it."""
    lines: tuple[str, ...] | None
    """None: it is the execution's own, for all one knows."""

    def has(self, first: int, last: int) -> bool:
        """Tell whether lines are the same in both: secrets are left out of what is recorded."""
        recorded = self.execution.python.split("\n")[self.n_above + first - 1 : self.n_above + last]
        return self.lines is None or list(self.lines[first - 1 : last]) == recorded


class Texts:
    """Finds the call behind a place in the texts of the executions."""

    def __init__(self, executions: Sequence[Execution], *, n_lines_above: int) -> None:
        self._executions = executions
        self._n_above = n_lines_above
        self._found: dict[str, _Text | None] = {}
        self._trees: dict[int, dict[tuple[int, int], tuple[ast.Call, str]]] = {}

    def site_of(self, call: Call) -> tuple[CallSite, str] | None:
        """Return the call's site, and the name that takes what it gives, or ""; None: it stands in no execution."""
        place = call.place
        text = self._text_of(place.file) if place is not None else None
        if place is None or text is None or not text.has(place.line, place.end_line):
            return None
        known = self._calls_of(text.execution).get((place.end_line + text.n_above, place.end_column))
        if known is None:
            return None
        node, taker = known
        site = CallSite(
            execution=text.execution.index,
            line=node.lineno,
            column=node.col_offset,
            end_line=node.end_lineno or node.lineno,
            end_column=node.end_col_offset or 0,
            nth=call.nth,
        )
        return site, taker

    def _text_of(self, file: str) -> _Text | None:
        if file not in self._found:
            self._found[file] = self._look_for(file)
        return self._found[file]

    def _look_for(self, file: str) -> _Text | None:
        """Return the text in the newest execution that ends with it; line by line, but for a few."""
        if file == _MAGIC:
            return _Text(self._executions[-1], self._n_above, None) if self._executions else None
        lines = tuple(line.rstrip("\n") for line in linecache.getlines(file))
        while lines and not lines[-1].strip():
            lines = lines[:-1]
        if not lines:
            return None
        for execution in reversed(self._executions):
            recorded = execution.python.rstrip().split("\n")
            n_above = len(recorded) - len(lines)
            differing = sum(a != b for a, b in zip(lines, recorded[n_above:], strict=True)) if n_above >= 0 else 1
            if n_above >= 0 and differing <= len(lines) // 4:
                return _Text(execution, n_above, lines)
        return None

    def _calls_of(self, execution: Execution) -> dict[tuple[int, int], tuple[ast.Call, str]]:
        if execution.index not in self._trees:
            tree = parse(execution.python)
            self._trees[execution.index] = dict(_calls_in(tree)) if tree is not None else {}
        return self._trees[execution.index]


def _calls_in(node: ast.AST, *, taker: str = "") -> Iterator[tuple[tuple[int, int], tuple[ast.Call, str]]]:
    """Yield the calls by where they end: no two end at one place. A built-in function's call, as of `map`, is none."""
    inner = taker
    match node:
        case ast.Call(func=function):
            if not (isinstance(function, ast.Name) and hasattr(builtins, function.id)):
                yield (node.end_lineno or 0, node.end_col_offset or 0), (node, taker)
            if isinstance(function, ast.Attribute) and function.attr in _FILLING:
                inner = _root(function.value) or taker
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            inner = _root(target)
        case ast.NamedExpr(target=ast.Name(id=name)):
            inner = name
    for child in ast.iter_child_nodes(node):
        yield from _calls_in(child, taker=inner)


def _root(node: ast.expr) -> str:
    """Return the name that is bound or filled; of several the first."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Tuple, ast.List)):
        if isinstance(node, (ast.Tuple, ast.List)):
            if not node.elts:
                return ""
            node = node.elts[0]
        else:
            node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def told_once(calls: Sequence[Call], known: Sequence[Metric], texts: Texts, *, logged: Iterable[float] = ()) -> Called:
    """Return the metrics and curves in what was heard, without those that the run has under another name.

    Args:
        calls: What was heard, in order.
        known: The run's other metrics: bound, in the last expression, or logged.
        texts: The texts of the executions.
        logged: All that was logged: a curve's earlier points are no metrics, and are told as well.
    """
    names = _Names({metric.name for metric in known})
    values = {repr(metric.value) for metric in known} | {repr(value) for value in logged}
    metrics: list[Metric] = []
    curves: list[Curve] = []
    calls = list(_without_known(calls, known, values, texts))
    crowded = Counter((call.place, call.told.name) for call in calls if isinstance(call.told, Score))
    done: set[tuple[Place | None, str]] = set()
    seen: set[tuple[str, str]] = set()
    for call in calls:
        told = call.told
        if isinstance(told, Curve):
            name = names.free(told.name)
            curves.append(replace(told, name=name))
            if told.is_metric and told.values:
                metrics.append(Metric(name=name, value=told.values[-1], origin=MetricOrigin.CALLED))
            continue
        key = (call.place, told.name)
        if call.place is not None and crowded[key] > _MAX_AT_ONE_PLACE:
            if key in done:
                continue
            done.add(key)
            scores = (other for other in calls if isinstance(other.told, Score))
            there = [other for other in scores if (other.place, other.told.name) == key]
            numbers = tuple(other.told.value for other in there if isinstance(other.told, Score))
            name = names.free(told.name)
            curves.append(Curve(name=name, values=numbers))
            metrics.append(_metric(there[-1], name, texts))
        elif (told.name, repr(told.value)) not in seen:
            seen.add((told.name, repr(told.value)))
            metrics.append(_metric(call, names.free(told.name), texts))
    return Called(tuple(metrics), tuple(curves))


def _metric(call: Call, name: str, texts: Texts) -> Metric:
    told = call.told
    assert isinstance(told, Score)
    found = texts.site_of(call) if told.is_readable else None
    site = found[0] if found is not None else None
    expression = told.reading if site is not None else ""
    return Metric(name=name, value=told.value, origin=MetricOrigin.CALLED, expression=expression, site=site)


def _without_known(calls: Sequence[Call], known: Sequence[Metric], values: set[str], texts: Texts) -> Iterator[Call]:
    """Yield the calls whose numbers the run does not have already: bound to a name, in a container, or logged.

    What a name takes that metrics are read from is told by these. Else equal values are the same, if no name takes
    another score of that value: two scores may be equal by chance.
    """
    expressions = [re.sub(r"'[^']*'|\"[^\"]*\"", "", metric.expression) for metric in known]
    read = {name for expression in expressions for name in re.findall(r"[^\W\d]\w*", expression)} - {"_"}
    takers: dict[Place | None, str] = {}
    for call in calls:
        if isinstance(call.told, Score) and call.place is not None and call.place not in takers:
            found = texts.site_of(call)
            takers[call.place] = found[1] if found is not None else ""
    taken: dict[str, set[str]] = {}
    for call in calls:
        if isinstance(call.told, Score) and repr(call.told.value) in values and takers.get(call.place):
            taken.setdefault(repr(call.told.value), set()).add(call.told.name)
    exact = {call.told.name for call in calls if isinstance(call.told, Score) and call.told.is_readable}
    for call in calls:
        told = call.told
        if isinstance(told, Score):
            value = repr(told.value)
            if takers.get(call.place) in read or (value in values and told.name in taken.get(value, {told.name})):
                continue
            if not told.is_readable and (told.name in exact or any(_is_rounded(told, metric) for metric in known)):
                continue
        yield call


def _is_rounded(score: Score, metric: Metric) -> bool:
    """Tell whether a printed number is another one, rounded."""
    alike = score.name.startswith(metric.name[:3].lower()) or metric.name.lower() in score.name
    return alike and math.isfinite(metric.value) and abs(metric.value - score.value) <= 0.005


class _Names:
    """Gives names that are free: `accuracy`, `accuracy.2`."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def free(self, name: str) -> str:
        n, free = 1, name
        while free in self._taken:
            n += 1
            free = f"{name}.{n}"
        self._taken.add(free)
        return free


def without_told(
    params: Mapping[str, object], owner: object, known: Mapping[str, str], texts: Sequence[str]
) -> dict[str, object]:
    """Return the params of an object that are not the run's own already, as `C` is in `LogisticRegression(C=C)`.

    Args:
        params: Its params.
        owner: The object.
        known: The run's params: literals by name.
        texts: The texts in which one may have been handed on.
    """
    kind = name_of(type(owner)).rpartition(".")[2]
    found = {}
    for name, value in params.items():
        last = name.rpartition(".")[2]
        literal = repr(value)
        for other, known_literal in known.items():
            if known_literal != literal:
                if known_literal.startswith("{") and _holds(known_literal, last, value):
                    break
                continue
            handed = rf"\b{re.escape(last)}\s*=\s*{re.escape(other)}\b"
            first = rf"\b{re.escape(kind)}\(\s*{re.escape(other)}\b"
            if other.rpartition(".")[2] == last or any(re.search(f"{handed}|{first}", text) for text in texts):
                break
        else:
            found[name] = value
    return found


def _holds(literal: str, name: str, value: object) -> bool:
    settings = ast.literal_eval(literal)
    return isinstance(settings, dict) and name in settings and repr(settings[name]) == repr(value)
