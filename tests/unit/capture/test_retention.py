"""Records and labels are kept as long as their deployment says."""

import os
from datetime import timedelta

import pyarrow as pa
import pytest

from holter.capture.compactor import Compactor
from holter.capture.journal import Journal
from holter.capture.labels import log_labels
from holter.capture.log import log
from holter.capture.modeldata import expire_frames, modeldata_folder
from holter.capture.places import journal_folder
from holter.capture.redacted_table import redacted_table
from holter.capture.redaction import ensure_key, hashed
from holter.registry import DeploymentSettings
from holter.registry.redacted import recorded_schema, watched_schema
from holter.types import Span

DAY = timedelta(days=1)


@pytest.fixture
def keep(shelves, tmp_path):
    """Give the deployment other settings."""

    def keep(**settings):
        version = shelves.registry.version("risk", 1)
        script = str(tmp_path / "source" / "score.py")
        shelves.registry.deploy(
            "credit", version, entry_script=script, settings=DeploymentSettings(**settings), overwrite=True
        )

    return keep


def us(moment):
    return int(moment.timestamp() * 1e6)


@pytest.fixture
def fill(shelves, frame, now):
    def fill(*ages, stored=None):
        with Journal(journal_folder(shelves.root, "credit")) as journal:
            for number, age in enumerate(ages):
                happened = us(now - age * DAY)
                received = happened if stored is None else us(now - stored * DAY)
                journal.append(frame(number, received_us=received, event_us=happened))
        Compactor(shelves).once(now, flush=True)

    return fill


def ages(shelves, now):
    rows = shelves.records("credit").read(Span(now - 9999 * DAY, now + DAY))
    return [(now - moment).days for moment in rows["_event_time"].to_pylist()]


def test_nothing_is_removed_unless_somebody_said_so(shelves, fill, now):
    fill(0, 40, 4000)
    assert ages(shelves, now) == [4000, 40, 0]


def test_records_go_when_they_are_older_than_they_are_kept(shelves, keep, fill, now):
    fill(0, 29, 31, 32, 400)
    keep(keep_days=30)
    Compactor(shelves).once(now)
    assert ages(shelves, now) == [29, 0]
    files = list((shelves.root / "records" / "credit").rglob("*.parquet"))
    assert len(files) == 2, "what was removed is off the disk"


def test_old_history_that_came_in_lately_is_kept(shelves, keep, fill, now):
    keep(keep_days=30)
    fill(4000, 4001, stored=1)
    assert ages(shelves, now) == [4001, 4000]
    Compactor(shelves).once(now + 31 * DAY)
    assert ages(shelves, now) == []


def test_a_shelf_is_looked_through_once_an_hour(shelves, keep, fill, now):
    fill(0, 40)
    compactor = Compactor(shelves)
    compactor.once(now)
    keep(keep_days=30)
    compactor.once(now + timedelta(minutes=59))
    assert ages(shelves, now) == [40, 0]
    compactor.once(now + timedelta(minutes=60))
    assert ages(shelves, now) == [0]


def test_labels_go_with_the_records_or_when_their_own_time_is_over(shelves, keep, fill, now):
    fill(1, 10, 40)
    table = pa.table({"request_id": ["r0", "r1", "r2", "later"], "label": [1, 0, 1, 1]})
    log_labels(shelves, "credit", table, received_at=now - 20 * DAY)

    def labelled():
        return sum(file.rows for file in shelves.records("credit")._labels.files())

    keep(keep_days=30)
    Compactor(shelves).once(now)
    assert (ages(shelves, now), labelled()) == ([10, 1], 4), "labels are twenty days old"
    keep(keep_days=30, keep_label_days=5)
    Compactor(shelves).once(now)
    assert (ages(shelves, now), labelled()) == ([10, 1], 1), "of the day that is younger than that"


def test_what_nobody_could_read_is_set_aside_and_removed_one_day(shelves, frame, now):
    folder = journal_folder(shelves.root, "credit")
    folder.mkdir(parents=True)
    (folder / "x-0000.journal").write_bytes(b"no journal at all")
    torn = folder / "y-0000.torn"
    torn.write_bytes(b"?")
    Compactor(shelves).once(now)
    aside = folder / "x-0000.unreadable"
    assert aside.exists()
    for path in (aside, torn):
        os.utime(path, (us(now - 29 * DAY) / 1e6,) * 2)
    Compactor(shelves).once(now)
    assert aside.exists()
    Compactor(shelves).once(now + 2 * DAY)
    assert not aside.exists()
    assert not torn.exists()


def test_what_a_deleted_deployment_left_stays_until_somebody_purges_it(shelves, keep, fill, now):
    fill(0, 40)
    keep(keep_days=30)
    shelves.registry.delete("credit")
    Compactor(shelves).once(now)
    (shelf,) = shelves.registry.shelves("credit")
    assert len(shelves.records_on(shelf).read(Span(now - 99 * DAY, now + DAY))) == 2


def test_a_column_that_is_hashed_rests_as_text_and_is_not_watched(shelves, keep, frame, now):
    keep(redact={"age": "hash"})
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        journal.append(frame(1, [["0123456789abcdef", "rome"]]))
    Compactor(shelves).once(now, flush=True)
    rows = shelves.records("credit").read(Span(now - DAY, now + DAY))
    assert rows["age"].to_pylist() == ["0123456789abcdef"]
    schema = shelves.registry.version("risk", 1).schema
    assert watched_schema(schema, {"age": "hash"}).names == ("city",)
    assert recorded_schema(schema, {"age": "drop"}) == schema
    assert recorded_schema(None, {"age": "hash"}) is None


def test_a_table_that_is_handed_in_is_redacted_too(shelves, keep, now):
    keep(redact={"age": "hash", "city": "drop", "nobody": "drop"})
    table = pa.table({"id": ["a", "b"], "age": [44, None], "city": pa.array(["rome", "oslo"]).dictionary_encode()})
    assert log(shelves, "credit", table, key="id", received_at=now) == 2
    rows = shelves.records("credit").read(Span(now - DAY, now + DAY)).sort_by("_request_id")
    assert rows["age"].to_pylist() == [hashed(44, ensure_key(shelves.root)), None]
    assert rows["city"].to_pylist() == [None, None]
    days = pa.table({"day": [now, None], "n": pa.array([1, 1]).dictionary_encode()})
    cut = redacted_table(days, {"day": "truncate:10", "n": "truncate:3"}, b"")
    assert cut.to_pylist() == [{"day": "2026-03-01", "n": "1"}, {"day": None, "n": "1"}]


def test_frames_of_a_collector_go_with_the_records(shelves, keep, now):
    folder = modeldata_folder(shelves.root, shelves.registry.deployment("credit").shelf)
    for age in (0, 29, 32, 400):
        hour = folder / "model_inputs" / f"{now - age * DAY:%Y/%m/%d/%H}"
        hour.mkdir(parents=True)
        (hour / "1.jsonl").touch()
    (folder / "model_inputs" / "2013" / "99" / "99").mkdir(parents=True)
    keep(keep_days=30)
    Compactor(shelves).once(now)
    assert len(list(folder.rglob("*.jsonl"))) == 2
    assert expire_frames(folder, now + 2 * DAY) == 2
    assert expire_frames(folder / "nowhere", now) == 0
