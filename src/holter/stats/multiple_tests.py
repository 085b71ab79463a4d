"""P-values of many tests, adjusted so that one level holds for all of them together."""

from typing import Any

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats


def bonferroni(p_values: npt.ArrayLike) -> Floats:
    r"""Tell which p-values remain, when each test gets an equal part of the level.

    .. math:: \tilde p_i = \min(1, m p_i)

    Parameters
    ----------
    p_values
        One for each of the m tests, without NaN, dependent in any way.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values in the same order: the chance of any false alarm is at most the level they are held against.

    Notes
    -----
    Source: Dunn, Multiple comparisons among means, JASA 56 (1961), 52.

    Examples
    --------
    >>> bonferroni([0.01, 0.02, 0.6]).tolist()
    [0.03, 0.06, 1.0]
    """
    p = np.asarray(p_values, np.float64)
    adjusted: Floats = np.minimum(p * len(p), 1.0)
    return adjusted


def holm(p_values: npt.ArrayLike) -> Floats:
    r"""Tell which p-values remain, when each test shares the level only with those not yet decided.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) p_{(j)})

    Parameters
    ----------
    p_values
        One for each of the m tests, without NaN, dependent in any way.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values in the same order, never above those of :func:`bonferroni`, with the same promise.

    Notes
    -----
    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6 (1979), 65.

    Examples
    --------
    >>> holm([0.01, 0.02, 0.6]).tolist()
    [0.03, 0.04, 0.6]
    """
    p = np.asarray(p_values, np.float64)
    order: Any = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.minimum(p[order] * np.arange(len(p), 0, -1), 1.0))
    adjusted = np.empty_like(p)
    adjusted[order] = stepped
    return adjusted
