"""How often a new mean or count lies so far out, when the variance is known only as a posterior."""

import numpy as np

from holter.stats.arrays import Floats

_NEARLY_SYMMETRIC = 0.02
"""Skewness of a mean below which a normal tail is right to a tenth, out to five standard deviations."""
_TERMS = 512
"""Terms of a binomial tail that are added up; counts that spread wider than a fifth of it are continuous enough."""


def mixture_tail(apart: Floats, variances: Floats, chances: Floats, freedom: Floats) -> Floats:
    r"""Return the two-sided tail of a normal (or t) law whose variance is one of several.

    .. math:: p = \sum_g \pi_g\, 2\,\bar T_\nu\Big(\frac{|x|}{\sqrt{V_g}} \sqrt{\tfrac{\nu}{\nu - 2}}\Big)

    Few days leave a wide posterior, and that alone makes the tails heavy. ``freedom`` is infinite for normal tails.

    Examples
    --------
    >>> mixture_tail(np.array([1.96]), np.array([[1.0, 4.0]]), np.array([[0.5, 0.5]]), np.array([np.inf])).round(3)
    array([0.189])
    """
    from scipy.special import ndtr, stdtr

    z = np.abs(apart)[:, None] / np.sqrt(variances)
    nu = freedom[:, None]
    heavy = np.where(np.isfinite(nu), nu, 1e9)
    tails = np.where(np.isfinite(nu), stdtr(heavy, -z * np.sqrt(heavy / (heavy - 2))), ndtr(-z))
    found: Floats = 2 * (chances * tails).sum(1)
    return np.minimum(found, 1.0)


def skewed_tail(apart: Floats, variances: Floats, chances: Floats, third: Floats) -> Floats:
    r"""Return twice the tail on the side of ``apart`` of a gamma law with these variances and third central moment.

    Pearson's type III: a shifted gamma with the skewness :math:`\gamma = \mu_3 / V^{3/2}`, exact for sums of
    exponentials and of rare events, normal as the skewness goes to 0.

    References
    ----------
    Pearson, Contributions to the mathematical theory of evolution II (1895), Phil. Trans. A 186, type III.

    Examples
    --------
    >>> args = np.array([[1.0]]), np.array([[1.0]])
    >>> [float(skewed_tail(np.array([at]), *args, np.array([1.0]))[0].round(4)) for at in (3.0, -3.0)]
    [0.0207, 0.0]
    """
    from scipy.special import gammainc, gammaincc, ndtr

    skew = third[:, None] / variances**1.5
    skew = np.where(np.abs(skew) < _NEARLY_SYMMETRIC, 0.0, skew)
    z = apart[:, None] / np.sqrt(variances)
    safe = np.where(skew == 0, 1.0, np.abs(skew))
    shape = 4 / safe**2
    # in units in which the long tail lies to the right
    turned = np.where(skew < 0, -z, z)
    at = np.maximum(shape + turned * np.sqrt(shape), 0.0)
    tail = np.where(turned > 0, gammaincc(shape, at), gammainc(shape, at))
    tails = np.where(skew == 0, ndtr(-np.abs(z)), tail)
    found: Floats = 2 * (chances * tails).sum(1)
    return np.minimum(found, 1.0)


def count_tail(count: Floats, n: Floats, share: Floats, overdispersion: Floats, chances: Floats) -> Floats:
    r"""Return twice the tail of a count of yes among n rows, on the side on which it lies.

    The share itself varies around ``share`` with variance :math:`p (1 - p) \varphi`, as a beta law: the count is
    beta-binomial with :math:`\alpha + \beta = 1 / \varphi - 1`. Wide counts are taken as a gamma law of the same three
    moments.

    Parameters
    ----------
    count, n, share
        One for each count; whole numbers or not (merged and weighted windows).
    overdispersion
        The possible values of phi for each count.
    chances
        The chance of each.

    References
    ----------
    Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005), section 6.2.2.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> float(count_tail(5 * one, 100 * one, 0.01 * one, 1e-9 * one[:, None], one[:, None])[0].round(5))
    0.00686
    """
    phi = np.clip(overdispersion, 1e-9, 0.999)
    size = n[:, None]
    variance = size * (share * (1 - share))[:, None] * (1 + (size - 1) * phi)
    wide = np.sqrt(variance.max(1)) > _TERMS / 5
    found = np.ones(len(count))
    if wide.any():
        found[wide] = _wide(count[wide], n[wide], share[wide], phi[wide], variance[wide], chances[wide])
    if (~wide).any():
        found[~wide] = _summed(count[~wide], n[~wide], share[~wide], phi[~wide], chances[~wide])
    return found


def _wide(n_yes: Floats, n: Floats, share: Floats, phi: Floats, variance: Floats, chances: Floats) -> Floats:
    whole = 1 / phi - 1
    a, b, size = share[:, None] * whole, (1 - share)[:, None] * whole, n[:, None]
    skew = (a + b + 2 * size) * (b - a) / (a + b + 2) * np.sqrt((1 + a + b) / (size * a * b * (size + a + b)))
    apart = n_yes - n * share
    apart = np.sign(apart) * np.maximum(np.abs(apart) - 0.5, 0.0)
    third = skew * variance**1.5
    tails = [skewed_tail(apart, variance[:, [g]], np.ones((len(apart), 1)), third[:, g]) for g in range(phi.shape[1])]
    found: Floats = np.minimum((chances * np.stack(tails, 1)).sum(1), 1.0)
    return found


def _summed(count: Floats, n: Floats, share: Floats, phi: Floats, chances: Floats) -> Floats:
    from scipy.special import gammaln

    size, yes = np.round(n), np.round(count)
    up = count >= n * share
    steps = np.arange(_TERMS)
    at = np.where(up[:, None], yes[:, None] + steps, yes[:, None] - steps)
    inside = (at >= 0) & (at <= size[:, None])
    at = np.clip(at, 0, size[:, None])
    ways = gammaln(size + 1)[:, None] - gammaln(at + 1) - gammaln(size[:, None] - at + 1)
    total = np.zeros(len(count))
    for g in range(phi.shape[1]):
        whole = 1 / phi[:, g] - 1
        a, b = (share * whole)[:, None], ((1 - share) * whole)[:, None]
        logs = ways + gammaln(at + a) + gammaln(size[:, None] - at + b) - gammaln(size[:, None] + a + b)
        logs += gammaln(a + b) - gammaln(a) - gammaln(b)
        total += chances[:, g] * np.where(inside, np.exp(np.minimum(logs, 0.0)), 0.0).sum(1)
    return np.minimum(2 * total, 1.0)
