"""Whether windows of late vary more from one to the next than the baseline's did."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.history import grouped
from holter.rules.null import Null

Floats = npt.NDArray[np.float64]

REMEMBERED: Final = 14
"""Differences between windows that are looked at: two weeks of days."""
_PRIOR: Final = 24.0
"""Differences that the null's own variance counts for in a column."""
_MOST_ALIKE: Final = 40.0
"""Independent means in a window, at most: columns move together."""
_ALIKE: Final = 3.0
"""Independent means in a column, at most: location, scale and shape."""


@dataclass(frozen=True, eq=False)
class Unrest:
    r"""The squared differences of successive windows, as multiples of what was expected.

    :math:`(x_t - x_{t-1})^2 / (V_t + V_{t-1})`. A change that lasts makes one large difference, a drift none; a process
    that is rougher than the baseline makes all of them large.

    Parameters
    ----------
    null
        What was expected.
    square
        One row a pair of windows, one column a contrast; 0 where it tells nothing.
    there
        Where it tells something.
    """

    null: Null
    square: Floats
    there: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, null: Null, n: Floats, apart: Floats) -> "Unrest":
        """Compare successive windows; rows and distances have one row a window, oldest first."""
        usual = null.reference
        between = null.spread / usual * np.maximum(1.0, usual / np.maximum(n, 1e-9)) * null.expected_rho[0]
        variance = null.spread / np.maximum(n, 1e-9) + between
        there = (n[1:] > 0) & (n[:-1] > 0) & null.steady
        square = np.where(there, (apart[1:] - apart[:-1]) ** 2 / (variance[1:] + variance[:-1]), 0.0)
        return cls(null, square, there)

    @cached_property
    def by_kind(self) -> Floats:
        """The roughness of each contrast's kind (locations, scales, shares ...) over all columns together.

        1 as expected; drawn to 1 as far as few differences of few columns tell little. The largest differences, which
        a change makes, are left out.
        """
        found = np.ones(len(self.null.keys))
        for places in self.null.kinds:
            members = self.there[:, places].sum(1)
            each = np.sort((self.square[:, places].sum(1) / np.maximum(members, 1))[members > 0])
            kept = each[: _kept(len(each))]
            freedom = len(kept) * min(float(members.max(initial=0)), _MOST_ALIKE)
            if freedom:
                found[places] = (_PRIOR + freedom * kept.mean()) / (_PRIOR + freedom)
        return found

    @property
    def roughness(self) -> float:
        """The roughness of the roughest kind."""
        return float(self.by_kind.max(initial=1.0))

    @cached_property
    def inflation(self) -> Floats:
        """By how much each contrast's variance is raised; at least 1.

        The posterior mean of the variance of a column, given its own differences, those of its kind, and the null as
        prior (an inverse gamma law).
        """
        if not len(self.square):
            return np.ones(len(self.null.keys))
        groups, count = self.null.groups
        members = grouped(self.there.astype(np.float64), groups, count)
        each = np.where(members > 0, grouped(self.square, groups, count) / np.maximum(members, 1), np.inf)
        kept = _kept(len(each))
        ordered = np.sort(each, axis=0)[:kept]
        there = np.isfinite(ordered)
        total = np.where(there, ordered, 0.0).sum(0) / _trimmed(len(each), kept)
        size = np.minimum(np.bincount(groups, minlength=count), _ALIKE)
        prior = np.maximum(self.by_kind, 1.0)
        own = (_PRIOR * prior + (size * total)[groups]) / (_PRIOR + (size * there.sum(0))[groups])
        return _with_pairs(self.null, np.maximum(own, prior))


def _with_pairs(null: Null, found: Floats) -> Floats:
    """Return the inflation, that of a product being the product of its parts': what shifts both shifts the product."""
    made = null.products
    both = made.other >= 0
    place, one, other = made.place[both], made.one[both], made.other[both]
    found[place] = np.maximum(found[place], found[one] * found[other])
    return found


def _kept(count: int) -> int:
    return count - (0 if count < 3 else 1 if count < 6 else 2)


def _trimmed(every: int, kept: int) -> float:
    """Return the share of their mean that the smallest of some chi-squared values have (three degrees of freedom)."""
    if kept == every:
        return 1.0
    return 1 - 0.55 * math.sqrt(2 * math.log(every)) * (every - kept) / every
