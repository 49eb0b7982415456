"""Runs in one SQLite file.

Every write is a transaction begun IMMEDIATE, so that writers wait for one another instead of failing half way (deferred
ones cannot wait once they have read). WAL, where the file system can, with synchronous=NORMAL: a killed process loses
nothing; a power cut may lose the last transactions, never the file.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from json import dumps, loads  # by name: the user may put others in their place
from pathlib import Path
from typing import Any, TypeVar

from mlexp.errors import InvalidRecordError, RunNotFoundError, StoreError
from mlexp.records import (
    Alias,
    Environment,
    Execution,
    Labels,
    LateOutput,
    Proof,
    RunId,
    RunRecord,
    RunStatus,
    SessionId,
    SessionRecord,
)
from mlexp.records.documents import from_document, to_document
from mlexp.storage.base import MetricPoints, RunStore, check_finish
from mlexp.storage.medium import shared_kind
from mlexp.storage.schema import check_version, migrate

_WAIT_S = 30.0
_SLICE_MS = 50
"""SQLite waits in C, where no interrupt reaches it: so it waits in slices, and Python between them."""
Record = TypeVar("Record")


class SqliteStore(RunStore):
    """A run store in the file `path`, made if it is not there."""

    def __init__(self, path: Path, *, clean: Callable[[Any], Any] = lambda record: record) -> None:
        """Open it.

        Args:
            path: The file.
            clean: Takes out of a record what may not be written; every record goes through it.
        """
        self.path = path
        self._clean = clean
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be opened: {error}") from error
        try:
            check_version(self._connection, where=path)  # before anything is written
            _choose_journal(self._connection, "DELETE" if shared_kind(path.parent) else "WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, where=path)
            self._connection.execute(f"PRAGMA busy_timeout = {_SLICE_MS}")
            self._on_disk = path.exists()  # and not SQLite's ":memory:"
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(f"{path} cannot be used as a store: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def put_session(self, session: SessionRecord) -> None:
        session = self._clean(session)
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (session.id, _text(session)))

    def get_session(self, session_id: SessionId) -> SessionRecord:
        row = self._row("SELECT document FROM sessions WHERE id = ?", session_id)
        if row is None:
            raise RunNotFoundError(f"no session {session_id!r} in this store")
        return self._record(SessionRecord, row[0])

    def put_executions(self, executions: Sequence[Execution], *, wait_s: float | None = None) -> None:
        rows = [(e.session_id, e.index, _text(self._clean(e))) for e in executions]
        with self._writing(wait_s=wait_s) as connection:
            for session_id in {row[0] for row in rows}:
                self.get_session(session_id)
            connection.executemany("INSERT OR REPLACE INTO executions VALUES (?, ?, ?)", rows)

    def executions(self, session_id: SessionId, *, stop: int | None = None) -> tuple[Execution, ...]:
        rows = self._rows(
            "SELECT document FROM executions WHERE session_id = ? AND position < ? ORDER BY position",
            session_id,
            2**62 if stop is None else stop,
        )
        return tuple(self._record(Execution, row[0]) for row in rows)

    def start_run(self, run: RunRecord, labels: Labels, *, wait_s: float | None = None) -> RunRecord:
        run, labels = self._clean(run), self._clean(labels)
        with self._writing(wait_s=wait_s) as connection:
            self.get_session(run.session_id)
            kept = self._row("SELECT number FROM runs WHERE id = ?", run.id)
            if kept is not None:
                raise InvalidRecordError(f"run {run.id} is kept already, as r{kept[0]}")
            number = 1 + connection.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
            numbered = replace(run, number=number)
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)",
                (number, run.id, _column(run.experiment), run.status, run.started.isoformat(), _text(numbered)),
            )
            _put_labels(connection, labels)
        return numbered

    def finish_run(self, run: RunRecord, points: Sequence[MetricPoints] = (), *, wait_s: float | None = None) -> None:
        run, points = self._clean(run), [self._clean(metric) for metric in points]
        with self._writing(wait_s=wait_s) as connection:
            kept = self.get_run(run.id)
            check_finish(kept, run)
            run = replace(run, experiment=kept.experiment)
            connection.execute(
                "UPDATE runs SET status = ?, document = ? WHERE id = ?", (run.status, _text(run), run.id)
            )
            connection.executemany("INSERT OR REPLACE INTO run_numbers VALUES (?, ?, ?, ?)", _numbers(run))
            connection.executemany(
                "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_points_row(run.id, position, metric) for position, metric in enumerate(points)],
            )

    def get_run(self, run_id: RunId) -> RunRecord:
        row = self._row("SELECT document FROM runs WHERE id = ?", run_id)
        if row is None:
            raise RunNotFoundError.among(run_id, [row[0] for row in self._rows("SELECT id FROM runs")])
        return self._record(RunRecord, row[0])

    def find_runs(
        self, *, experiment: str | None = None, number: int | None = None, status: RunStatus | None = None
    ) -> Iterator[RunRecord]:
        if number is not None and number >= 2**63:
            return  # more than SQLite can count
        wanted = {"experiment": experiment and _column(experiment), "number": number, "status": status}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join([*(f"{name} = ?" for name in given), "number < ?"])
        last, page = 2**62, 16  # pages that grow: who wants the newest few does not read all
        while page:
            rows = self._rows(
                f"SELECT number, document FROM runs WHERE {where} ORDER BY number DESC LIMIT ?",
                *(*given.values(), last, page),
            )
            for last, document in rows:  # noqa: B007  (where the next page begins)
                yield self._record(RunRecord, document)
            page = min(4 * page, 4096) if len(rows) == page else 0

    def points(self, run_id: RunId) -> tuple[MetricPoints, ...]:
        rows = self._rows(
            "SELECT name, steps, times, metric_values FROM points WHERE run_id = ? ORDER BY position", run_id
        )
        return tuple(
            MetricPoints(
                name=name,
                steps=tuple(_unpacked("q", steps)),
                times=tuple(_unpacked("d", times)),
                values=tuple(_unpacked("d", values)),
            )
            for name, steps, times, values in rows
        )

    def put_labels(self, labels: Labels) -> None:
        labels = self._clean(labels)
        with self._writing() as connection:
            self.get_run(labels.run_id)
            _put_labels(connection, labels)

    def labels(self, run_id: RunId) -> Labels:
        row = self._row("SELECT document FROM labels WHERE run_id = ?", run_id)
        return Labels(run_id=run_id) if row is None else self._record(Labels, row[0])

    def put_environment(self, environment: Environment) -> None:
        environment = self._clean(environment)
        with self._writing() as connection:
            self.get_run(environment.run_id)
            connection.execute(
                "INSERT OR REPLACE INTO environments VALUES (?, ?)", (environment.run_id, _text(environment))
            )

    def environment(self, run_id: RunId) -> Environment | None:
        row = self._row("SELECT document FROM environments WHERE run_id = ?", run_id)
        return None if row is None else self._record(Environment, row[0])

    def add_late_output(self, late: LateOutput) -> None:
        with self._writing() as connection:
            self.get_run(late.run_id)
            row = late.run_id, _text(late)
            connection.execute("INSERT INTO late_outputs (run_id, document) VALUES (?, ?)", row)

    def late_outputs(self, run_id: RunId) -> tuple[LateOutput, ...]:
        rows = self._rows("SELECT document FROM late_outputs WHERE run_id = ? ORDER BY number", run_id)
        return tuple(self._record(LateOutput, row[0]) for row in rows)

    def add_proof(self, proof: Proof) -> None:
        proof = self._clean(proof)
        with self._writing() as connection:
            self.get_run(proof.run_id)
            connection.execute("INSERT INTO proofs (run_id, document) VALUES (?, ?)", (proof.run_id, _text(proof)))

    def proofs(self, run_id: RunId) -> tuple[Proof, ...]:
        rows = self._rows("SELECT document FROM proofs WHERE run_id = ? ORDER BY number DESC", run_id)
        return tuple(self._record(Proof, row[0]) for row in rows)

    def experiments(self) -> dict[str, int]:
        return dict(self._rows("SELECT experiment, count(*) FROM runs GROUP BY experiment ORDER BY max(number) DESC"))

    def move_experiment(self, old: str, new: str) -> int:
        with self._writing() as connection:
            moved = [replace(run, experiment=new) for run in self.find_runs(experiment=old)]
            connection.executemany(
                "UPDATE runs SET experiment = ?, document = ? WHERE id = ?",
                [(_column(new), _text(run), run.id) for run in moved],
            )
            if old != new:
                connection.execute(
                    "UPDATE OR IGNORE aliases SET experiment = ? WHERE experiment = ?", (_column(new), _column(old))
                )
                connection.execute("DELETE FROM aliases WHERE experiment = ?", (_column(old),))
        return len(moved)

    def put_alias(self, alias: Alias) -> None:
        alias = self._clean(alias)
        with self._writing() as connection:
            self.get_run(alias.run_id)
            row = (_column(alias.experiment), _column(alias.name), alias.run_id)
            connection.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)", row)

    def aliases(self, *, experiment: str | None = None) -> tuple[Alias, ...]:
        where, given = ("WHERE experiment = ?", (_column(experiment),)) if experiment is not None else ("", ())
        rows = self._rows(f"SELECT experiment, name, run_id FROM aliases {where} ORDER BY experiment, name", *given)
        return tuple(Alias(experiment=row[0], name=row[1], run_id=RunId(row[2])) for row in rows)

    def put_goal(self, metric: str, goal: str) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO goals VALUES (?, ?)", (_column(metric), goal))

    def goals(self) -> dict[str, str]:
        return dict(self._rows("SELECT metric, goal FROM goals"))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self, *, wait_s: float | None = None) -> Iterator[sqlite3.Connection]:
        until = time.monotonic() + (_WAIT_S if wait_s is None else wait_s)
        with self._held(until):
            connection = self._connection
            if (
                self._on_disk and not self.path.exists()
            ):  # SQLite would write on into a file that nobody can find any more
                raise StoreError(f"{self.path} was removed while it was in use; %reload_ext mlexp makes a new store")
            try:
                self._patiently("BEGIN IMMEDIATE", (), until)
                try:
                    yield connection
                    self._patiently("COMMIT", (), until)
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} cannot be written: {error}") from error

    @contextmanager
    def _held(self, until: float) -> Iterator[None]:
        """Have the connection for this thread alone; another one may be waiting with it in hand."""
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise StoreError(f"{self.path} cannot be used: another thread is waiting for it")
        try:
            yield
        finally:
            self._lock.release()

    def _patiently(self, statement: str, values: Sequence[object], until: float) -> sqlite3.Cursor:
        """Execute a statement; where another process is in the way, again until it is not."""
        while True:
            try:
                return self._connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise

    def _rows(self, statement: str, *values: object) -> list[Any]:
        until = time.monotonic() + _WAIT_S
        with self._held(until):
            try:
                return self._patiently(statement, values, until).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _row(self, statement: str, *values: object) -> Any:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _record(self, cls: type[Record], document: str) -> Record:
        try:
            return from_document(cls, loads(document))
        except (TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"{self.path}: a kept {cls.__name__} is damaged: {error}") from error


def _choose_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Let the database keep a write-ahead log, or a rollback journal where machines share the file system.

    Where another process is about to make the same new database, SQLite answers "locked" at once, without the patience
    that it has for writers; so the patience is ours.
    """
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _text(record: object) -> str:
    return dumps(to_document(record), ensure_ascii=True, separators=(",", ":"))


def _column(text: str) -> str:
    """Return a text that SQLite takes: half a surrogate pair (it comes from file names) is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _put_labels(connection: sqlite3.Connection, labels: Labels) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", (labels.run_id, _column(labels.name), _text(labels))
    )


def _numbers(run: RunRecord) -> Iterator[tuple[int, str, str, float | None]]:
    """Yield the numbers by which a run can be found; SQLite has no NaN, and keeps NULL for it."""
    params = [(p.name, p.value) for p in run.params]
    for what, named in ("metric", [(m.name, m.value) for m in run.metrics]), ("param", params):
        for name, value in named:
            if isinstance(value, (int, float)):
                yield run.number, what, _column(name), _real(value)


def _real(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:  # of a large int
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


def _points_row(run_id: RunId, position: int, metric: MetricPoints) -> tuple[object, ...]:
    columns = _packed("q", metric.steps), _packed("d", metric.times), _packed("d", metric.values)
    return run_id, position, _column(metric.name), len(metric.steps), *columns


def _packed(kind: str, values: Sequence[float]) -> bytes:
    return array(kind, values).tobytes()


def _unpacked(kind: str, data: bytes) -> array[Any]:
    values = array(kind)
    values.frombytes(data)
    return values
