"""A categorical column as a whole: one quadratic test over its frequent categories."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

NAME: Final = "mix"
PREFIX: Final = "share of "
_LEAST_REST: Final = 0.002
"""Share from which all other categories together are a cell."""
_CALM: Final = 0.25
"""Between-window variance, relative to sampling, up to which the test is used: beyond it the days do not move all
categories alike, and the law of the sum is not known."""


def members_of(keys: Sequence[ContrastKey]) -> dict[ContrastKey, npt.NDArray[np.int64]]:
    """Return the shares of each categorical column that has at least two, by the key of its test."""
    found: dict[ContrastKey, list[int]] = {}
    for place, key in enumerate(keys):
        if key.family is Family.CATEGORICAL and key.name.startswith(PREFIX):
            mix = ContrastKey(Family.CATEGORICAL, key.feature, NAME, segment=key.segment)
            found.setdefault(mix, []).append(place)
    return {mix: np.array(places, np.int64) for mix, places in found.items() if len(places) > 1}


def squared(apart: Floats, share: Floats) -> Floats:
    r"""Return :math:`\sum_c (x_c - p_c)^2 / p_c` over the last axis, the rest of the categories being one cell more."""
    total: Floats = (apart**2 / share).sum(-1)
    rest = 1 - share.sum()
    return total + apart.sum(-1) ** 2 / rest if rest >= _LEAST_REST else total


def cells(share: Floats) -> tuple[int, float]:
    """Return the number of cells and the sum of 1 / p over them."""
    rest = 1 - float(share.sum())
    more = rest >= _LEAST_REST
    return len(share) + more, float((1 / share).sum()) + (1 / rest if more else 0.0)


def mix_tail(statistic: float, share: Floats, variance: Floats, chances: Floats, n: float) -> float:
    r"""Return the tail of the statistic when each cell's share varies by p times one of several variances.

    :math:`Q / v` has mean K - 1 and, for multinomial counts, variance
    :math:`2 (K - 1) + (\sum 1/p - K^2 - 2K + 2) / n`: a gamma law with both, for counts of any size.

    References
    ----------
    Haldane, The exact value of the moments of the distribution of chi-squared (1937), Biometrika 29:133-143.
    """
    from scipy.special import gammaincc

    count, inverse = cells(share)
    mean = max(count - (1 if 1 - float(share.sum()) >= _LEAST_REST or count == 1 else 0), 1)
    spread = max(2 * mean + (inverse - count**2 - 2 * count + 2) / max(n, 1.0), mean)
    return float((chances * gammaincc(mean**2 / spread, statistic / variance * mean / spread)).sum())


def usable(expected_rho: float, n: float, reference: float) -> bool:
    """Tell whether days move the column so little that the law of the sum is known."""
    return expected_rho * max(n / reference, 1.0) < _CALM
