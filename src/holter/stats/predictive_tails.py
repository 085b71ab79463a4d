"""How often a new mean or count lies so far out, when the variance is known only as a posterior."""

import numpy as np

from holter.stats.arrays import Floats

_NEARLY_SYMMETRIC = 0.02
"""Skewness of a mean below which a normal tail is right to a tenth, out to five standard deviations."""
_TERMS = 512
"""Terms of a binomial tail that are added up; counts that spread wider than a fifth of it are continuous enough."""


def mixture_tail(apart: Floats, variances: Floats, between: Floats, chances: Floats, freedom: Floats) -> Floats:
    r"""Return the two-sided tail of the sum of a normal and a t law, whose variances are one of several pairs.

    .. math:: p = \sum_g \pi_g \Big[ 2 \bar\Phi\Big(\frac{|x|}{\sqrt{V_g}}\Big)
              + 2 \bar T_\nu\Big(\frac{|x|}{\sqrt{B_g}} \sqrt{\tfrac{\nu}{\nu - 2}}\Big) \Big]

    Rows make the normal part; days the part with variance B, of which only as many draws were seen as there were days,
    so that its tails are not known to be light. Far out the tail of a sum is that of its heavier part, nearer that of a
    normal law with the whole variance; their sum bounds both. Few days leave a wide posterior, and that alone makes
    the tails heavier.

    Parameters
    ----------
    apart
        How far out, one for each mean.
    variances, between
        The whole variance and that between days, one column a possible value.
    chances
        The chance of each.
    freedom
        Degrees of freedom of the part between days; above 2.

    References
    ----------
    Feller, An Introduction to Probability Theory and Its Applications II (1971), section VIII.8, for tails of sums.

    Examples
    --------
    >>> args = np.array([[0.0, 3.0]]), np.array([[0.5, 0.5]]), np.array([14.0])
    >>> mixture_tail(np.array([1.96]), np.array([[1.0, 4.0]]), *args).round(3)
    array([0.309])
    """
    from scipy.special import ndtr, stdtr

    size, nu = np.abs(apart)[:, None], freedom[:, None]
    standing = size / np.sqrt(np.maximum(between, 1e-300)) * np.sqrt(nu / (nu - 2))
    tails = ndtr(-size / np.sqrt(variances)) + stdtr(nu, -standing)
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
