"""Runs in one SQLite file.

Every write is a transaction begun IMMEDIATE, so that writers wait for one another instead of failing half way (deferred
ones cannot wait once they have read). WAL with synchronous=NORMAL: a killed process loses nothing; a power cut may lose
the last transactions, never the file.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mlexp.errors import InvalidRecordError, RunNotFoundError, StoreError
from mlexp.records import (
    Environment,
    Execution,
    Labels,
    Proof,
    RunId,
    RunRecord,
    RunStatus,
    SessionId,
    SessionRecord,
)
from mlexp.records.documents import from_document, to_document
from mlexp.storage.base import MetricPoints, RunStore, check_finish
from mlexp.storage.schema import check_version, migrate

_WAIT_S = 30.0
Record = TypeVar("Record")


class SqliteStore(RunStore):
    """A run store in the file `path`, made if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be opened: {error}") from error
        try:
            check_version(self._connection, where=path)  # before anything is written
            _write_ahead(self._connection)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, where=path)
            self._on_disk = path.exists()  # and not SQLite's ":memory:"
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(f"{path} cannot be used as a store: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def put_session(self, session: SessionRecord) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (session.id, _text(session)))

    def get_session(self, session_id: SessionId) -> SessionRecord:
        row = self._row("SELECT document FROM sessions WHERE id = ?", session_id)
        if row is None:
            raise RunNotFoundError(f"no session {session_id!r} in this store")
        return self._record(SessionRecord, row[0])

    def put_executions(self, executions: Sequence[Execution], *, wait_s: float | None = None) -> None:
        rows = [(execution.session_id, execution.index, _text(execution)) for execution in executions]
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

    def start_run(self, run: RunRecord, labels: Labels) -> RunRecord:
        with self._writing() as connection:
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

    def finish_run(self, run: RunRecord, points: Sequence[MetricPoints] = ()) -> None:
        with self._writing() as connection:
            check_finish(self.get_run(run.id), run)
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
        with self._writing() as connection:
            self.get_run(labels.run_id)
            _put_labels(connection, labels)

    def labels(self, run_id: RunId) -> Labels:
        row = self._row("SELECT document FROM labels WHERE run_id = ?", run_id)
        return Labels(run_id=run_id) if row is None else self._record(Labels, row[0])

    def put_environment(self, environment: Environment) -> None:
        with self._writing() as connection:
            self.get_run(environment.run_id)
            connection.execute(
                "INSERT OR REPLACE INTO environments VALUES (?, ?)", (environment.run_id, _text(environment))
            )

    def environment(self, run_id: RunId) -> Environment | None:
        row = self._row("SELECT document FROM environments WHERE run_id = ?", run_id)
        return None if row is None else self._record(Environment, row[0])

    def add_proof(self, proof: Proof) -> None:
        with self._writing() as connection:
            self.get_run(proof.run_id)
            connection.execute("INSERT INTO proofs (run_id, document) VALUES (?, ?)", (proof.run_id, _text(proof)))

    def proofs(self, run_id: RunId) -> tuple[Proof, ...]:
        rows = self._rows("SELECT document FROM proofs WHERE run_id = ? ORDER BY number DESC", run_id)
        return tuple(self._record(Proof, row[0]) for row in rows)

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
        with self._lock:
            connection = self._connection
            if (
                self._on_disk and not self.path.exists()
            ):  # SQLite would write on into a file that nobody can find any more
                raise StoreError(f"{self.path} was removed while it was in use; %reload_ext mlexp makes a new store")
            try:
                if wait_s is not None:
                    connection.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
                try:
                    connection.execute("BEGIN IMMEDIATE")
                finally:
                    if wait_s is not None:
                        connection.execute(f"PRAGMA busy_timeout = {int(_WAIT_S * 1000)}")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} cannot be written: {error}") from error

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _row(self, statement: str, *values: object) -> Any:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _record(self, cls: type[Record], document: str) -> Record:
        try:
            return from_document(cls, json.loads(document))
        except (TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"{self.path}: a kept {cls.__name__} is damaged: {error}") from error


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let the database keep a write-ahead log.

    Where another process is about to make the same new database, SQLite answers "locked" at once, without the patience
    that it has for writers; so the patience is ours.
    """
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _text(record: object) -> str:
    return json.dumps(to_document(record), ensure_ascii=True, separators=(",", ":"))


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
