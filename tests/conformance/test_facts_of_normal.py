"""What every implementation of Facts must keep of a monitor's normal behaviour."""

from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import LeaseLost
from holter.store import Lease, SqlFacts, StoredCourse, StoredNull, StoredSlot
from holter.store.normal import keep_slot
from holter.types import Span

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
IMPLEMENTATIONS = {"sqlite": lambda folder: SqlFacts(f"sqlite:///{folder / 'holter.db'}")}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def facts(request, tmp_path):
    return IMPLEMENTATIONS[request.param](tmp_path)


def null(**changes):
    return StoredNull(**{
        "monitor": "daily", "key": "k1", "frame": "f1", "learned": NOW, "since": None, "upto": None, "slots": 0,
        "state": {"rho": [0.25, 1e-300], "cycle": None},
    } | changes)  # fmt: skip


def slot(day, *, part="data", frame="f1", accepted=True, content=b"\x00sums\xff", monitor="daily"):
    return StoredSlot(monitor, part, Span(FIRST + day * DAY, FIRST + (day + 1) * DAY), frame, content, accepted)


def keep(facts, *slots):
    with facts.begin() as transaction:
        for each in slots:
            transaction.keep_slot(each)


def test_nothing_is_known_before_it_was_learned(facts):
    assert facts.null("daily") is facts.null_key("daily") is None
    assert facts.course("daily", "data") is None
    assert facts.slots("daily", "f1") == []
    assert facts.taught("daily", "f1") == 0


def test_what_was_learned_comes_back_as_it_was_and_is_replaced_as_a_whole(facts):
    with facts.begin() as transaction:
        transaction.keep_null(null())
        transaction.keep_null(null(monitor="other"))
    assert facts.null("daily") == null()
    assert facts.null_key("daily") == "k1"
    again = null(key="k2", since=FIRST, upto=NOW, slots=28, state={})
    with facts.begin() as transaction:
        transaction.keep_null(again)
    assert facts.null("daily") == again
    assert facts.null("other") == null(monitor="other")


def test_a_course_is_one_for_each_part(facts):
    data = StoredCourse("daily", "data", "f1", FIRST + DAY, {"merged": [1, 2]})
    with facts.begin() as transaction:
        transaction.move_course(data)
        transaction.move_course(StoredCourse("daily", "labels", "f1", FIRST, {}))
    moved = StoredCourse("daily", "data", "f2", FIRST + 2 * DAY, {"merged": []})
    with facts.begin() as transaction:
        transaction.move_course(moved)
    assert facts.course("daily", "data") == moved
    assert facts.course("daily", "labels").upto == FIRST


def test_a_course_does_not_move_when_the_window_was_not_published(facts):
    facts.acquire("monitor:daily", "a", DAY, NOW)

    def moving():
        with facts.begin() as transaction:
            transaction.move_course(StoredCourse("daily", "data", "f1", FIRST, {}))
            transaction.keep_slot(slot(0))
            transaction.keep_null(null())
            transaction.guard(Lease("monitor:daily", "b", 1))

    with pytest.raises(LeaseLost):
        moving()
    assert facts.course("daily", "data") is None
    assert facts.null("daily") is None
    assert facts.slots("daily", "f1") == []


def test_slots_come_oldest_first_and_only_accepted_ones_teach(facts):
    keep(facts, slot(2), slot(0), slot(1, accepted=False), slot(0, part="labels"), slot(9, frame="old"))
    days = [(each.span.start - FIRST) // DAY for each in facts.slots("daily", "f1")]
    assert days == [0, 0, 2]
    assert [each.part for each in facts.slots("daily", "f1")] == ["data", "labels", "data"]
    assert facts.slots("daily", "f1", accepted_only=False)[2] == slot(1, accepted=False)


def test_a_slot_that_is_written_again_is_the_newer_one(facts):
    keep(facts, slot(0), slot(0, content=b"new", accepted=False))
    assert facts.slots("daily", "f1", accepted_only=False) == [slot(0, content=b"new", accepted=False)]


def test_slots_of_a_span_can_be_doubted_for_one_part_or_all(facts):
    keep(facts, *(slot(day) for day in range(4)), slot(1, part="labels"), slot(1, monitor="other"))
    with facts.begin() as transaction:
        assert transaction.doubt("daily", Span(FIRST + DAY, FIRST + 3 * DAY), "data") == 2
        assert transaction.doubt("daily", Span(FIRST + DAY, FIRST + 3 * DAY), "data") == 0
    assert [(each.part, (each.span.start - FIRST) // DAY) for each in facts.slots("daily", "f1")] == [
        ("data", 0),
        ("labels", 1),
        ("data", 3),
    ]
    with facts.begin() as transaction:
        assert transaction.doubt("daily", Span(FIRST, FIRST + 9 * DAY)) == 3
    assert len(facts.slots("other", "f1")) == 1


def test_what_was_learned_from_a_slot_that_is_doubted_is_to_be_learned_again(facts):
    keep(facts, *(slot(day) for day in range(6)))
    with facts.begin() as transaction:
        transaction.keep_null(null(upto=FIRST + 3 * DAY, slots=3))
        transaction.doubt("daily", Span(FIRST + 3 * DAY, FIRST + 4 * DAY))
    assert facts.null_key("daily") == "k1"
    with facts.begin() as transaction:
        transaction.doubt("daily", Span(FIRST + 2 * DAY, FIRST + 4 * DAY))
    assert facts.null_key("daily") == ""


def test_a_new_level_is_taught_by_all_slots_since_it_began(facts):
    keep(facts, slot(0, accepted=False), slot(1, accepted=False), slot(2), slot(2, part="labels", accepted=False))
    keep(facts, slot(1, monitor="other", accepted=False))
    with facts.begin() as transaction:
        transaction.keep_null(null())
        transaction.keep_null(null(monitor="other"))
        assert transaction.trust("daily", FIRST + DAY) == 2
    assert facts.null("daily") == null(key="", since=FIRST + DAY)
    assert facts.null_key("other") == "k1"
    assert facts.taught("daily", "f1") == 2
    assert facts.taught("other", "f1") == 0


def test_slots_that_teach_are_counted_once_for_all_parts(facts):
    keep(facts, slot(0), slot(1), slot(1, part="labels"), slot(2, accepted=False), slot(3, frame="old"))
    assert facts.taught("daily", "f1") == 2
    assert facts.taught("daily", "f1", after=FIRST + DAY) == 1


def test_only_the_newest_slots_of_a_part_are_kept(facts):
    keep(facts, *(slot(day) for day in range(5)), slot(0, part="labels"))
    with facts.begin() as transaction:
        keep_slot(transaction.connection, slot(5), keep=3)
    assert [(each.part, (each.span.start - FIRST) // DAY) for each in facts.slots("daily", "f1")] == [
        ("labels", 0),
        ("data", 3),
        ("data", 4),
        ("data", 5),
    ]


def test_slots_of_another_baseline_go_when_a_new_one_was_learned(facts):
    keep(facts, slot(0, frame="old"), slot(1), slot(0, frame="old", monitor="other"))
    with facts.begin() as transaction:
        transaction.keep_null(null())
    assert facts.slots("daily", "old") == []
    assert len(facts.slots("daily", "f1")) == len(facts.slots("other", "old")) == 1


def test_all_that_was_learned_of_a_monitor_can_be_forgotten(facts):
    keep(facts, slot(0), slot(0, monitor="other"))
    with facts.begin() as transaction:
        transaction.keep_null(null())
        transaction.move_course(StoredCourse("daily", "data", "f1", FIRST, {}))
        transaction.forget_normal("daily")
    assert facts.null("daily") is None
    assert facts.course("daily", "data") is None
    assert facts.slots("daily", "f1") == []
    assert len(facts.slots("other", "f1")) == 1
