"""Where Azure's drift monitors went wrong, and what users gain here."""

import numpy as np
import pyarrow as pa
import pytest

from holter.compat.azureml.datadrift import DataDriftDetector


def rows(count, seed=0, **shifts):
    rng = np.random.default_rng(seed)
    return pa.table(
        {name: rng.normal(shifts.get(name, 0.0), 1.0, count) for name in ("feature1", "feature2", "feature3")}
    )


def detector(ws, baseline, target, **options):
    return DataDriftDetector.create_from_datasets(ws, "drift-detector", baseline, target, **options)


def test_rows_with_a_null_are_kept(ws):
    """Azure dropped every row with any null: of 20 features with 10 % nulls each, 13 % of the rows were left."""
    rng = np.random.default_rng(0)
    table = pa.table({f"f{n}": pa.array(rng.normal(size=1000), mask=rng.random(1000) < 0.1) for n in range(20)})
    profile = detector(ws, table, table).run()
    assert (profile.baseline_rows, profile.verdict) == (1000, "no drift")
    assert len([each for each in profile.features if each.verdict == "ok"]) == 20


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_ten_thousand_rows_and_more_are_compared(ws, count):
    """Azure's Kolmogorov-Smirnov test raised from 10,000 rows on: large tables were never watched."""
    profile = detector(ws, rows(count, 1), rows(count, 2, feature3=0.3)).run()
    assert [each.feature for each in profile.features if each.verdict == "alarm"] == ["feature3"]


def test_a_threshold_of_zero_is_a_threshold(ws):
    """Azure took 0.0 for nothing said and used its default: whoever wanted to hear of any drift heard of none."""
    made = detector(ws, rows(400, 1), rows(400, 2, feature1=0.8), drift_threshold=0.0)
    run = made.run()
    assert (made.drift_threshold, run.threshold, run.has_drift) == (0.0, 0.0, run.coefficient > 0)
    assert made.run(drift_threshold=0.0).threshold == 0.0


@pytest.mark.parametrize("count", [100, 200])
def test_unchanged_features_do_not_alarm_in_small_windows(ws, count):
    """Azure's Wasserstein line of 0.1 alarmed on 86 % of unchanged features at 100 rows and on 52 % at 200."""
    tables = [
        pa.table({f"f{n}": np.random.default_rng([side, n]).normal(size=count) for n in range(40)}) for side in (1, 2)
    ]
    profile = detector(ws, *tables).run()
    crossed = [each for each in profile.features if each.wasserstein_distance > 0.1]
    assert len(crossed) > 10
    assert [each.feature for each in profile.features if each.verdict == "alarm"] == []
    assert profile.verdict == "no drift"


def test_what_the_coefficient_cannot_see_is_said_and_the_right_feature_named(ws):
    """Azure's coefficient never exceeded 0.2 for half a standard deviation, and its contributions named another."""
    profile = detector(ws, rows(1000, 1), rows(1000, 2, feature2=0.5), drift_threshold=0.35).run()
    assert not profile.has_drift
    assert profile.verdict == "drift"
    assert "blind to moderate shifts" in str(profile).replace("\n", " ")
    assert max(profile.features, key=lambda each: each.contribution).feature == "feature2"
    assert [each.feature for each in profile.features if each.verdict == "alarm"] == ["feature2"]
