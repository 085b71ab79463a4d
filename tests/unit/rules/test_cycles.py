"""Which means are said to follow the calendar."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from holter.rules.cycles import learned_cycles
from holter.types import Span

DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SPANS = [Span(MONDAY + day * DAY, MONDAY + (day + 1) * DAY) for day in range(56)]


def weekly(residuals):
    cycles, _, _ = learned_cycles(SPANS, residuals, np.full(residuals.shape, 300.0), DAY)
    return cycles[-1]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_claimed_where_days_are_alike(seed):
    assert weekly(np.random.default_rng(seed).normal(size=(56, 40))).strong == 0


def test_weekends_that_differ_are_counted():
    residuals = np.random.default_rng(0).normal(size=(56, 40))
    residuals[[5, 6] + [7 * week + day for week in range(1, 8) for day in (5, 6)], :3] += 4.0
    assert weekly(residuals).strong == 3


def test_a_share_that_is_always_nothing_follows_nothing():
    assert weekly(np.full((56, 2), 1e-17) * np.random.default_rng(0).normal(size=(56, 2))).strong == 0
