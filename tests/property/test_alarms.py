"""What holds for any windows: merging, order, and that the same windows never differ."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.rules.budget import Budget
from holter.rules.course import Course
from holter.rules.learning import learn
from holter.rules.null import Null
from holter.rules.stepping import step
from holter.types import ContrastKey, Contrasts, Family, Span

KEYS = (
    ContrastKey(Family.NUMERIC, "x", "location"),
    ContrastKey(Family.NUMERIC, "y", "location"),
    ContrastKey(Family.CATEGORICAL, "c", "missing", share=True),
    ContrastKey(Family.PAIR, "x", "together", "y"),
    ContrastKey(Family.LABEL, None, "loss"),
)
DAY = timedelta(days=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
rows = st.integers(0, 10_000).map(float)
real = st.floats(-1e6, 1e6, allow_nan=False)
share = st.floats(0, 1)
spread = st.floats(0, 1e6)


@st.composite
def contrasts(draw):
    n = np.array([draw(rows) for _ in KEYS])
    mean = np.array([draw(share if key.share else real) for key in KEYS])
    variance = np.array([m * (1 - m) if key.share else draw(spread) for key, m in zip(KEYS, mean, strict=True)])
    skewness = np.array([draw(st.floats(-5, 5)) for _ in KEYS])
    there = n > 0
    return Contrasts(KEYS, n, *(np.where(there, each, 0.0) for each in (mean, variance, skewness)))


def span(number):
    return Span(START + number * DAY, START + (number + 1) * DAY)


@settings(max_examples=40, deadline=None)
@given(st.lists(contrasts(), min_size=1, max_size=6), st.randoms())
def test_merging_does_not_depend_on_order_or_grouping(parts, random):
    whole = Contrasts.total(parts)
    turned = random.sample(parts, len(parts))
    grouped = Contrasts.total([Contrasts.total(turned[:2]), Contrasts.total(turned[2:])])
    scale = max([1.0, *(float(np.abs(part.mean).max()) for part in parts)])
    assert np.array_equal(grouped.n, whole.n)
    assert np.allclose(grouped.mean, whole.mean, atol=1e-9 * scale)
    assert np.allclose(grouped.variance, whole.variance, rtol=1e-6, atol=1e-6 * scale**2)


@settings(max_examples=40, deadline=None)
@given(contrasts())
def test_bytes_bring_everything_back(found):
    assert Contrasts.from_bytes(found.to_bytes()).to_dict() == found.to_dict()


@settings(max_examples=15, deadline=None)
@given(st.lists(contrasts(), min_size=0, max_size=24), st.lists(contrasts(), max_size=4))
def test_no_windows_break_learning_or_judging(before, after):
    null = learn([(span(number), each) for number, each in enumerate(before)], budget=Budget(), every=DAY)
    assert Null.from_dict(null.to_dict()).to_dict() == null.to_dict()
    course = Course.new()
    for number, each in enumerate(after, len(before)):
        course, judgement = step(null, course, span(number), each)
        assert judgement.calibrated or judgement.level is None or not judgement.alarm
        assert all(0 <= finding.p <= finding.threshold for finding in judgement.findings)
    assert Course.from_dict(course.to_dict()).to_dict() == course.to_dict()


@settings(max_examples=15, deadline=None)
@given(contrasts(), st.integers(21, 24))
def test_windows_that_are_all_the_same_never_differ(found, days):
    null = learn([(span(number), found) for number in range(days)], budget=Budget(), every=DAY)
    course = Course.new()
    for number in range(days, days + 5):
        course, judgement = step(null, course, span(number), found)
        assert judgement.findings == ()
