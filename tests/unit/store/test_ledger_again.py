"""A long ledger is not read whole at every look: a change is found when its turn comes, and at once at the end."""

import sqlite3
from datetime import UTC, datetime

import pytest

from holter.errors import BrokenLedger
from holter.store import Entry, SqlFacts
from holter.store.sql_facts import RECHECKED

NOW = datetime(2026, 5, 4, tzinfo=UTC)
LENGTH = 2 * RECHECKED + 50


@pytest.fixture
def looked_at(tmp_path):
    """A ledger that was checked once, and a way to forge an entry of it."""
    facts = SqlFacts(f"sqlite:///{tmp_path / 'holter.db'}")
    with facts.begin() as transaction:
        for number in range(LENGTH):
            transaction.record(Entry("me", "did", "thing", str(number), {}), NOW)
    assert facts.verify_newest() == (LENGTH, 0)

    def forge(seq):
        with sqlite3.connect(tmp_path / "holter.db") as connection:
            for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                connection.execute(f"drop trigger {trigger}")
            connection.execute("update ledger set reason = 'forged' where seq = ?", [seq])
        connection.close()

    return facts, forge


@pytest.mark.parametrize("seq", [1, RECHECKED, RECHECKED + 1, LENGTH - 1, LENGTH])
def test_a_forged_entry_is_found_within_one_round(looked_at, seq):
    facts, forge = looked_at
    forge(seq)
    with pytest.raises(BrokenLedger) as broken:  # noqa: PT012  (at which look it is found is no promise)
        for _ in range(4):
            facts.verify_newest()
    assert f"entry {seq}" in str(broken.value)


def test_rounds_begin_again_and_a_whole_ledger_stays_whole(looked_at):
    facts, forge = looked_at
    for _ in range(7):
        assert facts.verify_newest() == (LENGTH, LENGTH)
    forge(3)
    with pytest.raises(BrokenLedger):
        facts.verify_ledger()


def test_the_entry_that_was_checked_last_may_not_go(looked_at, tmp_path):
    facts, forge = looked_at
    forge(1)
    with sqlite3.connect(tmp_path / "holter.db") as connection:
        connection.execute("delete from ledger where seq = ?", [LENGTH])
    connection.close()
    with pytest.raises(BrokenLedger, match="checked before"):
        facts.verify_newest()
