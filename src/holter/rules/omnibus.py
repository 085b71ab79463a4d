"""A categorical column as a whole: one quadratic test over its frequent categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

NAME: Final = "mix"
PREFIX: Final = "share of "
_EXPECTED: Final = 4.0
"""Rows that a cell must expect; smaller cells are pooled. A gamma law with the right mean and variance is then right in
its far tail to a factor of two (Cochran's rule of five, for a statistic whose variance is corrected)."""
_CALM: Final = 0.25
"""Between-window variance, relative to sampling, up to which the test is used: beyond it the days do not move all
categories alike, and the law of the sum is not known."""


def members_of(keys: Sequence[ContrastKey]) -> dict[ContrastKey, npt.NDArray[np.int64]]:
    """Return the shares of each categorical column that has at least two, by the key of its test; of all rows only."""
    found: dict[ContrastKey, list[int]] = {}
    for place, key in enumerate(keys):
        if key.segment is None and key.family is Family.CATEGORICAL and key.name.startswith(PREFIX):
            mix = ContrastKey(Family.CATEGORICAL, key.feature, NAME, segment=key.segment)
            found.setdefault(mix, []).append(place)
    return {mix: np.array(places, np.int64) for mix, places in found.items() if len(places) > 1}


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a column that expect enough rows; all other categories together are one more, if they do.

    Parameters
    ----------
    kept
        Which of the column's shares are cells.
    share
        Their expected shares.
    rest
        That of all others together; 0 where it is no cell.
    """

    kept: npt.NDArray[np.bool_]
    share: Floats
    rest: float

    @classmethod
    def of(cls, share: Floats, n: float) -> "Cells":
        """Choose the cells for windows of n rows."""
        kept = share * n >= _EXPECTED
        rest = 1 - float(share[kept].sum())
        return cls(kept, share[kept], rest if rest * n >= _EXPECTED else 0.0)

    @property
    def freedom(self) -> int:
        """How many of the cells are free."""
        return len(self.share) - (0 if self.rest else 1)

    def squared(self, apart: Floats) -> Floats:
        r"""Return :math:`\sum_c (x_c - p_c)^2 / p_c` over the last axis."""
        inside = apart[..., self.kept]
        total: Floats = (inside**2 / self.share).sum(-1)
        return total + inside.sum(-1) ** 2 / self.rest if self.rest else total

    @property
    def inverse(self) -> float:
        """The sum of 1 / p."""
        return float((1 / self.share).sum()) + (1 / self.rest if self.rest else 0.0)


def mix_tail(
    statistic: float, cells: Cells, n: float, *, variance: Floats, between: Floats, chances: Floats, freedom: float
) -> float:
    r"""Return the tail of the statistic when each cell's share varies by p times one of several variances.

    :math:`Q / v` has mean K - 1 and, for multinomial counts, variance
    :math:`2 (K - 1) + (\sum 1/p - K^2 - 2K + 2) / n`: a gamma law with both, for counts of any size. What days do may
    move all categories along one direction: then it is one squared t with the whole of the variance between days, and
    its tail is added.

    Parameters
    ----------
    statistic, cells, n
        Q, its cells, and the rows behind it.
    variance, between
        The possible variances of a share by its p, and the part of them that lies between days.
    chances
        The chance of each.
    freedom
        Of the t law between days.

    References
    ----------
    Haldane, The exact value of the moments of the distribution of chi-squared (1937), Biometrika 29:133-143.
    """
    from scipy.special import gammaincc, stdtr

    mean, count = cells.freedom, cells.freedom + 1
    spread = max(2 * mean + (cells.inverse - count**2 - 2 * count + 2) / n, mean)
    sampled = gammaincc(mean**2 / spread, statistic / variance * mean / spread)
    one_way = np.sqrt(statistic / np.maximum(mean * between, 1e-300) * freedom / (freedom - 2))
    return float((chances * (sampled + 2 * stdtr(freedom, -one_way))).sum())


def usable(expected_rho: float, n: float, reference: float) -> bool:
    """Tell whether days move the column so little that the law of the sum is known."""
    return expected_rho * max(n / reference, 1.0) < _CALM
