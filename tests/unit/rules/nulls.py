"""Windows of contrasts drawn from a law that the test knows."""

from datetime import UTC, datetime, timedelta

import numpy as np

from holter.types import ContrastKey, Contrasts, Family, Span

DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
KEYS = tuple(
    ContrastKey(Family.NUMERIC, f"x{number}", name)
    for number in range(6)
    for name in ("location", "scale", "skew", "tails")
)


def day(number, length=DAY):
    return Span(MONDAY + number * length, MONDAY + (number + 1) * length)


def means(rng, n=300, shift=0.0, keys=KEYS):
    """Return contrasts of n rows with variance 1; ``shift`` is added to all, or to each."""
    size = len(keys)
    drawn = rng.normal(0, 1 / np.sqrt(n), size) + shift
    return Contrasts(keys, np.full(size, float(n)), drawn, np.ones(size), np.zeros(size))


def counted(rng, key, n, p):
    share = rng.binomial(n, p) / n
    return Contrasts((key,), np.array([float(n)]), np.array([share]), np.array([share * (1 - share)]), np.zeros(1))


def baseline(rng, days=56, shift=lambda number: 0.0, n=300):
    return [(day(number), means(rng, n, shift(number))) for number in range(days)]
