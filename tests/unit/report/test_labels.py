"""Why performance is not known: each cause has its own words, and only a missing label asks for labels."""

from dataclasses import replace

import pytest

from holter.registry import MonitorEntry, TableTarget
from holter.report.labels import wanting
from holter.report.subject import of_deployment, of_monitor
from holter.report.tiles import tiles
from holter.report.verdict import Mood, judge
from holter.store.kept import Publication
from holter.types import Measurement, Schema
from watched_workspace import DAY, DEPLOYMENT, SCHEMA, span

ADD = "holter labels add fresh labels.parquet --key request_id --label COLUMN"


@pytest.fixture
def fresh(own_shelves):
    """A deployment that one monitor watches by performance alone; its name is not that of the deployment."""
    version = own_shelves.registry.version("flights", 1)
    own_shelves.registry.deploy("fresh", version, entry_script=str(own_shelves.root / "score.py"))
    own_shelves.registry.add_monitor(MonitorEntry("fresh-daily", "fresh", ("performance",), (), DAY, DAY))
    return own_shelves


def covered(shelves, value, n):
    window = span(3)
    coverage = Measurement("performance", "label_coverage", value, n, window=window)
    with shelves.facts.begin() as transaction:
        transaction.publish(Publication("fresh-daily", window, "performance", 0, "f"), [coverage])
    return of_monitor(shelves, shelves.registry.monitor("fresh-daily"))


@pytest.mark.parametrize(
    ("value", "n", "words", "command"),
    [
        (None, 0, "The last closed window (4 Apr 2013) is empty.", ""),
        (0.0, 1200, "No label has arrived yet for the 1,200 records of 4 Apr 2013.", ADD),
        (0.25, 8, "Labels are known for 2 of the 8 records of 4 Apr 2013: too few to measure by.", ADD),
    ],
)
def test_what_was_measured_says_what_is_missing(fresh, value, n, words, command):
    subject = covered(fresh, value, n)
    judgement = judge(subject)
    assert judgement.mood is Mood.UNKNOWN
    assert judgement.sentences[0] == f"{words} So how good the model is cannot be told."
    assert judgement.command == command
    assert tiles(subject, [])[0].value == wanting(subject).short


@pytest.mark.parametrize(("delay", "words"), [(DAY, "until one day after"), (3 * DAY, "until 3 days after")])
def test_labels_that_come_later_are_waited_for(fresh, delay, words):
    entry = replace(fresh.registry.monitor("fresh-daily"), label_delay=delay)
    fresh.registry.add_monitor(entry, overwrite=True)
    found = wanting(of_deployment(fresh, "fresh"))
    assert words in found.sentence
    assert found.command == ""


def test_before_any_window_nothing_is_asked_for(fresh):
    assert wanting(of_deployment(fresh, "fresh")).note == "no window has closed"


def test_a_table_without_labels(own_shelves):
    target = TableTarget("t/*.parquet", "t", SCHEMA)
    own_shelves.registry.add_monitor(MonitorEntry("bare", target, (), (), DAY, DAY))
    found = wanting(of_monitor(own_shelves, own_shelves.registry.monitor("bare")))
    assert (found.short, found.command) == ("no labels", "")


def test_what_is_known_or_has_no_task_wants_nothing(shelves, own_shelves):
    assert wanting(of_deployment(shelves, DEPLOYMENT)) is None
    target = TableTarget("t/*.parquet", "t", Schema(SCHEMA.features))
    own_shelves.registry.add_monitor(MonitorEntry("plain", target, (), (), DAY, DAY))
    subject = of_monitor(own_shelves, own_shelves.registry.monitor("plain"))
    assert wanting(subject) is None
    assert subject.task is None
    assert all(tile.name != "Performance, realised" for tile in tiles(subject, []))
