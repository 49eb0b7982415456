"""What the SQLite store does when its file or its disk does not do what it should."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mlexp.errors import StoreError, StoreNewerError
from mlexp.records import RunId, RunStatus, SessionId
from mlexp.storage import SqliteStore, schema
from mlexp.testing import samples
from tests.faults import files_end_at


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.db"


@pytest.fixture
def store(path):
    store = SqliteStore(path)
    yield store
    store.close()


def behind_the_back(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [connection.execute(statement).fetchall() for statement in statements]
    finally:
        connection.close()


def dump(path):
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


# A full disk and other writers


def test_a_full_disk_is_a_store_error_and_leaves_nothing_half_done(store, path):
    store.put_session(samples.session())
    run = store.start_run(samples.run(), samples.labels(name="base"))
    end = replace(run, status=RunStatus.FINISHED, elapsed_s=1.0)
    points = samples.points("loss", [float(n) for n in range(100_000)])
    size = max(file.stat().st_size for file in path.parent.iterdir())
    with files_end_at(size + 4096), pytest.raises(StoreError, match="cannot be written"):
        store.finish_run(end, [points])
    assert store.get_run(run.id) == run
    assert store.points(run.id) == ()
    store.finish_run(end, [points])
    assert store.points(run.id) == (points,)


def test_what_fails_half_way_is_undone(store):
    store.put_session(samples.session())
    run = store.start_run(samples.run(), samples.labels())
    end = replace(run, status=RunStatus.FINISHED, elapsed_s=1.0)
    with pytest.raises(OverflowError):  # found when the run's row is written already
        store.finish_run(end, [samples.points("loss", [1.0], steps=(2**70,))])
    assert store.get_run(run.id) == run
    store.finish_run(end)


def test_another_writer_is_waited_for_no_longer_than_told(store, path):
    store.put_session(samples.session())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        begun = time.monotonic()
        with pytest.raises(StoreError, match="locked"):
            store.put_executions([samples.execution(0)], wait_s=0.02)
        assert time.monotonic() - begun < 10  # it usually waits for 30
        assert store.executions(SessionId("session")) == ()
    finally:
        other.execute("ROLLBACK")
        other.close()
    store.put_executions([samples.execution(0)], wait_s=0.02)
    assert store.executions(SessionId("session")) == (samples.execution(0),)


def test_a_closed_store_says_so(path):
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.get_run(RunId("run"))
    with pytest.raises(StoreError, match="closed"):
        store.put_goal("auc", "max")


# Damage


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "{}", '{"id": 1}', '{"status": "sleeping"}'], ids=lambda document: document or "empty"
)
def test_a_damaged_record_is_a_store_error(store, path, document):
    store.put_session(samples.session())
    store.start_run(samples.run(), samples.labels())
    behind_the_back(path, f"UPDATE runs SET document = '{document}'")
    with pytest.raises(StoreError, match="RunRecord is damaged"):
        store.get_run(RunId("run"))
    with pytest.raises(StoreError, match="RunRecord is damaged"):
        list(store.find_runs())


@pytest.mark.parametrize("content", [b"no database, only a text that is long enough " * 40, b"SQLite format 3\0" * 99])
def test_a_file_that_is_no_database_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be"):
        SqliteStore(path)
    assert path.read_bytes() == content


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path)


def test_infinities_are_indexed_with_their_sign(store, path):
    store.put_session(samples.session())
    run = store.start_run(samples.run(), samples.labels())
    found = {"down": -float("inf"), "huge": -(2**2000), "nan": float("nan"), "up": float("inf")}
    store.finish_run(replace(run, status=RunStatus.FINISHED, elapsed_s=1.0, metrics=samples.metrics(found)))
    (rows,) = behind_the_back(path, "SELECT name, value FROM run_numbers ORDER BY name")
    assert rows == [("down", -float("inf")), ("huge", -float("inf")), ("nan", None), ("up", float("inf"))]


# Schemas


def test_opening_again_changes_nothing(path):
    SqliteStore(path).close()
    before = dump(path)
    SqliteStore(path).close()
    assert dump(path) == before
    assert behind_the_back(path, "PRAGMA user_version") == [[(len(schema.MIGRATIONS),)]]


def test_migrating_again_changes_nothing(path):
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, where=path)
    before = list(connection.iterdump()), connection.total_changes
    schema.migrate(connection, where=path)
    assert (list(connection.iterdump()), connection.total_changes) == before
    connection.close()


def test_a_newer_schema_is_refused_and_nothing_is_changed(path):
    newer = len(schema.MIGRATIONS) + 1
    behind_the_back(path, "CREATE TABLE runs (what TEXT)", f"PRAGMA user_version = {newer}")
    before = path.read_bytes()
    with pytest.raises(StoreNewerError, match=rf"newer mlexp \(schema {newer}; this one knows .*Update mlexp"):
        SqliteStore(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_migration_that_fails_leaves_the_database_as_it_was(path, monkeypatch):
    SqliteStore(path).close()
    before = dump(path)

    def half_way(connection):
        connection.execute("CREATE TABLE later (id TEXT)")
        connection.execute("DROP TABLE goals")
        connection.execute("CREATE TABLE runs (id TEXT)")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, half_way))
    with pytest.raises(StoreError, match="already exists"):
        SqliteStore(path)
    assert dump(path) == before


KILLED_HALF_WAY = """
import os, signal, sys
from pathlib import Path
from mlexp.storage import SqliteStore, schema

def half_way(connection):
    connection.execute("CREATE TABLE later (id TEXT)")
    connection.execute("DROP TABLE goals")
    connection.executemany("INSERT INTO later VALUES (?)", [("x" * 1000,)] * 10_000)
    os.kill(os.getpid(), signal.SIGKILL)

schema.MIGRATIONS += (half_way,)
SqliteStore(Path(sys.argv[1]))
"""


def test_a_migration_that_is_killed_leaves_the_database_as_it_was(path):
    store = SqliteStore(path)
    store.put_session(samples.session())
    store.close()
    before = dump(path)
    child = subprocess.run(
        [sys.executable, "-c", KILLED_HALF_WAY, str(path)], check=False, cwd=Path(__file__).parents[2]
    )
    assert child.returncode == -9
    store = SqliteStore(path)
    assert store.get_session(SessionId("session")) == samples.session()
    store.close()
    assert dump(path) == before


def test_the_database_is_one_file_after_closing(path):
    SqliteStore(path).close()
    assert os.listdir(path.parent) == ["runs.db"]


def test_a_new_database_that_another_process_is_making_is_waited_for(tmp_path):
    """SQLite itself does not wait before it turns a database to write-ahead logging."""
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE other (a)")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    SqliteStore(tmp_path / "runs.db").close()
    release.join()
    other.close()


def test_a_store_that_was_removed_under_it_is_said(tmp_path):
    """SQLite itself would write on, into a file that nobody can find any more."""
    store = SqliteStore(tmp_path / "runs.db")
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(StoreError, match=r"was removed while it was in use; %reload_ext mlexp"):
        store.put_session(samples.session())
    store.close()
