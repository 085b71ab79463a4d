"""Journal and workers as measurements."""

import pytest

from holter.profile import Window
from holter.signals.service import ServiceHealth
from holter.types import Gauged, Schema, Series, Verdict

NOTHING = Window(None, Schema(()))


def measured(seen):
    found = ServiceHealth().measure(Window(None, Schema(()), service=seen), NOTHING)
    assert [each.metric for each in found] == list(ServiceHealth.metrics)
    return {each.metric: each for each in found}


def of(*values):
    return sum((Series.of(value) for value in values), Series())


def test_the_worst_of_the_window_is_told_and_counts_are_added_up():
    found = measured(
        {
            Gauged.JOURNAL_LAG: of(1.0, 90.0, 2.0),
            Gauged.JOURNAL_BYTES: of(1 << 20, 3 << 20),
            Gauged.JOURNAL_FILLED: of(0.1, 0.6),
            Gauged.MISSING: of(0.0, 1.0),
            Gauged.REPLACED: of(0.0, 2.0, 1.0),
            Gauged.BUSY: of(0.5, 1.0),
            Gauged.WAITING: of(0.0, 12.0),
            Gauged.GAPS: of(0.0, 5.0),
        }
    )
    values = {name: each.value for name, each in found.items()}
    assert values == {
        "journal_lag_s": 90.0,
        "journal_mb": 3.0,
        "journal_filled": 0.6,
        "workers_missing": 1.0,
        "workers_replaced": 3.0,
        "busy": 0.75,
        "waiting": 12.0,
        "gaps": 5.0,
    }
    assert found["gaps"].interval.low < 5.0 < found["gaps"].interval.high
    assert found["busy"].interval is None
    assert (found["journal_lag_s"].n, found["busy"].n) == (3, 2)


def test_what_was_not_measured_says_why():
    found = measured({Gauged.JOURNAL_LAG: of(0.0), Gauged.BUSY: Series()})
    assert found["journal_lag_s"].value == 0.0
    assert {each.verdict for name, each in found.items() if name != "journal_lag_s"} == {Verdict.UNDEFINED}
    assert "hold anything" in found["journal_filled"].reason
    assert "no worker" in found["busy"].reason
    assert "not measured" in found["waiting"].reason


@pytest.mark.parametrize(("seen", "why"), [({}, "nobody looked"), (None, "no service")])
def test_without_a_look_there_is_no_answer(seen, why):
    found = measured(seen)
    assert {each.verdict for each in found.values()} == {Verdict.UNDEFINED}
    assert all(why in each.reason for each in found.values())
