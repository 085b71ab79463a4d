"""Each line of telemetry is counted once, whatever dies when."""

from datetime import UTC, datetime, timedelta

import pytest

from holter.capture.places import telemetry_folder
from holter.capture.telemetry import SUFFIX, Item, Spool
from holter.capture.telemetry_intake import KEPT, MOST_NAMES, OTHER, TelemetryIntake
from holter.registry import Shelves
from holter.types import SeriesKind, Span

NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)
DAY = Span(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
ALWAYS = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
METRIC, EVENT = SeriesKind.METRIC, SeriesKind.EVENT


def us(moment):
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


@pytest.fixture
def shelves(tmp_path):
    return Shelves.open(tmp_path / "holter", create=True)


def sent(shelves, *items, source="churn"):
    """Write items and keep the file open, as a worker does."""
    spool = Spool(telemetry_folder(shelves.root, source))
    for item in items:
        spool.put(item)
    assert spool.flush(10)
    return spool


def file(shelves, data, name="left", source="churn"):
    folder = telemetry_folder(shelves.root, source)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{SUFFIX}"
    path.write_bytes(data)
    return path


def test_nothing_sent_is_nothing_counted(shelves):
    assert TelemetryIntake(shelves).once() == 0


def test_values_become_minutes_and_are_counted_once(shelves):
    items = [Item(METRIC, "Scored", us(NOON + timedelta(seconds=s)), float(s)) for s in (0, 59, 61)]
    sent(shelves, *items, Item(EVENT, "Prediction", us(NOON), properties={"result": "[1]"}, measurements={"ms": 4.0}))
    intake = TelemetryIntake(shelves)
    assert intake.once() == 4
    assert intake.once() == 0
    assert TelemetryIntake(shelves).once() == 0
    minutes = shelves.facts.series_by_minute("churn", DAY, METRIC, "Scored")
    assert [(at, each.count, each.total) for at, each in minutes] == [
        (NOON, 2, 59.0),
        (NOON + timedelta(minutes=1), 1, 61.0),
    ]
    found = shelves.facts.series("churn", DAY)
    assert found[EVENT, "Prediction"].count == 1
    assert found[METRIC, "Prediction.ms"].mean == 4.0
    (happened,) = shelves.facts.occurrences("churn", 10)
    assert happened.properties == {"result": "[1]", "ms": 4.0}
    assert happened.at == NOON


def test_a_file_is_removed_once_its_writer_is_gone_and_not_before(shelves):
    sent(shelves, Item(METRIC, "Scored", us(NOON)))
    intake = TelemetryIntake(shelves)
    intake.once()
    folder = telemetry_folder(shelves.root, "churn")
    assert len(list(folder.iterdir())) == 1
    left = file(shelves, b'{"kind":"metric","name":"Scored","at_us":1}\n')
    assert intake.once() == 1
    assert not left.exists()


def test_a_line_that_is_cut_off_waits_for_its_end(shelves):
    whole = b'{"kind":"metric","name":"Scored","at_us":1364817600000000,"value":2.0}\n'
    spool = sent(shelves, Item(METRIC, "Scored", us(NOON)))
    (path,) = spool.folder.iterdir()
    with path.open("ab") as out:
        out.write(whole[:30])
    intake = TelemetryIntake(shelves)
    assert intake.once() == 1
    with path.open("ab") as out:
        out.write(whole[30:])
    assert intake.once() == 1
    assert shelves.facts.series("churn", DAY)[METRIC, "Scored"].total == 3.0


def test_lines_that_are_no_telemetry_cost_the_others_nothing(shelves, caplog):
    good = b'{"kind":"metric","name":"Scored","at_us":1364817600000000}\n'
    file(shelves, b"\xff\xfe\n{}\nnull\n" + good + b'{"kind":"nonsense","name":"x","at_us":1}\n' + good)
    TelemetryIntake(shelves).once()
    assert shelves.facts.series("churn", DAY)[METRIC, "Scored"].count == 2
    assert "4 lines of telemetry/churn/left.items are no telemetry" in caplog.text


@pytest.mark.parametrize("at", [-5, 0, 2**63 - 1])
def test_an_impossible_time_is_moved_to_a_possible_one(shelves, at):
    sent(shelves, Item(METRIC, "Scored", at), Item(EVENT, "Happened", at))
    assert TelemetryIntake(shelves).once() == 2
    assert shelves.facts.series("churn", ALWAYS)[METRIC, "Scored"].count == 1
    assert len(shelves.facts.occurrences("churn", 5)) == 1


def test_a_count_of_nothing_is_taken_as_one_value(shelves):
    sent(shelves, Item(METRIC, "Scored", us(NOON), 5.0, count=0), Item(METRIC, "Scored", us(NOON), 5.0, count=-3))
    TelemetryIntake(shelves).once()
    assert shelves.facts.series("churn", DAY)[METRIC, "Scored"].count == 2


def test_names_without_end_are_gathered_under_one(shelves):
    sent(shelves, *(Item(METRIC, f"user-{number}", us(NOON)) for number in range(MOST_NAMES + 20)))
    intake = TelemetryIntake(shelves)
    intake.once()
    found = shelves.facts.series("churn", DAY)
    assert len(found) == MOST_NAMES + 1
    assert found[METRIC, OTHER].count == 20
    sent(shelves, Item(METRIC, "user-0", us(NOON)), Item(METRIC, "user-9999", us(NOON)))
    TelemetryIntake(shelves).once()
    assert shelves.facts.series("churn", DAY)[METRIC, OTHER].count == 21
    assert shelves.facts.series("churn", DAY)[METRIC, "user-0"].count == 2


def test_only_the_newest_events_are_kept_with_their_properties(shelves):
    sent(shelves, *(Item(EVENT, f"e{number % 3}", us(NOON)) for number in range(KEPT + 5)))
    TelemetryIntake(shelves).once()
    assert len(shelves.facts.occurrences("churn", 10 * KEPT)) == KEPT
    assert sum(each.count for each in shelves.facts.series("churn", DAY).values()) == KEPT + 5


def test_sources_do_not_mix(shelves):
    sent(shelves, Item(METRIC, "Scored", us(NOON)), source="a")
    sent(shelves, Item(METRIC, "Scored", us(NOON), 7.0), source="b")
    TelemetryIntake(shelves).once()
    assert shelves.facts.series("a", DAY)[METRIC, "Scored"].total == 1.0
    assert shelves.facts.series("b", DAY)[METRIC, "Scored"].total == 7.0


def test_another_process_that_was_faster_leaves_nothing_to_count(shelves, monkeypatch):
    sent(shelves, Item(METRIC, "Scored", us(NOON)))
    slow = TelemetryIntake(shelves)
    offset = shelves.facts.journal_offset
    with monkeypatch.context() as at_once:
        # it read the offset before the other committed
        at_once.setattr(shelves.facts, "journal_offset", lambda segment: 0)
        assert TelemetryIntake(Shelves.open(shelves.root)).once() == 1
        assert slow.once() == 0
    assert offset("telemetry/churn/nothing") == 0
    assert shelves.facts.series("churn", DAY)[METRIC, "Scored"].count == 1
