"""What the model's own code says about it."""

import pytest

from holter.profile import Window
from holter.signals.telemetry import Telemetry
from holter.types import Schema, Series, Verdict

NOTHING = Window(None, Schema(()))


def measured(**series):
    found = Telemetry().measure(Window(None, Schema(()), series=series), NOTHING)
    return {(each.feature, each.metric): each for each in found}


def test_each_name_gets_its_numbers():
    found = measured(Scored=Series.of(3.0) + Series.of(5.0), Event=Series.of(1.0))
    assert found["Scored", "total"].value == 8.0
    assert found["Scored", "mean"].interval.low < 4.0 < found["Scored", "mean"].interval.high
    assert found["Event", "count"].value == 1.0
    assert found["Event", "mean"].interval is None
    assert list(dict.fromkeys(feature for feature, _ in found)) == ["Event", "Scored"]


def test_the_interval_of_a_total_holds_what_it_should():
    import numpy as np

    rng, held = np.random.default_rng(1), 0
    for _ in range(400):
        values = rng.exponential(2.0, rng.poisson(50))
        series = sum((Series.of(float(value)) for value in values), Series())
        interval = measured(x=series)["x", "total"].interval
        held += interval.low <= 100.0 <= interval.high
    assert 0.91 < held / 400 < 0.98


@pytest.mark.parametrize(("series", "why"), [({}, "nothing was sent"), (None, "a table has no telemetry")])
def test_nothing_heard_is_said_so(series, why):
    found = Telemetry().measure(Window(None, Schema(()), series=series), NOTHING)
    assert {each.verdict for each in found} == {Verdict.UNDEFINED}
    assert why in found[0].reason
