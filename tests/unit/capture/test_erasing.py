"""A person who asks to be forgotten is, wherever the workspace has kept them."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.capture.compactor import Compactor
from holter.capture.erasing import erase
from holter.capture.journal import Journal
from holter.capture.labels import log_labels
from holter.capture.places import journal_folder
from holter.capture.redaction import Redactor, ensure_key
from holter.capture.segments import read, segments
from holter.capture.slot import CRASHED, kept_in
from holter.errors import NotFound, UnknownColumn
from holter.types import Feature, Kind, Schema, Span, Task

SCHEMA = Schema(
    (Feature("customer", Kind.CATEGORICAL, "string"), Feature("account", Kind.NUMERIC, "int64")), Task.BINARY
)
ANNA = "anna o'hara"


@pytest.fixture
def shelves(make):
    return make(SCHEMA)


@pytest.fixture
def journal(shelves):
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        yield journal


@pytest.fixture
def rows(shelves, now):
    def rows():
        span = Span(now.replace(year=2000), now.replace(year=2100))
        return shelves.records("credit").read(span)

    return rows


def everything(root):
    """Return all bytes of the workspace but those of the database."""
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file() and "holter.db" not in path.name)


def asked(frame, number, *who, **changes):
    return frame(number, [[name, 2**60 + number] for name in who], [0.5] * len(who), **changes)


def test_a_person_is_erased_from_journal_table_labels_and_samples(shelves, journal, rows, frame, now):
    journal.append(asked(frame, 1, ANNA))
    journal.append(asked(frame, 2, "bert", ANNA))
    journal.append(asked(frame, 3, "bert"))
    journal.begin(asked(frame, 4, ANNA, status=CRASHED))
    Compactor(shelves).once(now, flush=True)
    labels = pa.table({"request_id": ["r1", "r2", "r2", "r3"], "row": [0, 0, 1, 0], "label": [1, 1, 0, 0]})
    log_labels(shelves, "credit", labels, row="row", received_at=now)
    sample = shelves.folder("baselines/risk") / "1.parquet"
    pq.write_table(pa.table({"customer": [ANNA, "bert"]}), sample)
    journal.append(asked(frame, 5, ANNA))  # not compacted yet
    assert ANNA.encode() in everything(shelves.root)

    done = erase(shelves, "credit", "customer", ANNA, actor="test", now=now)
    assert (done.records, done.labels, done.samples) == (3, 2, 1)
    assert done.requests == 3
    assert str(done).startswith("3 records, 2 labels, 3 requests in journals and 1 rows")
    assert [(row["_request_id"], row["_row"], row["_label"]) for row in rows().to_pylist()] == [
        ("r2", 0, 1.0),
        ("r3", 0, 0.0),
    ]
    assert ANNA.encode() not in everything(shelves.root / "records")
    assert pq.read_table(sample)["customer"].to_pylist() == ["bert"]
    journal.append(asked(frame, 6, "carl"))  # the worker goes on in the same segment
    assert Compactor(shelves).once(now, flush=True).rows == 1
    assert [found.request_id for path in segments(journal.folder) for found, _ in read(path)][-1] == "r6"


def test_what_was_asked_at_the_moment_is_taken_out_of_the_slot(shelves, journal, frame, now):
    journal.append(asked(frame, 1, ANNA))
    journal.begin(asked(frame, 1, ANNA, status=CRASHED))
    erase(shelves, "credit", "customer", ANNA, actor="test", now=now)
    assert ANNA.encode() not in everything(shelves.root)


@pytest.mark.parametrize("answered", [True, False])
def test_what_a_longer_request_has_left_in_the_slot_goes_too(shelves, journal, frame, now, answered):
    journal.append(asked(frame, 1, "x" * 500 + ANNA))
    journal.begin(asked(frame, 1, "x" * 500 + ANNA, status=CRASHED))
    last = asked(frame, 2, "bert", status=CRASHED)
    journal.begin(last)
    if answered:
        journal.release()
    assert erase(shelves, "credit", "customer", "x" * 500 + ANNA, actor="test", now=now).requests == 1
    assert ANNA.encode() not in everything(shelves.root)
    (slot,) = journal.folder.glob("*.slot")
    assert kept_in(slot)[0] == (None if answered else last)


def test_the_ledger_says_that_somebody_was_erased_and_not_who(shelves, journal, frame, now):
    journal.append(asked(frame, 1, ANNA))
    erase(shelves, "credit", "customer", ANNA, actor="dpo", now=now)
    *_, last = shelves.facts.ledger(subject="deployment:credit")
    assert (last.entry.actor, last.entry.action, last.entry.facts["records"]) == ("dpo", "records.erase", 1)
    assert ANNA not in json.dumps(last.entry.facts)
    assert shelves.facts.verify_ledger() > 0


def test_hashed_and_large_numbers_are_found_by_what_they_were(shelves, journal, rows, frame, now):
    redactor = Redactor({"customer": "hash"}, SCHEMA.names, ensure_key(shelves.root))
    body = redactor.request(asked(frame, 1, ANNA).request)
    journal.append(frame(1, body))
    journal.append(asked(frame, 2, "bert"))
    assert erase(shelves, "credit", "customer", ANNA, actor="test", now=now).records == 1
    assert erase(shelves, "credit", "account", str(2**60 + 1), actor="test", now=now).records == 0
    assert erase(shelves, "credit", "account", str(2**60 + 2), actor="test", now=now).records == 1
    assert len(rows()) == 0


def test_a_request_that_could_not_be_parsed_is_searched(shelves, journal, rows, frame, now):
    journal.append(frame(1, b"customer=" + ANNA.encode()))
    journal.append(frame(2, b"customer=bert"))
    torn = journal.folder / "x-0001.torn"
    torn.write_bytes(ANNA.encode())
    journal.append(asked(frame, 3, "bert"))
    done = erase(shelves, "credit", "customer", ANNA, actor="test", now=now)
    assert (done.records, done.requests) == (1, 2)
    assert not torn.exists()
    assert rows()["_request_id"].to_pylist() == ["r2", "r3"]


def test_what_a_deleted_deployment_left_is_reached(shelves, journal, frame, now):
    journal.append(asked(frame, 1, ANNA))
    shelves.registry.delete("credit")
    assert erase(shelves, "credit", "customer", ANNA, actor="test", now=now).records == 1
    assert erase(shelves, "credit", "customer", ANNA, actor="test", now=now).records == 0


def test_another_model_without_the_column_keeps_nobody_from_being_erased(shelves, journal, frame, now):
    journal.append(asked(frame, 1, "bert"))
    journal.append(asked(frame, 2, ANNA))
    Compactor(shelves).once(now, flush=True)
    for model, feature in (("other", "city"), ("third", "customer")):
        schema = Schema((Feature(feature, Kind.CATEGORICAL, "string"),), Task.BINARY)
        weights = shelves.root / model
        weights.write_text(model)
        version = shelves.registry.register(model, weights, schema=schema, baseline=None, actor="test")
        script = str(shelves.root.parent / "source" / "score.py")
        shelves.registry.deploy("credit", version, entry_script=script, overwrite=True, actor="test")
        with Journal(journal_folder(shelves.root, shelves.registry.deployment("credit").shelf)) as theirs:
            theirs.append(frame(3, json.dumps({"data": [[ANNA]]}).encode()))
        Compactor(shelves).once(now, flush=True)
    assert erase(shelves, "credit", "customer", ANNA, actor="test", now=now).records == 2
    assert erase(shelves, "credit", "customer", ANNA, actor="test", now=now).records == 0
    assert erase(shelves, "credit", "city", ANNA, actor="test", now=now).records == 1


def test_unknown_names_are_said(shelves, journal, frame, now):
    with pytest.raises(NotFound, match="cradit"):
        erase(shelves, "cradit", "customer", "x", actor="test", now=now)
    journal.append(asked(frame, 1, "bert"))
    with pytest.raises(UnknownColumn, match="customer"):
        erase(shelves, "credit", "custumer", "x", actor="test", now=now)


def test_a_column_that_no_record_could_have_is_said_before_there_is_any_record(shelves, now):
    with pytest.raises(UnknownColumn, match="customer"):
        erase(shelves, "credit", "custumer", "x", actor="test", now=now)
    for known in ("customer", "_request_id"):
        assert erase(shelves, "credit", known, "x", actor="test", now=now).records == 0
    pq.write_table(pa.table({"patient": ["x", "y"]}), shelves.folder("baselines/risk") / "1.parquet")
    assert erase(shelves, "credit", "patient", "x", actor="test", now=now).samples == 1
    assert [sealed.entry.action for sealed in shelves.facts.ledger()].count("records.erase") == 3


def test_numbers_in_samples_are_found_in_any_type(shelves, frame, now):
    sample = shelves.folder("jobs/1") / "train.parquet"
    pq.write_table(pa.table({"account": [7.0, 8.0, None]}), sample)
    pq.write_table(pa.table({"other": [7.0]}), sample.with_name("other.parquet"))
    assert erase(shelves, "credit", "account", "7", actor="test", now=now).samples == 1
    assert pq.read_table(sample)["account"].to_pylist() == [8.0, None]


def test_one_person_after_another_is_erased_from_the_same_file(shelves, journal, rows, frame, now):
    for number, name in enumerate((ANNA, "bert", "carl", "dora")):
        journal.append(asked(frame, number, name))
    Compactor(shelves).once(now, flush=True)
    for name in (ANNA, "bert"):  # the first time, the file is written anew by other hands
        assert erase(shelves, "credit", "customer", name, actor="test", now=now).records == 1
    assert rows()["customer"].to_pylist() == ["carl", "dora"]
    labels = pa.table({"request_id": ["r0", "r3"], "label": [1, 0]})
    assert log_labels(shelves, "credit", labels, received_at=now).known == 1
    assert rows()["_label"].to_pylist() == [None, 0.0]
    assert erase(shelves, "credit", "customer", "nobody", actor="test", now=now).records == 0
