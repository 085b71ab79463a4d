"""Bring a database to the shape of this version."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from holter.errors import NewerFormat
from holter.store.dialect import WRITES
from holter.store.tables import HEAD

SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate(engine: sa.Engine) -> None:
    """Run the migrations that are missing; safe while other processes open the same database.

    Raises
    ------
    NewerFormat
        If a newer Holter has been here: reading on would misread, writing would damage.
    """
    with engine.connect() as connection:
        if _found(connection) == HEAD:
            return
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        _lock(connection)
        found = _found(connection)
        if found > HEAD:
            raise NewerFormat("database", found, HEAD)
        if found < HEAD:
            _upgrade(connection)


def _found(connection: sa.Connection) -> int:
    if not sa.inspect(connection).has_table("alembic_version"):
        return 0
    number = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return int(number) if number else 0


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite: BEGIN IMMEDIATE has locked already
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(481516)"))


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
