"""A window of many days is the sum of their stored profiles, and those are never of other records than there are."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from holter.capture.erasing import erase
from holter.monitor.days import Days, spans_days, summary, versions
from holter.monitor.targets import target_of
from holter.profile import NumericColumn
from holter.profile.bucketing import STORED_K
from holter.signals import Need
from holter.types import Span

FIRST, DAY = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
HOUR = timedelta(hours=1)
WEEK = Span(FIRST, FIRST + 7 * DAY)


@pytest.fixture
def reads(desk, monkeypatch):
    """The spans of records that were read so far."""
    records, spans = desk.shelves.records("api"), []
    plain = records.read
    monkeypatch.setattr(records, "read", lambda span, columns=None: (spans.append(span), plain(span, columns))[1])
    return spans


@pytest.fixture
def target(desk):
    return target_of(desk.shelves, desk.watch("weekly", over=7 * DAY))


def stored(desk):
    return desk.shelves.profiles("api").days()


def profile(target, span=WEEK, needs=Need.PROFILE):
    return target.case(span, needs).target.profile


def direct(target, span=WEEK):
    """Return the profile of all rows of the window, read together."""
    return target.case(span, Need.PROFILE | Need.ROWS).target.profile


def plain(found):
    """Return what an exact profile says; sums are rounded, since their last digit depends on the order of adding."""
    columns = {}
    for name, column in found.columns.items():
        if isinstance(column, NumericColumn):
            values = np.repeat(column.ranks.values, column.ranks.weights.astype(int))
            told = (
                column.minimum,
                column.maximum,
                round(column.mean, 12),
                column.ranks.error,
                np.sort(values).tolist(),
            )
        else:
            told = column.counts
        columns[name] = (column.n, column.nulls, told)
    return found.rows, columns, list(columns)


def test_small_days_add_up_to_exactly_the_profile_of_the_rows(desk, target):
    for number in range(7):
        desk.day(number, 50 + number)
        desk.day(number, 30, tag="failed", status=500)
        desk.day(number, 20, tag="other", role="canary")
    for again in range(2):  # made, and read back
        assert plain(profile(target)) == plain(direct(target)), again


def test_large_days_stay_within_the_error_they_state(desk, target):
    for number in range(3):
        desk.day(number, 20_000, labels=False, shift=number)
    found, whole = profile(target), direct(target)
    rows = target.case(WEEK, Need.ROWS).target.rows["x"].to_numpy()
    assert (found.rows, found.columns["c"].counts) == (60_000, whole.columns["c"].counts)
    ranks, n = found.columns["x"].ranks, len(rows)
    assert 0 < ranks.error / n <= 2 / STORED_K
    grid = np.quantile(rows, np.linspace(0.001, 0.999, 500))
    true = np.searchsorted(np.sort(rows), grid, side="right")
    order = np.argsort(ranks.values)
    told = np.concatenate(([0], np.cumsum(ranks.weights[order])))
    assert np.abs(told[np.searchsorted(ranks.values[order], grid, side="right")] - true).max() <= ranks.error
    again = profile(target).columns["x"].ranks
    assert (again.values.tolist(), again.weights.tolist()) == (ranks.values.tolist(), ranks.weights.tolist())


def test_only_what_is_new_is_read(desk, target, reads):
    for number in range(7):
        desk.day(number, 40)
    profile(target)
    assert len(reads) == 7
    assert profile(target).rows == 280
    assert len(reads) == 7
    desk.day(7, 40)
    assert profile(target, Span(FIRST + DAY, FIRST + 8 * DAY)).rows == 280
    assert reads[7:] == [Span(FIRST + 7 * DAY, FIRST + 8 * DAY)]


def test_late_rows_touch_their_day_and_the_one_whose_copies_they_may_have(desk, target, reads):
    for number in range(7):
        desk.day(number, 40)
    profile(target)
    desk.day(2, 5, tag="late")
    assert profile(target).rows == 285
    assert [(span.start - FIRST) // DAY for span in reads[7:]] == [2, 3]
    assert plain(profile(target)) == plain(direct(target))


def test_labels_and_compaction_change_nothing(desk, target, reads):
    for number in range(7):
        desk.day(number, 40, labels=False)
        desk.day(number, 40, tag="more", labels=False)
    profile(target)
    count = len(reads)
    desk.label()
    desk.shelves.records("api").compact()
    assert profile(target).rows == 560
    assert len(reads) == count


def test_a_record_that_was_sent_twice_counts_once(desk, target):
    for _ in range(2):
        desk.day(0, 40)
        desk.day(1, 40)
    assert profile(target).rows == 80


def test_a_window_that_cuts_days_reads_its_ends(desk, target, reads):
    for number in range(4):
        desk.day(number, 48)
    cut = Span(FIRST + 6 * HOUR, FIRST + 3 * DAY + 12 * HOUR)
    for _ in range(2):
        assert plain(profile(target, cut)) == plain(direct(target, cut))
    ends = [Span(cut.start, FIRST + DAY), Span(FIRST + 3 * DAY, cut.end)]
    assert [reads.count(end) for end in ends] == [2, 2]
    assert stored(desk) == ["2026-03-02", "2026-03-03"]


def test_short_windows_and_those_whose_rows_are_wanted_store_nothing(desk, target, reads):
    desk.day(0, 40)
    desk.day(1, 40)
    profile(target, Span(FIRST, FIRST + DAY))
    profile(target, needs=Need.PROFILE | Need.ROWS | Need.LABELS)
    assert stored(desk) == []
    assert len(reads) == 2


def test_two_whole_days_are_enough():
    assert spans_days(Span(FIRST + HOUR, FIRST + 3 * DAY + HOUR))
    assert spans_days(Span(FIRST, FIRST + 2 * DAY))
    assert not spans_days(Span(FIRST + HOUR, FIRST + 3 * DAY - HOUR))
    assert not spans_days(Span(FIRST, FIRST + DAY))


def test_where_nothing_happened_nothing_is_stored(desk, target):
    century = Span(FIRST - 36_500 * DAY, FIRST + 36_500 * DAY)
    assert profile(target).rows == 0
    assert profile(target, century).rows == 0
    desk.day(0, 40)
    desk.day(5, 40)
    assert profile(target, century).rows == 80
    assert stored(desk) == ["2026-03-01", "2026-03-02", "2026-03-06"]
    later = target.case(Span(FIRST + 50 * DAY, FIRST + 60 * DAY), Need.PROFILE)
    assert (later.target.profile.rows, later.baseline.n) == (0, 2000)
    assert set(later.target.profile.columns) == {"x", "c", "_score", "_prediction"}


def test_the_version_of_most_rows_is_known_of_stored_days_too(desk, target, tmp_path):
    file = tmp_path / "two.bin"
    file.write_text("2")
    schema = desk.shelves.registry.version("m").schema
    rows = desk.shelves.baseline_window(desk.shelves.registry.version("m"), schema).rows
    desk.shelves.registry.register("m", file, schema=schema, baseline=rows.slice(0, 700), held_out=False)
    desk.day(0, 60, version=1)
    desk.day(1, 61, version=2)
    for _ in range(2):
        case = target.case(WEEK, Need.PROFILE)
        assert (case.baseline.n, case.held_out) == (700, False)


def test_a_new_column_makes_every_day_anew(desk, target, reads):
    desk.day(0, 40)
    desk.day(1, 40)
    profile(target)
    more = desk.shelves.records("api").read(WEEK).drop_columns(["_label", "_labelled_at"])
    ids = [f"new-{i}" for i in range(len(more))]
    for name in ("_request_id", "_digest"):
        more = more.set_column(more.column_names.index(name), name, [ids])
    desk.shelves.records("api").append(more.append_column("income", [[1.5] * len(more)]), {})
    found = profile(target)
    assert plain(found) == plain(direct(target))
    assert found.columns["income"].nulls == 80


def test_damaged_files_and_a_full_disk_cost_time_and_no_answer(desk, target, reads, monkeypatch):
    desk.day(0, 40)
    desk.day(1, 40)
    whole = plain(profile(target))
    for path in (desk.shelves.root / "profiles" / "api").glob("*.profile"):
        path.write_bytes(path.read_bytes()[:-5])
    assert plain(profile(target)) == whole
    assert len(reads) == 4
    for path in (desk.shelves.root / "profiles" / "api").glob("*.profile"):
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    folder = desk.shelves.root / "profiles" / "api"
    (folder / "lock").unlink()
    (folder / "lock").mkdir()  # nothing can be stored
    assert plain(profile(target)) == whole
    assert plain(profile(target)) == whole
    assert len(reads) == 8


def test_who_is_erased_is_in_no_stored_profile(desk, target, reads):
    for number in range(7):
        desk.day(number, 40)
    profile(target)
    before = {path.name: path for path in (desk.shelves.root / "profiles" / "api").glob("*.profile")}
    x = desk.shelves.records("api").read(WEEK)["x"].to_pylist()
    reads.clear()
    erase(desk.shelves, "api", "_request_id", "d2-7", actor="test", now=FIRST + 8 * DAY)
    assert stored(desk) == [f"2026-03-0{number}" for number in (1, 2, 5, 6, 7)]
    assert not any(path.exists() for name, path in before.items() if name.startswith("2026-03-03"))
    found = profile(target)
    assert (found.rows, len(x)) == (279, 280)
    assert plain(found) == plain(direct(target))


def test_rows_erased_while_they_were_read_are_not_stored(desk, target):
    desk.day(0, 40)
    desk.day(1, 40)
    shelves, records = desk.shelves, desk.shelves.records("api")

    def read(span):
        rows = records.read(span)
        erase(shelves, "api", "_request_id", f"d{(span.start - FIRST) // DAY}-7", actor="test", now=FIRST + 8 * DAY)
        return rows

    days = Days(records, shelves.profiles("api"), shelves.outcomes("api"), target.schema(), read)
    assert days.window(WEEK).profile.rows == 80
    assert stored(desk) == []
    assert profile(target).rows == 78


def test_a_crash_between_rows_and_profiles_is_made_good_by_erasing_again(desk, target):
    desk.day(0, 40)
    desk.day(1, 40)
    profile(target)
    desk.shelves.records("api").erase("_request_id", ["d1-7"])
    half = desk.shelves.root / "profiles" / "api" / ".half"
    half.write_bytes(b"d1-7")
    assert stored(desk) == ["2026-03-01", "2026-03-02"]
    erase(desk.shelves, "api", "_request_id", "d1-7", actor="test", now=FIRST + 8 * DAY)
    assert stored(desk) == ["2026-03-01"]
    assert not half.exists()


def test_a_summary_is_of_features_and_answers(desk, target):
    desk.day(0, 40)
    rows = desk.shelves.records("api").read(WEEK)
    assert set(summary(rows, target.schema()).columns) == {"x", "c", "_score", "_prediction"}
    assert versions(rows) == {1: 40}
    assert versions(rows.slice(0, 0)) == {}
