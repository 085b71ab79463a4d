"""Upper tails of the distributions that tests need.

``scipy.special`` has them too, but its import takes as long as comparing two tables of 100,000 rows.
"""

import math
from typing import Final

_CLOSE: Final = 1e-16
"""Terms of a sum or factors of a fraction that differ from nothing by less than this no longer count."""
_TINY: Final = 1e-300
"""Stands for zero in a denominator of the continued fraction (Numerical Recipes, section 5.2)."""
_TERMS: Final = 100_000
"""More are never needed: their number grows with the root of the degrees of freedom."""
_SMALL: Final = 1.0
"""Below it the series in exp(-pi^2 / 8x^2) takes over, which converges where the other does not."""


def chi_squared_tail(freedom: int, x: float) -> float:
    r"""Tell how often chance alone gives a chi-squared statistic of at least ``x``.

    .. math:: Q(\nu / 2, x / 2) = \frac{1}{\Gamma(\nu / 2)} \int_{x / 2}^\infty t^{\nu / 2 - 1} e^{-t} dt

    Parameters
    ----------
    freedom
        Degrees of freedom, at least 1.
    x
        The statistic, from 0 to infinity.

    Notes
    -----
    Source: Press et al., Numerical Recipes, 3rd edition (2007), equations 6.2.5 (series, below the mean) and 6.2.7
    (continued fraction, above it). Agrees with scipy to 12 digits.

    Examples
    --------
    >>> round(chi_squared_tail(1, 3.841458820694124), 12)
    0.05
    """
    a, half = freedom / 2, x / 2
    if half <= 0:
        return 1.0
    if math.isinf(half):
        return 0.0
    scale = math.exp(a * math.log(half) - half - math.lgamma(a))
    return max(0.0, 1 - scale * _series(a, half)) if half < a + 1 else scale * _fraction(a, half)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, _TERMS):
        term *= x / (a + n)
        total += term
        if term < total * _CLOSE:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """Evaluate by the modified method of Lentz."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for n in range(1, _TERMS):
        step = -n * (n - a)
        b += 2
        d = 1 / ((step * d + b) or _TINY)
        c = (b + step / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < 2 * _CLOSE:
            break
    return value


def kolmogorov_tail(x: float) -> float:
    r"""Tell how often chance alone gives a Kolmogorov-Smirnov distance, times the root of n, of at least ``x``.

    .. math:: 2 \sum_{j \ge 1} (-1)^{j-1} e^{-2 j^2 x^2}
              = 1 - \frac{\sqrt{2 \pi}}{x} \sum_{j \ge 1} e^{-(2 j - 1)^2 \pi^2 / 8 x^2}

    Notes
    -----
    Source: Smirnov, Ann. Math. Stat. 19 (1948), 279, and its transform by the theta function (Marsaglia, Tsang and
    Wang, Evaluating Kolmogorov's distribution, J. Stat. Softw. 8 (2003), 18), which converges where x is small.

    Examples
    --------
    >>> round(kolmogorov_tail(1.3580986393225505), 12)
    0.05
    """
    if x <= 0:
        return 1.0
    if x < _SMALL:
        power = math.pi**2 / (8 * x * x)
        terms = sum(math.exp(-((2 * j - 1) ** 2) * power) for j in range(1, 6))
        return 1 - math.sqrt(2 * math.pi) / x * terms
    series: float = sum((-1.0) ** (j - 1) * math.exp(-2 * j * j * x * x) for j in range(1, 6))
    return 2 * series
