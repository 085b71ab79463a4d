"""How far apart the rates of several groups are, and whether that has changed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.stats.intervals import wilson
from holter.types import Interval
from holter.types.measurement import CONFIDENCE

_HALF: Final = 0.5
"""Added to hits and misses where a logarithm of 0 would stand: Haldane (1956) and Anscombe (1956)."""
_Z: Final = 1.959963984540054
"""The 0.975 quantile of the normal law."""


@dataclass(frozen=True)
class Rate:
    """How many of the n rows of a group had something."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share; n must not be 0."""
        return self.hits / self.n

    @property
    def variance(self) -> float:
        """The variance of the share, never 0: a group without a hit may have one the next day."""
        smooth = (self.hits + _HALF) / (self.n + 1)
        return smooth * (1 - smooth) / self.n


def gap(rates: Sequence[Rate]) -> tuple[float, Interval]:
    r"""Tell how far the largest rate of several groups lies above the smallest.

    Parameters
    ----------
    rates
        Of at least two groups, each with rows.

    Returns
    -------
    tuple
        The difference, and an interval of 95 % for it: Newcombe's, from Wilson intervals at the level that holds for
        all pairs of groups together (Bonferroni), since the pair was chosen for being the farthest apart.

    Notes
    -----
    Source: Newcombe, Interval estimation for the difference between independent proportions (1998), Statistics in
    Medicine 17:873-890, method 10.

    Examples
    --------
    >>> value, interval = gap([Rate(30, 100), Rate(50, 100)])
    >>> value, str(interval)
    (0.2, '0.06422 to 0.3258')
    """
    ordered = sorted(rates, key=lambda each: each.value)
    low, high = ordered[0], ordered[-1]
    pairs = len(rates) * (len(rates) - 1) / 2
    level = 1 - (1 - CONFIDENCE) / pairs
    below, above = wilson(low.hits, low.n, level), wilson(high.hits, high.n, level)
    assert below is not None and above is not None  # noqa: S101, PT018  (each has rows)
    value = high.value - low.value
    under = math.hypot(high.value - above.low, below.high - low.value)
    over = math.hypot(above.high - high.value, low.value - below.low)
    return value, Interval(max(0.0, value - under), min(1.0, value + over))


def impact_ratio(rates: Sequence[Rate]) -> tuple[float, Interval] | None:
    r"""Tell which share of the largest rate the smallest is; None where nobody has any.

    The interval is normal in the logarithm, :math:`\sigma^2 = \frac{1-p}{np} + \frac{1-q}{mq}`, half a row added to
    hits and misses, at the level of :func:`gap`'s pairs by its wider quantile.

    Notes
    -----
    Source: Katz, Baptista, Azen and Pike, Obtaining confidence intervals for the risk ratio in cohort studies (1978),
    Biometrics 34:469-474. The rule of four fifths: Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR
    1607.4 D.

    Examples
    --------
    >>> impact_ratio([Rate(30, 100), Rate(50, 100)])[0]
    0.6
    >>> impact_ratio([Rate(0, 100), Rate(0, 100)]) is None
    True
    """
    ordered = sorted(rates, key=lambda each: each.value)
    low, high = ordered[0], ordered[-1]
    if not high.hits:
        return None
    value = low.value / high.value
    smooth = [(each.hits + _HALF) / (each.n + 1) for each in (low, high)]
    spread = math.sqrt(sum((1 - p) / (p * each.n) for p, each in zip(smooth, (low, high), strict=True)))
    half = _quantile(len(rates)) * spread
    middle = math.log(smooth[0] / smooth[1])
    return value, Interval(min(value, math.exp(middle - half)), max(value, min(1.0, math.exp(middle + half))))


def gap_change(now: Sequence[Rate], before: Sequence[Rate]) -> float:
    r"""Tell how likely chance makes the rates of groups move apart, or together, as much as they did.

    Were nothing changed between the groups, all rates would have moved by the same :math:`d`; then

    .. math:: Q = \sum_g \frac{(d_g - \bar d)^2}{\sigma_g^2}, \qquad d_g = p_g - q_g,

    with the weighted mean :math:`\bar d` is chi-squared with one degree of freedom less than there are groups. Unlike
    the difference of two largest differences, it does not grow with the smallness of the window.

    Parameters
    ----------
    now, before
        The same groups in the same order, at least two.

    Notes
    -----
    Source: Cochran, The combination of estimates from different experiments (1954), Biometrics 10:101-129.

    Examples
    --------
    >>> gap_change([Rate(50, 100), Rate(50, 100)], [Rate(500, 1000), Rate(500, 1000)])
    1.0
    >>> gap_change([Rate(20, 100), Rate(50, 100)], [Rate(500, 1000), Rate(500, 1000)]) < 0.001
    True
    """
    from scipy.special import chdtrc  # slow to import

    moved = np.array([one.value - other.value for one, other in zip(now, before, strict=True)])
    weight = 1 / np.array([one.variance + other.variance for one, other in zip(now, before, strict=True)])
    mean = float((weight * moved).sum() / weight.sum())
    statistic = float((weight * (moved - mean) ** 2).sum())
    return float(chdtrc(len(moved) - 1, statistic))


def _quantile(groups: int) -> float:
    from statistics import NormalDist

    pairs = groups * (groups - 1) / 2
    return max(_Z, NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * pairs)))
