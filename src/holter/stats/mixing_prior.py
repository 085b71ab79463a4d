"""What many means of a kind tell about one of them: an empirical Bayes prior over a grid."""

import numpy as np

from holter.stats.arrays import Floats

_ROUNDS = 60
"""The shares of the prior have settled by then to a thousandth."""


def mixing_prior(likelihoods: Floats, towards: Floats, strength: float) -> Floats:
    r"""Return the shares of a grid's values among many means, given the likelihood of each value for each mean.

    The non-parametric maximum likelihood estimate by EM, drawn towards a given prior as if ``strength`` more means had
    followed it: no value that the given prior allows is ever ruled out by the company a mean keeps.

    .. math:: \pi_g \leftarrow \frac{\sum_c \pi_g L_{cg} / \sum_h \pi_h L_{ch} + s\, b_g}{C + s}

    Parameters
    ----------
    likelihoods
        Log likelihoods, one row a mean.
    towards
        The given prior b; adds up to 1.
    strength
        How many means it counts for.

    References
    ----------
    Laird, Nonparametric maximum likelihood estimation of a mixing distribution (1978), JASA 73:805-811. Differs: the
    pull towards b (a Dirichlet prior), which keeps every value possible.

    Examples
    --------
    >>> flat = np.full(2, 0.5)
    >>> mixing_prior(np.log([[0.9, 0.1]] * 98), flat, 2.0).round(2).tolist()
    [0.99, 0.01]
    """
    prior = towards.copy()
    for _ in range(_ROUNDS):
        prior = (posterior(likelihoods, prior).sum(0) + strength * towards) / (len(likelihoods) + strength)
    return prior


def posterior(likelihoods: Floats, prior: Floats) -> Floats:
    """Return the chance of each value of the grid for each mean; rows add up to 1.

    Examples
    --------
    >>> posterior(np.log([[0.2, 0.2]]), np.array([0.75, 0.25])).round(6).tolist()
    [[0.75, 0.25]]
    """
    if not len(likelihoods):
        return np.empty(likelihoods.shape)
    logs = likelihoods + np.log(np.maximum(prior, 1e-300))
    odds = np.exp(logs - logs.max(1, keepdims=True))
    chances: Floats = odds / odds.sum(1, keepdims=True)
    return chances
