"""A project's runs: the composition root, and what the doors (magics, command line, Python) call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mlexp.capture.track import check_name
from mlexp.capture.workplace import Workplace
from mlexp.comparison import Compared, Goal, Side, compare, goal_of
from mlexp.comparison.sections import leaves_of
from mlexp.config import Settings, Variables, load_settings
from mlexp.errors import RunNotFoundError, UsageError
from mlexp.project.experiments import checked_alias
from mlexp.project.readers import Run, Runs, earlier_texts, inputs_of
from mlexp.project.recovery import recover
from mlexp.query import parse_query
from mlexp.records import Alias, Execution, InputFile, RunId, RunRecord, RunStatus
from mlexp.redaction import Redactor, redacted_record
from mlexp.snapshot import BlobStore
from mlexp.storage import RunStore, SqliteStore, store_folder
from mlexp.storage.place import fallback_folder, make_store_folder, project_root


class Project:
    """A store and what can be asked of it."""

    def __init__(self, folder: Path, settings: Settings, *, word: str = "", session_id: str | None = None) -> None:
        self.folder = folder
        self.settings = settings
        self.word = word
        """What there is to say of the store on first use."""
        self.root = project_root(folder)
        self.blobs = BlobStore(folder / "blobs")
        variables = Variables()
        self.redactor = Redactor(variables.read, changed=variables.changed)
        clean = partial(redacted_record, redactor=self.redactor)
        self.store: RunStore = SqliteStore(folder / "runs.db", clean=clean)
        self.session_id = session_id
        """The kernel's session, for `@last`; None outside a kernel."""
        self.experiment: str | None = None
        """The experiment at work, for `@best:` and aliases; None outside a kernel: that of the newest run."""
        self._known: dict[
            RunId, tuple[tuple[InputFile, ...], tuple[str, ...]]
        ] = {}  # of finished runs, which never change
        recover(self.store, folder)

    @classmethod
    def open(cls, start: Path | None = None, *, make: bool = True) -> Project:
        """Open the store that work in `start` (the working directory) belongs to.

        Raises:
            RunNotFoundError: There is none yet, and `make` is false.
            StoreError: It cannot be opened.
        """
        start = (start or Path.cwd()).absolute()
        settings = load_settings(start)
        folder = store_folder(start, settings)
        if not (folder / "runs.db").exists() and (fallback_folder(folder) / "runs.db").exists():
            folder = fallback_folder(folder)  # where a kernel kept its runs, since it could not write here
        if not make and not (folder / "runs.db").exists():
            raise RunNotFoundError(
                f"there is no store in {folder}: no run was tracked here yet. Put %%track above a cell."
            )
        folder, word = make_store_folder(folder)
        return cls(folder, settings, word=word)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def find(self, reference: str) -> Run:
        """Return the run that a reference stands for: r3, a name, the beginning of an id, @last, @best:METRIC, ….

        Raises:
            RunNotFoundError: There is none.
            UsageError: The reference cannot be read.
        """
        if reference.startswith("@"):
            return self.reader(self._at(reference))
        if match := re.fullmatch(r"r(\d+)", reference):
            for record in self.store.find_runs(number=int(match[1])):
                return self.reader(record)
        known = []
        for record in self.store.find_runs():
            name = self.store.labels(record.id).name
            if name and name == reference:
                return self.reader(record)
            known.append((record, name))
        by_id = [record for record, _ in known if len(reference) >= 4 and record.id.startswith(reference)]
        if len(by_id) == 1:
            return self.reader(by_id[0])
        names = [name for _, name in known if name]
        raise RunNotFoundError.among(reference, [*dict.fromkeys(names), *(record.reference for record, _ in known)])

    @property
    def workplace(self) -> Workplace:
        """The store as sessions write to it."""
        return Workplace(
            store=self.store,
            blobs=self.blobs,
            folder=self.folder,
            root=self.root,
            settings=self.settings,
            redactor=self.redactor,
        )

    def runs(self, query: str = "", *, experiment: str | None = None) -> Runs:
        """Return the runs that match, newest first: of one experiment, or of all.

        Raises:
            QueryError: There is a mistake in the query.
        """
        records = list(self.store.find_runs(experiment=experiment))
        readers = {record.id: self.reader(record) for record in records}
        if query:
            rows = [_row(reader) for reader in readers.values()]
            return Runs([readers[RunId(row["id"])] for row in parse_query(query).select(rows)], self)
        return Runs(list(readers.values()), self)

    def compare(self, references: Sequence[str | Run], *, baseline: str | Run | None = None) -> Compared:
        """Compare two runs or more; differences are taken against the first, or against `baseline`."""
        runs = [self._run(reference) for reference in references]
        base = 0
        if baseline is not None:
            chosen = self._run(baseline)
            ids = [run.record.id for run in runs]
            if chosen.record.id not in ids:
                runs.insert(0, chosen)
            else:
                base = ids.index(chosen.record.id)
        return compare([self.side_of(run.record) for run in runs], goals=self.store.goals(), baseline=base)

    def previous(self, run: RunRecord) -> RunRecord | None:
        """Return the run that differences are taken against: its experiment's `@baseline`, if there is one.

        Else the last finished one of its name, else of its experiment.
        """
        for alias in self.store.aliases(experiment=run.experiment):
            if alias.name == "baseline" and alias.run_id != run.id:
                return self.store.get_run(alias.run_id)
        name = self.store.labels(run.id).name
        last = None
        for other in self.store.find_runs(experiment=run.experiment, status=RunStatus.FINISHED):
            if other.number < run.number:
                if not name or self.store.labels(other.id).name == name:
                    return other
                last = last or other
        return last

    def side_of(self, run: RunRecord, *, executions: Sequence[Execution] | None = None) -> Side:
        """Return a run as a side of a comparison.

        Args:
            run: A run of this store.
            executions: Those of its session up to it, where they are at hand; else they are read.
        """
        known = self._known.get(run.id)
        if known is None:
            if executions is None:
                executions = self.store.executions(run.session_id, stop=run.execution + 1)
            known = inputs_of(executions), earlier_texts(executions, run)
            has_target = any(execution.index == run.execution for execution in executions)
            if run.status is not RunStatus.RUNNING and has_target:  # a block's run ends before its cell
                self._known[run.id] = known
        return Side(
            run=run,
            labels=self.store.labels(run.id),
            environment=self.store.environment(run.id),
            inputs=known[0],
            rests_on=known[1],
        )

    def verdict(self, run_id: RunId) -> str | None:
        """Return the newest proof's verdict, or None."""
        proofs = self.store.proofs(run_id)
        return str(proofs[0].verdict) if proofs else None

    def _run(self, reference: str | Run) -> Run:
        return reference if isinstance(reference, Run) else self.find(reference)

    def _experiment_at_work(self, records: Sequence[RunRecord]) -> str | None:
        """Return the kernel's experiment; where it has no runs, that of the newest run, of this session if any."""
        if any(record.experiment == self.experiment for record in records):
            return self.experiment
        mine = (record for record in records if self.session_id in (None, record.session_id))
        return next((record.experiment for record in [*mine, *records]), None)

    def _alias(self, name: str) -> Alias | None:
        """Return what an alias stands for: in the experiment at work, else in the only one that has it."""
        found = {alias.experiment: alias for alias in self.store.aliases() if alias.name == name}
        if len(found) > 1:
            experiment = self._experiment_at_work(list(self.store.find_runs()))
            if experiment not in found:
                places = ", ".join(f"{other} (r{self.store.get_run(a.run_id).number})" for other, a in found.items())
                raise UsageError(f"@{name} stands for a run in several experiments: {places}. Say which by its number.")
            return found[experiment]
        return next(iter(found.values()), None)

    def set_alias(self, name: str, run: RunRecord) -> None:
        """Let `@name` stand for a run within its experiment.

        Raises:
            UsageError: The name is no word, or stands for something else.
        """
        self.store.put_alias(Alias(experiment=run.experiment, name=checked_alias(name), run_id=run.id))

    def tag(self, run: RunRecord, tags: Sequence[str], *, remove: bool = False) -> None:
        """Give a run tags, or take them away."""
        labels = self.store.labels(run.id)
        kept = [t for t in labels.tags if t not in tags] if remove else dict.fromkeys([*labels.tags, *tags])
        self.store.put_labels(replace(labels, tags=tuple(kept)))

    def rename(self, run: RunRecord, name: str) -> None:
        """Call a run otherwise.

        Raises:
            UsageError: The name reads like a reference.
        """
        check_name(name)
        self.store.put_labels(replace(self.store.labels(run.id), name=name))

    def reader(self, record: RunRecord) -> Run:
        """Return the reader of a run."""
        return Run(record, self)

    def _at(self, reference: str) -> RunRecord:
        what, _, metric = reference[1:].partition(":")
        if not metric and (alias := self._alias(what)) is not None:
            return self.store.get_run(alias.run_id)
        records = list(self.store.find_runs())
        if what == "last" and not metric:
            mine = [record for record in records if self.session_id in (None, record.session_id)]
            if mine:
                return mine[0]
            raise RunNotFoundError("@last: no run yet. Put %%track on the first line of a cell and run it.")
        if what not in ("best", "min", "max") or not metric:
            known = "".join(f", @{name}" for name in dict.fromkeys(alias.name for alias in self.store.aliases()))
            raise UsageError(f"{reference!r}: there are @last, @best:METRIC, @min:METRIC and @max:METRIC{known}")
        experiment = self._experiment_at_work(records)
        values = {
            record.id: value
            for record in records
            if record.experiment == experiment and record.status is RunStatus.FINISHED
            for value in (m.value for m in record.metrics if m.name == metric)
            if value == value
        }
        if not values:
            names = sorted({m.name for record in records for m in record.metrics})
            raise RunNotFoundError(
                f"{reference}: no finished run has a metric {metric!r}; there are {', '.join(names)}"
            )
        goal = Goal(what) if what in ("min", "max") else goal_of(metric, self.store.goals())
        if goal is None:
            raise UsageError(f"{reference}: is {metric} better large or small? Say @max:{metric} or @min:{metric}.")
        sign = 1 if goal is Goal.MAX else -1
        return max((r for r in records if r.id in values), key=lambda r: (sign * values[r.id], r.number))


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "number": run.record.number,
        "status": str(run.status),
        "clean": run.is_clean,
        "experiment": run.experiment,
        "tags": run.labels.tags,
        "elapsed_s": run.elapsed_s,
        "params": run.params | {leaf: v for name, value in run.params.items() for leaf, v in leaves_of(name, value)},
        "metrics": run.metrics,
    }
