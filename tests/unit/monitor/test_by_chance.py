"""How often a rule fires though nothing is wrong is told from the baseline's own windows, and by the budget."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.monitor.by_chance import by_chance
from holter.monitor.watch import Watch
from holter.rules import Rule

DAY = timedelta(days=1)
NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture
def watch(desk):
    desk.watch(signals=("data_drift", "performance", "traffic"))
    desk.day(0)
    return Watch.of(desk.shelves, desk.shelves.registry.monitor("daily"), NOW)


def asked(watch, **rule):
    (found,) = by_chance(watch, [Rule("r", **{"metric": "performance.roc_auc"} | rule)])
    return found


def test_a_threshold_in_the_middle_fires_often_and_one_far_away_never(watch):
    often = asked(watch, below=0.77, sure=False)
    rarely = asked(watch, below=0.2, sure=False)
    assert often.windows == rarely.windows == 30
    assert 10 < often.per_quarter < 45
    assert often.fired > 3
    assert rarely.per_quarter < 0.1
    assert rarely.fired == 0
    assert "30 windows of the baseline" in str(often)
    assert "less than 0.001" in str(asked(watch, below=-9.0, sure=False))


def test_a_rule_that_must_last_or_be_sure_fires_less_often_by_chance(watch):
    one = asked(watch, below=0.77, sure=False).per_quarter
    assert asked(watch, below=0.77, sure=False, for_windows=3).per_quarter < one / 2
    assert asked(watch, below=0.77).per_quarter < one / 2


def test_both_sides_and_exact_values_count(watch):
    low, high = asked(watch, below=0.7, sure=False).per_quarter, asked(watch, above=0.9, sure=False).per_quarter
    both = asked(watch, below=0.7, above=0.9, sure=False).per_quarter
    assert both == pytest.approx(low + high, rel=0.2)
    assert asked(watch, metric="performance.positive_rate", equal=-1.0).per_quarter == 0


def test_a_rule_on_every_feature_may_fire_by_any(watch):
    any_of = asked(watch, metric="data_drift.psi", above=0.3, sure=False)
    one = asked(watch, metric="data_drift.psi", above=0.3, sure=False, feature="x")
    assert any_of.per_quarter >= one.per_quarter > 0


def test_a_calibrated_rule_spends_its_share_of_the_budget(watch):
    found = asked(watch, metric="data_drift.psi", calibrated=True)
    assert found.per_quarter == pytest.approx(1.0)
    assert "1 false page per quarter" in str(found)
    assert found.to_dict() == {
        "rule": "r", "per_quarter": found.per_quarter, "fired": 0, "windows": 0, "why": found.why,
    }  # fmt: skip


def test_windows_that_reach_back_are_made_of_the_days_before(desk):
    desk.watch("weekly", signals=("performance",), over=7 * DAY)
    desk.day(0)
    watch = Watch.of(desk.shelves, desk.shelves.registry.monitor("weekly"), NOW)
    week = asked(watch, below=0.77, sure=False)
    assert week.windows == 30
    assert 0 < week.per_quarter < 13


def test_what_cannot_be_told_says_why(desk, watch):
    assert "cannot be told" in str(asked(watch, metric="traffic.error_rate", above=0.1))
    path = desk.shelves.root / "bare.parquet"
    pq.write_table(pa.table(desk.made(500)), path)
    desk.watch("bare", signals=("performance",), baseline=path)
    bare = Watch.of(desk.shelves, desk.shelves.registry.monitor("bare"), NOW)
    assert asked(bare, below=0.7).per_quarter is None
    assert "0 windows with event times" in asked(bare, below=0.7).why


def test_before_anything_has_happened_nothing_can_be_told(desk):
    desk.watch(signals=("performance",))
    watch = Watch.of(desk.shelves, desk.shelves.registry.monitor("daily"), NOW)
    assert asked(watch, below=0.7).per_quarter is None
