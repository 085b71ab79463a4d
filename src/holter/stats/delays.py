"""How long something takes, seen while some of it has not happened yet."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats

LEAST_AT_RISK: Final = 30
"""Delays that could have been as long as the longest that is believed: beyond, single rows would decide."""


@dataclass(frozen=True, eq=False)
class Delays:
    """The law of a delay up to ``reach``: the share ``through`` of those that take at most ``reach`` is over by ``at``.

    ``n`` delays are behind it.
    """

    at: Floats
    through: Floats
    reach: float
    n: int

    def share(self, ages: npt.ArrayLike) -> Floats:
        """Return the share of delays that is over by each age."""
        place = np.searchsorted(self.at, np.asarray(ages, np.float64), side="right")
        return np.concatenate(([0.0], self.through))[place]

    def quantile(self, share: float) -> float:
        """Return the age by which at least this share is over; an end of the known delays beyond 0 and 1."""
        place = np.searchsorted(self.through, share - 1e-12)
        return float(self.at[min(int(place), len(self.at) - 1)])


def delays_seen(delays: npt.ArrayLike, ages: npt.ArrayLike) -> Delays | None:
    r"""Tell how long labels take when only those are seen that have come.

    .. math:: \frac{F(u^-)}{F(u)} = 1 - \frac{n(u)}{N(u)}, \qquad
              N(u) = \#\{i : d_i \le u \le a_i\}, \quad n(u) = \#\{i : d_i = u\}

    from the longest delay down.

    Parameters
    ----------
    delays
        How long each took, of those that have happened; any unit, not negative.
    ages
        How long each could have taken and still be seen: from its beginning until the last look.

    Returns
    -------
    Delays or None
        The law of a delay, given that it is at most ``reach``, the longest that :data:`LEAST_AT_RISK` rows could have
        shown; None where no delay is.

    Notes
    -----
    Of young records only the quick ones are seen, so that plain quantiles are too short. Source: Lagakos, Barraj, De
    Gruttola, Nonparametric analysis of truncated survival data, with application to AIDS, Biometrika 75 (1988), 515,
    equation 2. Differs: cut at ``reach``, since the ratio is 0 or 1 where one row is at risk.

    Examples
    --------
    >>> seen = delays_seen([1.0] * 60 + [3.0] * 20, [9.0] * 30 + [2.0] * 30 + [9.0] * 20)
    >>> seen.reach, seen.share([1.0]).round(2).tolist()
    (3.0, [0.6])
    """
    taken, old = np.asarray(delays, np.float64), np.asarray(ages, np.float64)
    at, counts = np.unique(taken, return_counts=True)
    risk = np.cumsum(counts) - np.searchsorted(np.sort(old), at, side="left")
    believed = np.flatnonzero(risk >= LEAST_AT_RISK)
    if not len(believed):
        return None
    last = int(believed[-1]) + 1
    at, counts, risk = at[:last], counts[:last], risk[:last]
    kept = 1 - counts / np.maximum(risk, 1)
    through = np.append(np.cumprod(kept[:0:-1])[::-1], 1.0)
    return Delays(at, through, float(at[-1]), int(counts.sum()))


def delays_whole(delays: npt.ArrayLike, weights: npt.ArrayLike) -> Delays | None:
    """Return the law of delays all of which have been seen: each value, ascending, and how often it occurred."""
    at, sizes = np.asarray(delays, np.float64), np.asarray(weights, np.float64)
    n = float(sizes.sum())
    return Delays(at, np.cumsum(sizes) / n, float(at[-1]), round(n)) if n >= LEAST_AT_RISK else None
