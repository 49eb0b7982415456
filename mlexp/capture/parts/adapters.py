"""What libraries tell of a tracked cell: scores that were only shown, evaluation curves, models and their params."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, ClassVar

from mlexp.capture.adapters import adapter_of, libraries, load
from mlexp.capture.adapters.arrivals import Arrivals
from mlexp.capture.adapters.base import Adapter, Seen
from mlexp.capture.adapters.called import Texts, told_once, without_told
from mlexp.capture.adapters.ears import Ears
from mlexp.capture.adapters.heard import Heard
from mlexp.capture.guard import guarded
from mlexp.capture.parts.base import RunEnd, Tracked, points_of
from mlexp.dataflow.bindings import literal_of
from mlexp.dataflow.cell import parse
from mlexp.errors import NotWalkableError
from mlexp.fingerprint.asking import imported, is_one_of, module_of, name_of, names_in
from mlexp.records import DataRecord, Metric, MetricOrigin, Param, ParamOrigin
from mlexp.snapshot import keep

_MAX_OBJECTS = 20
"""Of a container of models."""
_PLAIN = (str, int, float, bool, type(None), type, ModuleType, FunctionType)


class AdaptersPart:
    """Listens while the cell runs, and looks at the libraries' objects that it has made or changed."""

    what: ClassVar[str] = "listen to libraries"

    def __init__(self) -> None:
        self._heard: Heard | None = None
        self._ears: Ears | None = None
        self._arrivals: Arrivals | None = None
        self._marks: dict[str, object] = {}

    def begin(self, tracked: Tracked) -> None:
        """Begin to listen; what the cell imports is listened to from its import on."""
        known = libraries()
        self._heard = Heard(tracked.opening.namespace, known)
        self._ears = Ears(self._heard.listen)
        for library in sorted(known):
            self._listen_to(library, tracked)
        self._arrivals = Arrivals(known, lambda library: self._listen_to(library, tracked))
        self._arrivals.open()
        for name, value, adapter in _objects(tracked.opening.names.loaded, tracked):
            with guarded("look at a library's objects", tracked.notes.append):
                self._marks[name] = adapter.mark(value)

    def _listen_to(self, library: str, tracked: Tracked) -> None:
        with guarded(f"listen to {library}", tracked.notes.append):
            adapter = load(library)
            if adapter is not None and self._ears is not None:
                self._ears.put_on(adapter.listenings())

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Listen no more, and tell what was heard and what there is."""
        ears, arrivals, heard = self._ears, self._arrivals, self._heard
        self._ears = None
        try:
            if ears is not None:
                ears.close()
        finally:
            if arrivals is not None:
                arrivals.close()
        if end is None or heard is None:
            return {}
        facts: dict[str, tuple[object, ...]] = {}
        known: tuple[Metric, ...] = end.facts.get("metrics", ())
        found = _Found(tracked, end)
        for name, value, adapter in _objects(dict.fromkeys((*end.execution.bound, *end.execution.loaded)), tracked):
            with guarded("look at a library's objects", tracked.notes.append):
                mark = adapter.mark(value)
                is_new = name.partition(".")[0] in end.execution.bound or self._marks.get(name) != mark
                seen = adapter.see(value) if mark is not None and is_new else None
                if seen is not None:
                    found.add(name, value, seen)
        with guarded("tell what was heard", tracked.notes.append):
            texts = Texts(end.texts or end.executions, n_lines_above=tracked.opening.n_lines_above)
            known = (*known, *found.metrics)
            logged = [value for points in tracked.points for value in points.values]
            called = told_once(heard.calls, known, texts, logged=logged)
            known = (*known, *called.metrics)
            tracked.points = (*tracked.points, *(points_of(c.name, c.values) for c in called.curves))
        facts["metrics"] = known
        facts["params"] = (*end.facts.get("params", ()), *found.params)
        facts["models"] = tuple(found.models)
        facts["results"] = (*end.facts.get("results", ()), *found.results)
        return facts


class _Found:
    """What the objects tell, as records."""

    def __init__(self, tracked: Tracked, end: RunEnd) -> None:
        self.params: list[Param] = []
        self.metrics: list[Metric] = []
        self.models: list[DataRecord] = []
        self.results: list[DataRecord] = []
        self._tracked = tracked
        self._execution = end.execution.index
        self._known = {param.name: param.literal for param in end.facts.get("params", ())}
        self._texts = [execution.python for execution in end.executions]
        self._told = {metric.expression for metric in end.facts.get("metrics", ())}
        self._objects: set[int] = set()

    def add(self, name: str, value: object, seen: Seen) -> None:
        """Add what an object tells; under a second name the same object tells nothing more."""
        if id(value) in self._objects:
            return
        self._objects.add(id(value))
        params = shortened(seen.params)
        for key, param in without_told(params, value, self._known, self._texts).items():
            made = Param(
                name=f"{name}.{key}",
                literal=literal_of(param),
                execution=self._execution,
                origin=ParamOrigin.ESTIMATOR,
            )
            self.params.append(made)
        for attribute, number in seen.scores.items():
            if f"{name}.{attribute}" in self._told:
                continue  # it was printed, and read there
            metric = Metric(
                name=f"{name}.{attribute.rstrip('_')}",
                value=number,
                origin=MetricOrigin.BOUND,
                expression=f"{name}.{attribute}",
            )
            self.metrics.append(metric)
        if seen.summary is not None:
            reason = f"no codec for {_kind(value)}"
            self.models.append(
                DataRecord(
                    name=name, kind=_kind(value), summary=seen.summary, size_bytes=0, digest=None, kept=False,
                    reason=reason,
                )
            )  # fmt: skip
        for attribute, columns in seen.tables.items():
            self.results.append(self._table(f"{name}.{attribute.rstrip('_')}", columns))

    def _table(self, name: str, columns: Mapping[str, list[object]]) -> DataRecord:
        import pandas

        place = self._tracked.place
        frame = pandas.DataFrame(dict(columns))
        summary = f"{len(frame):,} × {len(columns):,}"
        try:
            kept = keep(frame, place.blobs, limit_bytes=place.settings.max_object_mb * 2**20)
        except NotWalkableError as error:
            return DataRecord(
                name=name, kind="pandas.DataFrame", summary=summary, size_bytes=0, digest=None, kept=False,
                reason=str(error),
            )  # fmt: skip
        return DataRecord(
            name=name, kind=kept.kind, summary=summary, size_bytes=kept.size_bytes, digest=kept.digest, kept=True
        )


def shortened(params: Mapping[str, object]) -> dict[str, object]:
    """Return params of nested estimators under the names of their own step, where these tell them apart."""
    ends = {name: ".".join(name.split(".")[-2:]) for name in params}
    times = Counter(ends.values())
    return {ends[name] if times[ends[name]] == 1 else name: value for name, value in params.items()}


def _objects(names: Iterable[str], tracked: Tracked) -> Iterator[tuple[str, object, Adapter]]:
    """Yield the objects behind names that an adapter knows, also those in small plain containers."""
    namespace = tracked.opening.namespace
    targets = _loop_targets(tracked.opening.python)
    for name in sorted(names, key=lambda name: (name in targets, name)):  # under a loop's name last
        for inner, item in _items(name, namespace.get(name)):
            adapter = None
            if not is_one_of(type(item), _PLAIN):
                with guarded("look at a library's objects", tracked.notes.append):
                    adapter = adapter_of(item)
            if adapter is not None:
                yield inner, item, adapter


def _loop_targets(python: str) -> set[str]:
    tree = parse(python)
    loops = [node.target for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor))] if tree else []
    return {node.id for target in loops for node in ast.walk(target) if isinstance(node, ast.Name)}


def _items(name: str, value: Any) -> list[tuple[str, object]]:
    if type(value) is dict and len(value) <= _MAX_OBJECTS:
        return [(f"{name}.{key}", item) for key, item in value.items() if type(key) is str]
    if is_one_of(type(value), (list, tuple)) and len(value) <= _MAX_OBJECTS:
        return [(f"{name}.{i}", item) for i, item in enumerate(value)]
    return [(name, value)]


def _kind(value: object) -> str:
    """Return a type's name as one imports it: from the outermost of its packages that has it."""
    cls, full = type(value), name_of(type(value))
    parts = module_of(cls).split(".")
    name = full.removeprefix(f"{module_of(cls)}.")
    for n in range(1, len(parts)):
        module = imported(".".join(parts[:n]))
        if module is not None and names_in(module).get(name) is cls:
            return f"{'.'.join(parts[:n])}.{name}"
    return full
