"""How often something happened, and whether that is more or less often than before."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats import wilson
from holter.types import Evidence, Measurement, Verdict

EXACT_UP_TO: Final = 10_000
"""Hits in both samples together up to which the test is exact; beyond, the normal approximation agrees."""
TEST: Final = "two-sample test of rates"


def rate(
    signal: str, metric: str, hits: int, n: int, baseline: tuple[int, int] | None = None, *, feature: str | None = None
) -> Measurement:
    """Measure a rate with its Wilson interval, against the rate of the baseline.

    Parameters
    ----------
    signal, metric, feature
        What it is the rate of.
    hits, n
        How many of how many. With ``n`` = 0 the rate is undefined.
    baseline
        The same two numbers of the baseline; None or of no rows: no evidence.

    Examples
    --------
    >>> measured = rate("data_quality", "null_rate", 30, 100, (50, 1000))
    >>> measured.value, measured.evidence.baseline, measured.evidence.p_value < 1e-9
    (0.3, 0.05, True)
    """
    if not n:
        return Measurement.unanswered(signal, metric, Verdict.UNDEFINED, "there are no rows to count", feature=feature)
    evidence = None
    if baseline is not None and baseline[1] > 0:
        before = baseline[0] / baseline[1]
        p = rates_p_value(hits, n, *baseline)
        evidence = Evidence(p, TEST, hits / n - before, before)
    return Measurement(signal, metric, hits / n, n, feature=feature, interval=wilson(hits, n), evidence=evidence)


def rates_p_value(hits: int, n: int, other_hits: int, other_n: int) -> float:
    r"""Return the chance that two samples of one population differ this much in a rate; two-sided.

    Exact: given ``hits + other_hits``, the hits of the first are hypergeometric; twice the smaller tail. Beyond
    :data:`EXACT_UP_TO` hits (or misses) the pooled z test. Normal approximations alone would fail where it matters: two
    hits in 200 against none in 20,000 have z = 14 and happen once in 10,000 times.

    References
    ----------
    Fisher, The logic of inductive inference (1935), Journal of the Royal Statistical Society 98:39-82.

    Examples
    --------
    >>> round(rates_p_value(2, 200, 0, 20_000), 6)
    0.000195
    """
    total, size = hits + other_hits, n + other_n
    if total in (0, size):
        return 1.0
    if min(total, size - total) > EXACT_UP_TO:
        pooled = total / size
        z = (hits / n - other_hits / other_n) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
        return math.erfc(abs(z) / math.sqrt(2))
    low, high = max(0, total - other_n), min(n, total)
    possible = np.arange(low, high + 1)
    others = _log_choices(other_n, total - high, total - low)[::-1]
    chances = np.exp(_log_choices(n, low, high) + others - _log_choices(size, total, total))
    tails = chances[possible >= hits].sum(), chances[possible <= hits].sum()
    return float(min(1.0, 2 * min(tails)))


def _log_choices(n: int, low: int, high: int) -> npt.NDArray[np.float64]:
    """Return the logarithms of n over k for k from ``low`` to ``high``: each from the one before."""
    k = np.arange(low, high)
    first = math.lgamma(n + 1) - math.lgamma(low + 1) - math.lgamma(n - low + 1)
    return first + np.concatenate(([0.0], np.cumsum(np.log((n - k) / (k + 1)))))


def outside_p_value(outside: int, n: int, baseline_n: int) -> float:
    r"""Return the chance that at least this many of n rows lie outside the range of the baseline.

    For independent draws of one continuous distribution the mass outside the extremes of m rows is Beta(2, m - 1)
    (David and Nagaraja, Order Statistics (2003), 2.3), so the count is beta-binomial; its tail is a sum of at most
    ``outside`` terms. With ties, as in whole numbers, the chance is smaller still.

    Examples
    --------
    >>> outside_p_value(0, 100, 1000), round(outside_p_value(3, 100, 1000), 4)
    (1.0, 0.0027)
    """
    if not outside or baseline_n < 2:
        return 1.0
    fewer = np.arange(outside - 1)
    whole = n + baseline_n
    # the beta functions of (k + 2, n - k + m - 1) over that of (2, m - 1), again each from the one before
    first = math.log((baseline_n - 1) * baseline_n / (whole - 1) / whole)
    betas = first + np.concatenate(([0.0], np.cumsum(np.log((fewer + 2) / (whole - fewer - 2)))))
    logs = _log_choices(n, 0, outside - 1) + betas
    return float(np.clip(1.0 - np.exp(logs).sum(), 0.0, 1.0))
