"""Whether windows of late vary more from one to the next than the baseline's did."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.null import Null
from holter.types import Family

Floats = npt.NDArray[np.float64]

REMEMBERED: Final = 14
"""Differences between windows that are looked at: two weeks of days."""
_PRIOR: Final = 24.0
"""Differences that the null's own variance counts for in a column."""
_MOST_ALIKE: Final = 40.0
"""Independent means in a window, at most: columns move together."""
_ALIKE: Final = 3.0
"""Independent means in a column, at most: location, scale and shape."""
_COLUMNS: Final = (Family.NUMERIC, Family.CATEGORICAL)


def differences(null: Null, n: Floats, apart: Floats) -> Floats:
    r"""Return the squared differences of successive windows by column, as multiples of what was expected.

    :math:`(x_t - x_{t-1})^2 / (V_t + V_{t-1})`, averaged over the contrasts of a column. A change that lasts makes one
    large difference, a drift none; a process that is rougher than the baseline makes all of them large.

    Returns
    -------
    ndarray
        One row a pair of windows, one column a group of contrasts; NaN where there are no rows.
    """
    usual = null.reference
    between = null.spread / usual * np.maximum(1.0, usual / np.maximum(n, 1e-9)) * null.expected_rho[0]
    variance = null.spread / np.maximum(n, 1e-9) + between
    both = (n[1:] > 0) & (n[:-1] > 0) & _steady(null)
    square = np.where(both, (apart[1:] - apart[:-1]) ** 2 / (variance[1:] + variance[:-1]), 0.0)
    groups, count = null.groups
    of = np.eye(count)[groups]
    members = both.astype(np.float64) @ of
    return np.where(members > 0, square @ of / np.maximum(members, 1), np.nan)


def _steady(null: Null) -> npt.NDArray[np.bool_]:
    """Return the contrasts whose squares are worth averaging: not those of a few rows."""
    return np.array(
        [
            key.family in _COLUMNS and (not key.share or float(mean) * float(usual) > 3)
            for key, mean, usual in zip(null.keys, null.mean, null.reference, strict=True)
        ],
        bool,
    )


def overall(squares: Floats) -> float:
    """Return the roughness over all columns, drawn to 1 as far as few differences of few columns tell little.

    The largest differences, which a change makes, are left out.
    """
    if not len(squares):
        return 1.0
    there = np.isfinite(squares)
    each = np.where(there, squares, 0.0).sum(1) / np.maximum(there.sum(1), 1)
    each = np.sort(each[there.any(1)])
    kept = each[: _kept(len(each))]
    if not len(kept):
        return 1.0
    columns = int(there.any(0).sum())
    freedom = len(kept) * min(_ALIKE * columns, _MOST_ALIKE)
    return float((_PRIOR + freedom * kept.mean()) / (_PRIOR + freedom))


def _kept(count: int) -> int:
    return count - (0 if count < 3 else 1 if count < 6 else 2)


def unrest(null: Null, squares: Floats) -> Floats:
    """Return by how much each contrast's variance is raised; at least 1.

    The posterior mean of the variance of a column, given its own differences, those of all columns, and the null as
    prior (an inverse gamma law). The largest differences of each are left out.
    """
    groups, count = null.groups
    if not len(squares):
        return np.ones(len(groups))
    late = squares[-REMEMBERED:]
    kept, whole = _kept(len(late)), overall(late)
    ordered = np.sort(np.where(np.isfinite(late), late, np.inf), axis=0)[:kept]
    there = np.isfinite(ordered)
    total = np.where(there, ordered, 0.0).sum(0) / _trimmed(len(late), kept)
    size = np.minimum(np.bincount(groups, minlength=count), _ALIKE)
    each = (_PRIOR * max(whole, 1.0) + size * total) / (_PRIOR + size * there.sum(0))
    found: Floats = np.maximum(np.maximum(each, 1.0), max(whole, 1.0))[groups]
    return found


def _trimmed(every: int, kept: int) -> float:
    """Return the share of their mean that the smallest of some chi-squared values have (three degrees of freedom)."""
    if kept == every:
        return 1.0
    return 1 - 0.55 * math.sqrt(2 * math.log(every)) * (every - kept) / every
