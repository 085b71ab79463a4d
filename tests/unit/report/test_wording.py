"""Times in UTC and numbers with units."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from holter.report import wording
from holter.types import Span

MIDNIGHT = datetime(2013, 4, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (MIDNIGHT, MIDNIGHT + 24 * HOUR, "3 Apr 2013"),
        (MIDNIGHT, MIDNIGHT + 7 * 24 * HOUR, "3 Apr 2013 to 9 Apr 2013"),
        (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, "3 Apr 2013 01:00 to 02:00"),
        (MIDNIGHT + HOUR, MIDNIGHT + 30 * HOUR, "3 Apr 2013 01:00 to 4 Apr 2013 06:00"),
    ],
)
def test_a_window_says_as_much_as_it_must(start, end, words):
    assert wording.window(Span(start, end)) == words


def test_no_window_is_a_dash():
    assert wording.window(None) == wording.NOTHING == wording.minute(None)


def test_times_of_other_zones_are_told_in_utc():
    tokyo = datetime(2013, 4, 3, 7, tzinfo=timezone(9 * HOUR))
    assert wording.minute(tokyo) == "2 Apr 2013 22:00"
    assert wording.day(tokyo) == "2 Apr 2013"


@pytest.mark.parametrize(
    ("names", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_like_a_sentence(names, words):
    assert wording.listed(names) == words


def test_facts_are_rows_of_text_however_deep():
    told = wording.facts(
        {"a_b": 1.23456789, "yes": True, "no": False, "n": 12345, "small": 12, "none": None, "in": {"x": [1, "u"]}}
    )
    assert told == [
        ("a b", "1.235"),
        ("yes", "yes"),
        ("no", "no"),
        ("n", "12,345"),
        ("small", "12"),
        ("none", wording.NOTHING),
        ("in.x", "1, u"),
    ]
    assert wording.facts({"e": []}) == [("e", wording.NOTHING)]


def test_a_distance_goes_by_its_name():
    assert wording.distance("data_drift.jensen_shannon") == "Jensen-Shannon distance"
    assert wording.distance("custom.thing") == "Thing"
