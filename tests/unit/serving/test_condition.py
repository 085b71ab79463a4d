"""Journals and workers, measured a few times a minute."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.capture.places import journal_folder
from holter.registry import Shelves
from holter.serving.condition import KEPT, STALE_SECONDS, Condition
from holter.serving.gauges import Gauge, gauge_file, write
from holter.types import Series, SeriesKind, Span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "workspace", create=True)
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"")
    version = shelves.registry.register("model", tmp_path / "model.bin")
    shelves.registry.deploy("api", version, entry_script=str(tmp_path / "score.py"))
    shelves.folder("run")
    return shelves


@pytest.fixture
def look(shelves):
    condition, at = Condition(shelves), [NOW]

    def look(*gauges, seconds=5):
        at[0] += seconds * SECOND
        if gauges:
            write(shelves.root, gauges)
            os.utime(gauge_file(shelves.root), (at[0].timestamp(),) * 2)
        return condition.once(at[0])

    return look


def seen(shelves, since=NOW, until=NOW + timedelta(days=30)):
    found = shelves.facts.series("api", Span(since, until))
    assert {kind for kind, _ in found} <= {SeriesKind.SERVICE}
    return {name: each for (_, name), each in found.items()}


def gauge(**given):
    names = ("workers", "listening", "replaced", "answered", "failed", "gaps", "memory", "busy_us", "waiting")
    standing = dict.fromkeys(names, 0) | {"workers": 2, "listening": 2}
    return Gauge("api", given.pop("version", 1), given.pop("role", "champion"), **(standing | given))


def test_before_anything_serves_the_journal_is_looked_at(shelves, look):
    assert look() == 1
    assert {name: each.maximum for name, each in seen(shelves).items()} == {
        "journal_lag_s": 0.0,
        "journal_bytes": 0.0,
        "journal_filled": 0.0,
    }


def test_a_request_that_waits_for_its_table_is_lag(shelves, look):
    since = int(NOW.timestamp() * 1e6)
    with Journal(journal_folder(shelves.root, "api")) as journal:
        journal.append(Frame("r", since, None, 200, 1, "champion", 900, False, False, b"[1]", b"[1]"))
        look(seconds=30)
        found = seen(shelves)
        assert found["journal_lag_s"].maximum == 30.0
        assert found["journal_bytes"].maximum > 50
        assert 0 < found["journal_filled"].maximum < 1e-6


def test_a_clock_that_was_put_back_is_no_negative_lag(shelves, look):
    since = int((NOW + timedelta(hours=1)).timestamp() * 1e6)
    with Journal(journal_folder(shelves.root, "api")) as journal:
        journal.append(Frame("r", since, None, 200, 1, "champion", 900, False, False, b"[1]", b"[1]"))
        look()
    assert seen(shelves)["journal_lag_s"].maximum == 0.0


def test_workers_are_counted_and_how_busy_they_were(shelves, look):
    look(gauge(busy_us=50_000_000, gaps=7, replaced=2))
    first = seen(shelves)
    assert "busy" not in first, "one look tells no share"
    assert (first["workers"].maximum, first["waiting"].maximum) == (2.0, 0.0)
    assert "gaps" not in first or first["gaps"].total == 0, "what came before was told by the one before"
    look(gauge(busy_us=55_000_000, gaps=9, replaced=3, listening=1, waiting=4))
    found = seen(shelves)
    assert found["busy"] == Series.of(1.0), "5 s of the one worker that answers"
    look(gauge(busy_us=57_500_000, gaps=9, replaced=3, waiting=1))
    found = seen(shelves)
    assert found["busy"].mean == pytest.approx((1.0 + 0.25) / 2)
    assert (found["gaps"].total, found["workers_replaced"].total) == (2.0, 1.0)
    assert (found["workers"].minimum, found["workers_missing"].maximum, found["waiting"].maximum) == (1.0, 1.0, 4.0)


def test_a_new_pool_counts_from_nothing_and_a_shadow_not_at_all(shelves, look):
    look(gauge(busy_us=9_000_000))
    shadow = gauge(role="shadow", version=3, busy_us=5_000_000, workers=1, listening=0, gaps=5)
    look(gauge(busy_us=10_000_000), gauge(version=2, role="canary", busy_us=1_000_000), shadow)
    assert seen(shelves)["busy"] == Series.of(2 / 20)
    assert seen(shelves)["workers_missing"].maximum == 0.0
    look(gauge(busy_us=1_000_000))  # the supervisor was started again: it counts anew
    assert seen(shelves)["busy"].count == 2
    assert seen(shelves)["busy"].minimum == pytest.approx(0.1)


def test_what_the_supervisor_wrote_long_ago_says_nothing_of_now(shelves, look):
    look(gauge())
    look(seconds=STALE_SECONDS / 2)  # nothing new was written
    look(seconds=STALE_SECONDS * 2)
    found = seen(shelves)
    assert (found["workers"].count, found["journal_bytes"].count) == (1, 3)


def test_a_paused_deployment_has_no_busy_workers(shelves, look):
    look(gauge(workers=0, listening=0))
    look(gauge(workers=0, listening=0))
    assert "busy" not in seen(shelves)
    assert seen(shelves)["workers"].maximum == 0.0


def test_it_is_kept_for_a_week_and_what_user_code_sent_for_ever(shelves, look):
    with shelves.facts.begin() as transaction:
        transaction.add_series("api", SeriesKind.METRIC, "busy", NOW, Series.of(1.0))
    look(gauge())
    look(seconds=KEPT.total_seconds() + 3600)
    left = shelves.facts.series("api", Span(NOW - timedelta(days=1), NOW + timedelta(hours=1)))
    assert list(left) == [(SeriesKind.METRIC, "busy")]
    assert set(shelves.facts.series("api", Span(NOW + KEPT, NOW + 2 * KEPT)))
