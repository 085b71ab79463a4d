"""Intervals for shares and for means."""

import math

import numpy as np
import numpy.typing as npt

from holter.types import Interval
from holter.types.measurement import CONFIDENCE


def wilson(k: float, n: float, level: float = CONFIDENCE) -> Interval | None:
    r"""Tell where the true share lies, when k of n rows had something.

    .. math:: \frac{k + z^2/2}{n + z^2} \pm \frac{z}{n + z^2} \sqrt{\frac{k (n - k)}{n} + \frac{z^2}{4}}

    Parameters
    ----------
    k
        Rows that had it, from 0 to n.
    n
        All rows.
    level
        Coverage, between 0 and 1.

    Returns
    -------
    Interval or None
        Within 0 to 1, never of length 0, also at k = 0 and k = n; None when n is 0.

    Notes
    -----
    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209.

    Examples
    --------
    >>> print(wilson(0, 100))
    0 to 0.03699
    """
    if n <= 0:
        return None
    z = _normal_quantile((1 + level) / 2)
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    # at the ends the formula is exactly 0 or 1, the arithmetic only nearly so
    return Interval(max(middle - half, 0.0) if k else 0.0, min(middle + half, 1.0) if k < n else 1.0, level)


def poisson(k: float, level: float = CONFIDENCE) -> Interval:
    r"""Tell where the expected number of events lies, when k were counted.

    .. math:: k + z^2/2 \pm z \sqrt{k + z^2/4}

    Parameters
    ----------
    k
        Events counted, not negative.
    level
        Coverage, between 0 and 1.

    Notes
    -----
    The values of the mean that a score test does not reject: Wilson's argument for counts. Source: Barker, A comparison
    of nine confidence intervals for a Poisson parameter, The American Statistician 56 (2002), 85, equation 3.

    Examples
    --------
    >>> print(poisson(10))
    5.432 to 18.41
    """
    z = _normal_quantile((1 + level) / 2)
    half = z * math.sqrt(k + z * z / 4)
    return Interval(max(0.0, k + z * z / 2 - half), k + z * z / 2 + half, level)


def normal_interval(mean: float, se: float, level: float = CONFIDENCE) -> Interval:
    r"""Tell where the true value lies, when the estimate is nearly normal.

    .. math:: \text{mean} \pm z_{(1 + \text{level})/2} \cdot \text{se}

    Parameters
    ----------
    mean
        The estimate.
    se
        Its standard error, not negative.
    level
        Coverage, between 0 and 1.

    Notes
    -----
    Source: Lehmann, Elements of Large-Sample Theory, section 4.1.

    Examples
    --------
    >>> print(normal_interval(0.7, 0.01))
    0.6804 to 0.7196
    """
    half = _normal_quantile((1 + level) / 2) * se
    return Interval(mean - half, mean + half, level)


def mean_with_error(values: npt.ArrayLike) -> tuple[float, float] | None:
    r"""Tell the mean of independent values, and how sure it is (its standard error).

    .. math:: \bar x, \qquad \sqrt{\frac{\sum_i (x_i - \bar x)^2}{n (n - 1)}}

    Parameters
    ----------
    values
        One number a row; NaN is left out.

    Returns
    -------
    tuple of float or None
        Mean and standard error; None with fewer than two values, which do not tell how much they vary.

    Notes
    -----
    Source: Lehmann, Elements of Large-Sample Theory, example 2.1.1.

    Examples
    --------
    >>> mean, se = mean_with_error([1.0, 2.0, 3.0])
    >>> mean, round(se, 4)
    (2.0, 0.5774)
    """
    array = np.asarray(values, np.float64)
    array = array[~np.isnan(array)]
    if len(array) < 2:
        return None
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array)))


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist  # as slow to import as ten files of ours

    return NormalDist().inv_cdf(share)
