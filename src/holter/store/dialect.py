"""What differs between databases; nothing outside this file asks which one it is."""

import time
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

WRITES: Final = "holter_writes"
"""Execution option of a connection that is going to write."""
FLEETING: Final = "holter_fleeting"
"""Execution option of a connection whose commits need not survive a power cut: leases, which run out anyway."""

_BUSY_MS: Final = 30_000
_ATTEMPTS: Final = 200


def open_engine(url: str) -> sa.Engine:
    """Connect to a database.

    SQLite gets a write-ahead log (readers never wait), foreign keys, and ``synchronous=FULL``: in this mode ``NORMAL``
    may lose the last commits when the power fails, and the ledger promises to keep them. A fsync a commit is cheap
    at a few commits a second. Leases are taken and given back more often, and nobody misses one after a power cut.
    """
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        with engine.connect() as connection:
            _journal_in_wal(connection)
    return engine


def _prepare(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # the driver would begin late and commit early
    cursor = raw.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later cannot wait for another writer: SQLite fails it at once.
    options = connection.get_execution_options()
    writes = options.get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get(FLEETING, False) else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _journal_in_wal(connection: sa.Connection) -> None:
    # The switch needs the file alone and does not wait for it, unlike everything else.
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101
    for attempt in range(_ATTEMPTS):
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            if "locked" not in str(error) or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.02)
        else:
            return


def insert_once(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; tell whether it was new."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(make(table).values(**values).on_conflict_do_nothing()).rowcount == 1
