"""Whatever is changed in the ledger is found, and where."""

import hashlib
from datetime import UTC, datetime

import pytest

from holter.errors import BrokenLedger
from holter.store import Entry, SqlFacts
from holter.store.ledger import seal

NOW = datetime(2013, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def facts(tmp_path):
    facts = SqlFacts(f"sqlite:///{tmp_path / 'holter.db'}")
    for number in range(4):
        with facts.begin() as transaction:
            transaction.record(Entry("me", "did", f"thing {number}", "why", {"n": number}), NOW)
    return facts


def tamper(facts, *statements):
    with facts.begin() as transaction:
        for statement in statements:
            transaction.connection.exec_driver_sql(statement)


FIELDS = {
    "at": "'2013-04-01 12:00:00.000001'",
    "actor": "'you'",
    "action": "'undid'",
    "subject": "'thing 9'",
    "reason": "''",
    "facts": "'{\"n\":7}'",
    "previous": "''",
    "digest": "'00'",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_is_found(facts, field):
    tamper(facts, f'UPDATE ledger SET "{field}" = {FIELDS[field]} WHERE seq = 2')
    with pytest.raises(BrokenLedger, match="entry 2"):
        facts.verify_ledger()


@pytest.mark.parametrize("text", ["'{\"n\": 1}'", "'{'", "'[]'", '\'{"n":1,"n":1}\''])
def test_facts_that_only_look_the_same_are_found(facts, text):
    tamper(facts, f"UPDATE ledger SET facts = {text} WHERE seq = 2")
    with pytest.raises(BrokenLedger, match="entry 2"):
        facts.verify_ledger()


@pytest.mark.parametrize(("seq", "found"), [(1, 1), (2, 2), (4, 4)])
def test_a_deleted_entry_is_found_the_last_one_too(facts, seq, found):
    tamper(facts, f"DELETE FROM ledger WHERE seq = {seq}")
    with pytest.raises(BrokenLedger, match=f"entry {found}"):
        facts.verify_ledger()


def test_swapped_entries_are_found(facts):
    swap = [f"UPDATE ledger SET seq = {new} WHERE seq = {old}" for old, new in ((2, 9), (3, 2), (9, 3))]
    tamper(facts, *swap)
    with pytest.raises(BrokenLedger, match="entry 2: it does not follow"):
        facts.verify_ledger()


def test_an_entry_put_between_is_found(facts):
    tamper(
        facts,
        "UPDATE ledger SET seq = seq + 100 WHERE seq > 2",
        "INSERT INTO ledger SELECT 3, at, actor, action, subject, reason, facts, digest, 'x' FROM ledger WHERE seq = 2",
        "UPDATE ledger SET seq = seq - 99 WHERE seq > 100",
    )
    with pytest.raises(BrokenLedger, match="entry 3"):
        facts.verify_ledger()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM ledger", "DELETE FROM ledger_head", "UPDATE ledger_head SET seq = 9"]
)
def test_a_ledger_without_its_end_is_found(facts, statement):
    tamper(facts, statement)
    with pytest.raises(BrokenLedger, match="the end of the ledger"):
        facts.verify_ledger()


def test_the_digest_can_be_computed_by_anyone():
    entry = Entry("me", "did", "it", "ü", {"b": [1, None], "a": 0.5})
    text = (
        '{"action":"did","actor":"me","at":"2013-04-01T12:00:00.000000+00:00","facts":{"a":0.5,"b":[1,null]},'
        '"previous":"","reason":"ü","seq":1,"subject":"it"}'
    )
    assert seal(1, NOW, entry, "") == hashlib.sha256(text.encode()).hexdigest()
