"""The database's tables, built by numbered migrations. A database carries the number of the last one it had.

Each migration is one transaction: it happens wholly or not at all. A migration once released is never edited; a change
is a new one, and a database of every released schema is kept in `tests/compat/`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from mlexp.errors import StoreNewerError


def check_version(connection: sqlite3.Connection, *, where: object) -> None:
    """Raise StoreNewerError if the database was written by a newer mlexp; nothing is changed."""
    found = _version(connection)
    if found > len(MIGRATIONS):
        raise StoreNewerError(
            f"{where} was written by a newer mlexp (schema {found}; this one knows {len(MIGRATIONS)}). "
            "Nothing was changed. Update mlexp, or point MLEXP_STORE at another folder."
        )


def migrate(connection: sqlite3.Connection, *, where: object) -> None:
    """Bring a database to the newest schema.

    Raises:
        StoreNewerError: It was written by a newer mlexp; nothing was changed.
    """
    check_version(connection, where=where)
    found = _version(connection)
    while found < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(connection)  # another process may have come first
            if found < len(MIGRATIONS):
                MIGRATIONS[found](connection)
                found += 1
                connection.execute(f"PRAGMA user_version = {found}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _first(connection: sqlite3.Connection) -> None:
    """One table a noun. `document` is the whole record as JSON; other columns are for finding."""
    for statement in (
        "CREATE TABLE sessions (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE executions (
            session_id TEXT NOT NULL REFERENCES sessions (id), position INTEGER NOT NULL, document TEXT NOT NULL,
            PRIMARY KEY (session_id, position)) WITHOUT ROWID""",
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, experiment TEXT NOT NULL, status TEXT NOT NULL,
            started TEXT NOT NULL, document TEXT NOT NULL)""",
        "CREATE INDEX runs_experiment ON runs (experiment, number)",
        "CREATE INDEX runs_status ON runs (status)",
        """CREATE TABLE run_numbers (
            run_number INTEGER NOT NULL REFERENCES runs (number), what TEXT NOT NULL, name TEXT NOT NULL, value REAL,
            PRIMARY KEY (run_number, what, name)) WITHOUT ROWID""",
        "CREATE INDEX run_numbers_value ON run_numbers (what, name, value)",
        """CREATE TABLE points (
            run_id TEXT NOT NULL REFERENCES runs (id), position INTEGER NOT NULL, name TEXT NOT NULL,
            n_points INTEGER NOT NULL, steps BLOB NOT NULL, times BLOB NOT NULL, metric_values BLOB NOT NULL,
            PRIMARY KEY (run_id, position))""",
        """CREATE TABLE labels (
            run_id TEXT PRIMARY KEY REFERENCES runs (id), name TEXT NOT NULL, document TEXT NOT NULL)""",
        "CREATE INDEX labels_name ON labels (name)",
        "CREATE TABLE environments (run_id TEXT PRIMARY KEY REFERENCES runs (id), document TEXT NOT NULL)",
        """CREATE TABLE proofs (
            number INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id), document TEXT NOT NULL)""",
        "CREATE INDEX proofs_run ON proofs (run_id, number)",
        "CREATE TABLE goals (metric TEXT PRIMARY KEY, goal TEXT NOT NULL)",
    ):
        connection.execute(statement)


def _aliases(connection: sqlite3.Connection) -> None:
    """Words that stand for runs within their experiments."""
    connection.execute(
        """CREATE TABLE aliases (
            experiment TEXT NOT NULL, name TEXT NOT NULL, run_id TEXT NOT NULL REFERENCES runs (id),
            PRIMARY KEY (experiment, name)) WITHOUT ROWID"""
    )


def _late_outputs(connection: sqlite3.Connection) -> None:
    """Text that came after a run had ended, in the order in which it came."""
    connection.execute(
        """CREATE TABLE late_outputs (
            number INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id), document TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX late_outputs_run ON late_outputs (run_id, number)")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _late_outputs, _aliases)
