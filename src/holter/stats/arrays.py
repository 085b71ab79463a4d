"""What the numbers of this room are handed over as, and what is left out of them."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def shares(counts: npt.ArrayLike) -> Floats | None:
    """Return counts or weights divided by their sum; None when there is nothing to divide.

    Parameters
    ----------
    counts
        One number a category, not negative, in any scale.

    Examples
    --------
    >>> shares([1, 3]).tolist(), shares([0, 0])
    ([0.25, 0.75], None)
    """
    values = np.asarray(counts, np.float64)
    whole = values.sum()
    return values / whole if whole > 0 else None


def complete(*columns: npt.ArrayLike) -> tuple[Floats, ...]:
    """Return columns of equal length without the rows in which any of them is NaN.

    Examples
    --------
    >>> [column.tolist() for column in complete([0.1, 0.2], [1.0, float("nan")])]
    [[0.1], [1.0]]
    """
    arrays = [np.asarray(column, np.float64) for column in columns]
    there = ~np.isnan(arrays).any(axis=0)
    return tuple(array[there] for array in arrays)
