"""Random directions that are the same in every process, so that vectors seen apart can be compared."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

DIRECTIONS: Final = 8
"""Directions a vector is projected on. When all vectors of d elements move by s, the mean of a projection moves by
z |s| / sqrt(d), z about standard normal; that all eight hide it (|z| < 1/2) has a chance of .383^8 = .0005."""

_GOLDEN: Final = 0x9E3779B97F4A7C15
_MULTIPLIERS: Final = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Steele, Lea, Flood, Fast splittable pseudorandom number generators (2014), OOPSLA: SplitMix64."""

_SAFE: Final = (1e-280, 1e300)
"""Sums of squares between these have lost nothing to the ends of the range of a double (2e-308 to 1.8e308)."""


def signs(dimension: int) -> npt.NDArray[np.float64]:
    r"""Return a matrix of +1 and -1, one row a direction; its first columns are the same for every dimension.

    Projections are divided by :math:`\sqrt{d}` by those who make them. Entry :math:`r_{ji}` is the lowest bit of
    SplitMix64 at step :math:`8 i + j`.

    References
    ----------
    Achlioptas, Database-friendly random projections (2003), Journal of Computer and System Sciences 66, theorem 1.1:
    signs keep distances as normal variates do.

    Examples
    --------
    >>> signs(3)[:2].tolist(), bool((signs(5)[:, :3] == signs(3)).all())
    ([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]], True)
    """
    steps = np.arange(1, dimension * DIRECTIONS + 1, dtype=np.uint64)
    bits = steps * np.uint64(_GOLDEN)
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(multiplier)
    bits ^= bits >> np.uint64(31)
    flat = 1.0 - 2.0 * (bits & np.uint64(1)).astype(np.float64)
    return np.ascontiguousarray(flat.reshape(dimension, DIRECTIONS).T)


def project(values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    r"""Return the projections :math:`\sum_i r_{ji} x_i / \sqrt{d}` of rows that lie one after the other.

    Parameters
    ----------
    values
        Finite numbers of all rows.
    starts
        Where each row begins; none of them is empty.

    Returns
    -------
    numpy.ndarray
        One row a direction, one column a vector.

    Examples
    --------
    >>> project(np.array([1.0, 2.0, 2.0, 4.0]), np.array([0, 2]))[:2].round(2).tolist()
    [[-2.12, -4.24], [2.12, 4.24]]
    """
    widths = np.diff(starts, append=len(values))
    if not len(widths):
        return np.empty((DIRECTIONS, 0))
    directions = signs(int(widths.max()))
    with np.errstate(over="ignore", invalid="ignore"):  # beyond a double: infinite, and counted as such
        if (widths == widths[0]).all():
            sums = directions @ values.reshape(len(widths), -1).T
        else:
            place = np.arange(len(values)) - np.repeat(starts, widths)
            sums = np.stack([np.add.reduceat(values * row[place], starts) for row in directions])
        return np.asarray(sums / np.sqrt(widths))


def norms(values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the Euclidean length of rows that lie one after the other, without overflow on the way.

    Examples
    --------
    >>> [f"{norm:g}" for norm in norms(np.array([6e200, 8e200, 0.0]), np.array([0, 2]))]
    ['1e+201', '0']
    """
    if not len(starts):
        return np.empty(0)
    with np.errstate(over="ignore", under="ignore"):
        sums = np.add.reduceat(values * values, starts)
    rough = np.flatnonzero((sums < _SAFE[0]) | (sums > _SAFE[1]))
    found = np.sqrt(sums)
    if len(rough):
        widths = np.diff(starts, append=len(values))
        chosen = np.zeros(len(starts), bool)
        chosen[rough] = True
        found[rough] = _scaled_norms(values[np.repeat(chosen, widths)], widths[rough])
    return np.asarray(found)


def _scaled_norms(values: npt.NDArray[np.float64], widths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return norms whose squares leave the range of a double, or come near it."""
    starts = np.cumsum(widths) - widths
    largest = np.maximum.reduceat(np.abs(values), starts)
    scale = np.ldexp(1.0, np.frexp(largest)[1] - 1)  # a power of two: dividing by it rounds nothing
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.sqrt(np.add.reduceat((values / np.repeat(scale, widths)) ** 2, starts)) * scale)
