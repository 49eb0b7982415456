"""The data that the cell reads, kept before it runs, and what it then bound or changed, digested after it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from mlexp.capture.data import digest_values, keep_data
from mlexp.capture.guard import guarded
from mlexp.capture.parts.base import RunEnd, Tracked
from mlexp.capture.reads import live_reads
from mlexp.dataflow.bindings import Kind, bindings_of
from mlexp.dataflow.cell import parse
from mlexp.dataflow.names import changed_in_place
from mlexp.fingerprint.asking import is_one_of
from mlexp.records import DataRecord, Digest, MetricOrigin
from mlexp.records.run import RESULT

_MORE_S = 2.0
"""So long a cell may wait for its content to be kept; one that takes longer itself, for as long as it takes."""
_FILLED = (list, dict, set, bytearray)


class DataPart:
    """Keeps the values on both sides of the cell."""

    what: ClassVar[str] = "keep the data that the cell reads"

    def __init__(self) -> None:
        self._data: tuple[DataRecord, ...] = ()
        self._containers: dict[str, Digest | None] = {}
        self._spent_s = 0.0

    def begin(self, tracked: Tracked) -> None:
        """Keep the data, and look at the containers that the cell may fill."""
        opening, place = tracked.opening, tracked.place
        began = time.perf_counter()
        if tracked.options.with_data:
            objects = live_reads(opening.names.read, opening.namespace)
            limit = place.settings.max_object_mb * 2**20
            self._data = keep_data(objects, place.blobs, limit_bytes=limit, until=began + _MORE_S)
        with guarded("look at the containers that the cell may fill", tracked.notes.append):
            self._containers = self._digests_of_containers(tracked, until=began + _MORE_S)
        self._spent_s = time.perf_counter() - began

    def _digests_of_containers(self, tracked: Tracked, *, until: float) -> dict[str, Digest | None]:
        """Return the digests of plain containers that the cell mentions, such as lists of scores; data has its own."""
        namespace, kept = tracked.opening.namespace, {record.name for record in self._data}
        mentioned = [name for name in tracked.opening.names.loaded if name not in kept]
        names = [name for name in mentioned if is_one_of(type(namespace.get(name)), _FILLED)]
        records, _ = digest_values(names, namespace, until=until)
        return {record.name: record.digest for record in records}

    def end(self, tracked: Tracked, end: RunEnd | None) -> Mapping[str, object]:
        """Digest what the cell bound or changed."""
        facts: dict[str, object] = {"data": self._data}
        if end is not None:
            with guarded("digest what the cell bound", tracked.notes.append):
                facts["values"] = self._values(tracked, end)
        return facts

    def _values(self, tracked: Tracked, end: RunEnd) -> tuple[DataRecord, ...]:
        opening = tracked.opening
        tree = parse(opening.python)
        bindings = bindings_of(tree) if tree is not None else {}
        known = {m.expression for m in (*end.facts.get("metrics", ()), *end.facts.get("timings", ()))}
        bound = [
            name
            for name in end.execution.bound
            if name not in known and not (name in bindings and bindings[name].kind in (Kind.CONSTANT, Kind.CLOCK))
        ]
        # What the text plainly changes is named even where no digest can tell whether it did.
        changed = {*end.execution.changed, *(changed_in_place(tree) if tree is not None else ())}
        touched = sorted(changed.intersection((*opening.names.loaded, *end.execution.reached)))
        before = self._containers | {record.name: record.digest for record in self._data}
        names = dict.fromkeys([*bound, *before, *touched])
        until = time.perf_counter() + max(_MORE_S, opening.elapsed_s) - self._spent_s
        records, late = digest_values(names, opening.namespace, until=until)
        if late:
            tracked.notes.append(f"not digested, to keep the cell quick: {', '.join(late)}")
        found = (r for r in records if r.name in bound or r.name not in before or r.digest != before[r.name])
        return (*found, *self._result(end, until=until))

    def _result(self, end: RunEnd, *, until: float) -> tuple[DataRecord, ...]:
        """Digest what the last expression gave, unless it is nothing, a metric, or nothing that has an identity."""
        if end.value is None or any(m.origin is MetricOrigin.RESULT for m in end.facts.get("metrics", ())):
            return ()
        records, _ = digest_values([RESULT], {RESULT: end.value}, until=until)
        return tuple(record for record in records if record.digest is not None)
