"""Labels: which have come, how late, for which rows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.profile.outcomes import outcomes_of
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Feature, Kind, Schema, Task, Verdict

SCHEMA = Schema((Feature("age", Kind.NUMERIC, "double"), Feature("country", Kind.CATEGORICAL, "string")), Task.BINARY)
START = datetime(2026, 3, 1, tzinfo=UTC)


def day(n=4000, seed=2, looked=48.0, mean=12.0, ever=1.0, picky=0.0):
    """Return a day of records, looked at some hours after it began; labels take exponential times."""
    rng = np.random.default_rng(seed)
    happened, delay = rng.uniform(0, 24, n), rng.exponential(mean, n)
    age, country = rng.normal(40, 10, n), rng.choice(["DE", "FR"], n)
    known = (happened + delay <= looked) & (rng.random(n) < ever)
    known &= (rng.random(n) >= picky) | (age > 40)
    at = [START + timedelta(hours=hours) for hours in happened.tolist()]
    came = [moment + timedelta(hours=late) for moment, late in zip(at, delay.tolist(), strict=True)]
    return pa.table(
        {
            "age": age,
            "country": country.tolist(),
            "_event_time": at,
            "_labelled_at": pa.array(came, mask=~known),
            "_label": pa.array(rng.random(n).round(), mask=~known),
            "_score": rng.random(n),
        }
    )


def older(**more):
    return outcomes_of(day(n=20_000, seed=99, looked=1000.0, **more), Task.BINARY)


def measured(rows, earlier=None, baseline=None):
    target = Window(None, SCHEMA, rows=rows, earlier=earlier)
    found = named("labels").measure(target, Window(None, SCHEMA, rows=baseline))
    return {each.metric: each for each in decide(list(found), Calibration.iid())}


def test_delays_are_those_of_all_records_not_of_the_quick_ones():
    found = measured(day(looked=60.0))
    half, most = found["delay_p50_hours"], found["delay_p90_hours"]
    assert half.interval.low <= 12 * np.log(2) <= half.interval.high
    assert most.interval.low <= 12 * np.log(10) * 1.01 <= most.interval.high
    rows = day(looked=60.0)
    seen = rows.filter(pa.array(rows["_label"].is_valid()))
    plain = np.quantile([late.total_seconds() / 3600 for late in _apart(seen)], 0.9)
    assert plain < most.value


def _apart(rows):
    pairs = zip(rows["_event_time"].to_pylist(), rows["_labelled_at"].to_pylist(), strict=True)
    return [came - at for at, came in pairs]


@pytest.mark.parametrize("looked", [26.0, 36.0, 60.0])
def test_maturity_tells_the_share_that_has_come(looked):
    rows = day(looked=looked)
    truth = rows["_label"].is_valid().to_numpy().mean()
    found = measured(rows, older())
    assert found["maturity"].value == pytest.approx(truth, abs=0.02)
    assert found["coverage"].value == pytest.approx(truth)
    assert found["coverage"].verdict is Verdict.OK


def test_maturity_may_be_learned_from_the_baseline():
    rows = day(looked=36.0)
    found = measured(rows, baseline=day(n=8000, seed=5, looked=1000.0))
    assert found["maturity"].value == pytest.approx(rows["_label"].is_valid().to_numpy().mean(), abs=0.03)


def test_labels_that_stay_away_are_missed_and_late_ones_are_not():
    late = measured(day(looked=30.0), older())
    assert late["coverage"].verdict is Verdict.OK
    lost = measured(day(looked=30.0, ever=0.6), older())
    assert lost["coverage"].verdict is Verdict.ALARM
    never = measured(day(looked=200.0, ever=0.7), older(ever=0.7))
    assert never["coverage"].verdict is Verdict.OK
    assert never["maturity"].value > 0.99


def test_labels_of_some_kinds_only_are_found_and_the_column_is_named():
    found = measured(day(picky=0.5))["selection"]
    assert found.verdict is Verdict.ALARM
    assert found.reason == "they differ most in age"
    assert found.feature is None


def test_labels_at_random_do_not_alarm():
    p_values = [measured(day(n=600, seed=seed, looked=40.0))["selection"].evidence.p_value for seed in range(60)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.12


def test_what_is_missing_is_said():
    whole = day(n=500)
    none = measured(whole.drop_columns(["_label"]))
    assert none["coverage"].value == 0
    assert none["maturity"].reason == "no label has a time yet"
    assert none["delay_p50_hours"].verdict is Verdict.UNDEFINED
    assert "0 rows with and 500 without" in none["selection"].reason
    untimed = measured(whole.drop_columns(["_labelled_at"]))
    assert untimed["maturity"].verdict is Verdict.UNDEFINED
    assert untimed["coverage"].value > 0.5
    few = measured(day(n=40, looked=12.0))
    assert few["delay_p90_hours"].verdict is Verdict.INSUFFICIENT
    assert few["maturity"].verdict is Verdict.INSUFFICIENT


def test_a_label_that_is_nan_is_none():
    rows = pa.table({"_label": [1.0, float("nan"), None], "_event_time": [START] * 3})
    assert measured(rows)["coverage"].value == pytest.approx(1 / 3)


def test_nothing_to_compare():
    rows = pa.table({"_label": [1.0, None] * 50})
    assert measured(rows)["selection"].reason == "no column can be compared"
