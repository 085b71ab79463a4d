"""How the false alarms of a window are divided over what is looked at."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

SPENT: Final = 0.8
"""Share of the level that is given out: the rest is for what the learned null leaves out."""
NOW: Final = 0.4
"""Share that goes to the newest window alone; the other scales divide the rest equally."""
WEIGHTS: Final = {
    Family.NUMERIC: 0.35,
    Family.CATEGORICAL: 0.30,
    Family.PAIR: 0.15,
    Family.LABEL: 0.20,
    Family.METRIC: 0.20,
}
"""What the families get, as shares of what all that are there get."""
MIX: Final = 0.5
"""Share of the categorical family that goes to the tests of whole columns."""
WHOLE: Final = 0.6
"""Share for all rows together; the segments divide the rest."""


def allotted(keys: Sequence[ContrastKey], level: float, scales: int, mixes: Counter[str | None]) -> Floats:
    """Return the level of each contrast at each scale.

    Parameters
    ----------
    keys
        The contrasts.
    level
        Of the window.
    scales
        How many scales are judged.
    mixes
        How many whole categorical columns are tested, by segment.

    Returns
    -------
    ndarray
        One row a scale, one column a contrast. With :func:`mix_level` they add up to :data:`SPENT` of the level
        (Bonferroni): whatever depends on whatever, the level holds.
    """
    sizes = Counter((key.segment, key.family) for key in keys)
    each = np.array([_share(sizes, key) / sizes[key.segment, key.family] for key in keys], np.float64)
    halved = [1 - MIX if key.family is Family.CATEGORICAL and mixes[key.segment] else 1.0 for key in keys]
    return np.outer(_over_scales(level, scales), each * halved)


def mix_levels(keys: Sequence[ContrastKey], level: float, scales: int, mixes: Sequence[str | None]) -> Floats:
    """Return the level of each test of a whole categorical column, given the segment of each."""
    sizes, columns = Counter((key.segment, key.family) for key in keys), Counter(mixes)
    share = [MIX * _weight(sizes, segment, Family.CATEGORICAL) / columns[segment] for segment in mixes]
    return np.outer(_over_scales(level, scales), np.array(share, np.float64))


def _over_scales(level: float, scales: int) -> Floats:
    if scales == 1:
        return np.array([level * SPENT])
    return level * SPENT * np.array([NOW, *[(1 - NOW) / (scales - 1)] * (scales - 1)])


def _share(sizes: Counter[tuple[str | None, Family]], key: ContrastKey) -> float:
    return _weight(sizes, key.segment, key.family)


def _weight(sizes: Counter[tuple[str | None, Family]], segment: str | None, family: Family) -> float:
    there = sum(WEIGHTS[other] for slice_, other in sizes if slice_ == segment)
    slices = {slice_ for slice_, _ in sizes}
    if len(slices) == 1:
        part = 1.0
    elif None not in slices:
        part = 1 / len(slices)
    else:
        part = WHOLE if segment is None else (1 - WHOLE) / (len(slices) - 1)
    return part * WEIGHTS[family] / there
