"""What moves one mean moves others: the least between-day variance of each contrast, given that of its relatives."""

from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.history import Table, by_group
from holter.stats.between_variance import LARGEST, RHO
from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

_MOVES: Final = 0.1
"""A contrast's rho is at least this share of the largest in its column; a pair's half of it of its columns'."""
_MOVES_SHARE: Final = 0.7
"""The same for a share of one half; of a rare category less."""


def floors(table: Table, chances: Floats, reference: Floats) -> Floats:
    r"""Return the least rho of each contrast.

    Parameters
    ----------
    table
        The baseline's windows.
    chances
        The posterior of each contrast's own rho.
    reference
        Rows of a usual window.

    Notes
    -----
    A column: what shifts its location changes its other moments. Pairs: when days shift both columns, independently,
    the product of the shifts is a shift of the product, with variance :math:`\tau_a^2 \tau_b^2`; it is taken out of
    the mean product (:class:`holter.rules.own_part.Products`), and a tenth of it is left for what is not taken out.
    """
    rho = chances @ RHO
    tau = rho * table.spread / reference
    floor = _of_columns(table, rho)
    places = {key: place for place, key in enumerate(table.keys)}
    for place, key in enumerate(table.keys):
        least = _least(key, places, tau)
        floor[place] = min(max(floor[place], least * reference[place] / table.spread[place]), LARGEST)
    return floor


def _of_columns(table: Table, rho: Floats) -> Floats:
    count = int(table.groups.max(initial=-1)) + 1
    most = by_group(rho, table.groups, count)[table.groups]
    shares = np.array([key.share for key in table.keys], bool)
    p = np.where(shares, (1 - np.sqrt(np.maximum(1 - 4 * table.spread, 0))) / 2, 0.0)
    return np.where(shares, _MOVES_SHARE * np.minimum(1, 1.6 * np.sqrt(p)) * most, _MOVES * most)


def _least(key: ContrastKey, places: dict[ContrastKey, int], tau: Floats) -> float:
    """Return the least between-day variance that a pair owes to its columns."""
    if key.family is Family.PAIR:
        sides = [places.get(_location(name, key)) for name in (key.feature, key.other)]
        known = [side for side in sides if side is not None]
        if len(known) < 2:
            return 0.0
        return max(_MOVES * float(tau[known[0]] * tau[known[1]]), *(_MOVES / 2 * float(tau[side]) for side in known))
    return 0.0


def _location(feature: str | None, key: ContrastKey) -> ContrastKey:
    return ContrastKey(Family.NUMERIC, feature, "location", segment=key.segment)
