"""How far chance alone moves a distance between two samples."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats import jensen_shannon, population_stability_index
from holter.types import Interval

Z: Final = 1.959963984540054
"""Half width of a 95 % interval in standard errors: the 0.975 quantile of the normal law."""

Counts = npt.NDArray[np.float64]


def jensen_shannon_interval(p: Counts, q: Counts) -> Interval:
    r"""Where does the true Jensen-Shannon distance lie, given the counts of both samples?

    For the divergence D (the squared distance) the delta method gives
    :math:`\sigma^2 = \mathrm{Var}_p(g)/n + \mathrm{Var}_q(h)/m` with :math:`g_i = \tfrac12 \log_2 (2p_i/(p_i+q_i))` and
    h likewise. Where p = q that vanishes, and D is distributed as :math:`c\,\chi^2_{k-1}`, c = (1/n + 1/m) / (8 ln 2):
    its mean (k - 1) c is taken off the lower end and its variance added to both. Then the square root.

    Conservative: the value is biased upward by chance and the upper end leaves that in, so that the interval holds
    the value. Source: Grosse et al., Analysis of symbolic sequences using the Jensen-Shannon divergence (2002),
    Physical Review E 65:041905, equations 20 to 25 for the law under no change.

    Examples
    --------
    >>> interval = jensen_shannon_interval(np.array([50.0, 50.0]), np.array([52.0, 48.0]))
    >>> interval.low
    0.0
    """
    n, m = p.sum(), q.sum()
    a, b = p / n, q / m
    middle = (a + b) / 2
    delta = _variance(a, _log_ratio(a, middle) / 2) / n + _variance(b, _log_ratio(b, middle) / 2) / m
    scale = (1 / n + 1 / m) / (8 * math.log(2))
    value = (jensen_shannon(p, q) or 0.0) ** 2
    low, high = _ends(value, delta, scale, int(np.count_nonzero(middle)) - 1)
    return Interval(math.sqrt(low), min(1.0, math.sqrt(high)))


def stability_interval(p: Counts, q: Counts) -> Interval:
    r"""Where does the true population stability index lie, given the counts of both samples?

    As :func:`jensen_shannon_interval`, with the gradient :math:`\ln (p_i/q_i) + 1 - q_i/p_i` and
    :math:`(1/n + 1/m)\,\chi^2_{k-1}` under no change. Empty cells count half a row here, or the gradient has no end.
    Source: Yurdakul and Naranjo, Statistical properties of the population stability index (2020), Journal of Risk
    Model Validation 14(4), theorem 1.
    """
    n, m = p.sum(), q.sum()
    used = (p + q) > 0
    a, b = np.maximum(p[used], 0.5) / n, np.maximum(q[used], 0.5) / m
    delta = _variance(a, np.log(a / b) + 1 - b / a) / n + _variance(b, np.log(b / a) + 1 - a / b) / m
    smooth = float(((a - b) * np.log(a / b)).sum())
    low, high = _ends(smooth, delta, 1 / n + 1 / m, int(used.sum()) - 1)
    value = population_stability_index(p, q) or 0.0
    return Interval(min(low, value), max(high, value))


def wasserstein_interval(value: float, variance_p: float, n: int, variance_q: float, m: int) -> Interval:
    r"""Where does the true Wasserstein distance lie?

    Its influence function has slope between -1 and 1, so its variance is at most that of the values themselves:
    :math:`\sigma^2 \le s_p^2/n + s_q^2/m` (equality where one distribution is the other, shifted). Conservative.
    Source: del Barrio, Gine, Matran, Central limit theorems for the Wasserstein distance (1999), Annals of Probability
    27:1009-1071, for the limit.
    """
    half = Z * math.sqrt(variance_p / n + variance_q / m)
    return Interval(max(0.0, value - half), value + half)


def _ends(value: float, delta: float, scale: float, freedom: int) -> tuple[float, float]:
    half = Z * math.sqrt(delta + 2 * freedom * scale * scale)
    return max(0.0, value - freedom * scale - half), value + half


def _log_ratio(share: Counts, middle: Counts) -> Counts:
    ratio = np.ones_like(share)
    np.divide(share, middle, out=ratio, where=share > 0)
    return np.asarray(np.log2(ratio), np.float64)


def _variance(share: Counts, gradient: Counts) -> float:
    whole = share.sum()
    mean = float((share * gradient).sum() / whole)
    return float((share * (gradient - mean) ** 2).sum() / whole)
