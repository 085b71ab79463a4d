"""The database a new user gets is the one the tables describe, and an older or newer one is not damaged."""

import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from holter.errors import NewerFormat
from holter.store import SqlFacts
from holter.store.migrate import SCRIPTS
from holter.store.tables import HEAD, METADATA


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'holter.db'}"


def test_migrating_gives_exactly_the_tables(url):
    with SqlFacts(url).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        layout = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'measurement'")).scalar()
    assert "WITHOUT ROWID" in layout


def test_the_newest_migration_is_the_one_that_opening_expects():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == f"{HEAD:04d}"


def test_a_database_of_a_newer_holter_is_refused_and_left_alone(url):
    facts = SqlFacts(url)
    with facts.begin() as transaction:
        transaction.connection.execute(sa.text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(NewerFormat, match="database has format 99"):
        SqlFacts(url)


def test_a_migration_that_was_cut_off_is_done_again(url):
    facts = SqlFacts(url)
    with facts.begin() as transaction:
        METADATA.drop_all(transaction.connection)
        transaction.connection.execute(sa.text("DELETE FROM alembic_version"))
    assert SqlFacts(url).verify_ledger() == 0


def test_many_processes_may_open_a_new_workspace_at_once(url):
    program = f"from holter.store import SqlFacts; print(SqlFacts({url!r}).verify_ledger())"
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=120)[0] for process in processes] == ["0\n"] * 4


def test_opening_an_up_to_date_database_loads_no_alembic(url):
    SqlFacts(url).close()
    program = f"import sys; from holter.store import SqlFacts; SqlFacts({url!r}); print('alembic' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )


def test_commits_are_durable_and_readers_do_not_wait(url):
    facts = SqlFacts(url)
    with facts.engine.connect() as connection:
        pragmas = {
            name: connection.execute(sa.text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with facts.begin():
        assert facts.alerts() == []
    facts.close()
    assert facts.jobs() == []


def test_a_workspace_from_before_normal_behaviour_was_learned_keeps_all_it_had(url):
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = sa.create_engine(url)
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(
            sa.text("INSERT INTO monitor (name, entry, paused, created_at) VALUES ('daily', '{}', 0, '2026-01-01')")
        )
    engine.dispose()
    facts = SqlFacts(url)
    assert facts.null("daily") is None
    with facts.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM monitor")).scalars().all() == ["daily"]
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == f"{HEAD:04d}"
