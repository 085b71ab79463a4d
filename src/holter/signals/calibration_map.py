"""What a score really means, learned from labels."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.signals.labelled import Floats

CELLS: Final = 40
"""At most this many steps."""
LEAST_IN_CELL: Final = 25
"""Labels a step rests on."""


@dataclass(frozen=True, eq=False)
class CalibrationMap:
    """The rate of positives at each score: rising, linear between the middles of its cells, flat beyond the ends.

    ``rates[i]`` is the label rate near ``scores[i]``, from ``sizes[i]`` labels.

    Notes
    -----
    Scores are cut into cells of equal mass, the label rate of each is made rising by pooling adjacent violators
    (Ayer et al., An empirical distribution function for sampling with incomplete information, 1955, Annals of
    Mathematical Statistics 26:641), and the result is interpolated so that the order of the scores survives. Differs
    from isotonic regression on single rows: fewer steps, each with a size from which its error follows.

    Examples
    --------
    >>> score = np.linspace(0, 1, 200)
    >>> learned = CalibrationMap.fit(score, (score > 0.5).astype(float))
    >>> learned(np.array([0.1, 0.9])).tolist()
    [0.0, 1.0]
    """

    scores: Floats
    rates: Floats
    sizes: Floats

    @classmethod
    def fit(cls, score: Floats, label: Floats) -> "CalibrationMap":
        """Learn it from scores and labels of 0 and 1, at least one of them, in any order."""
        order = np.lexsort((label, score))
        cells = max(1, min(CELLS, len(score) // LEAST_IN_CELL))
        parts = np.array_split(order, cells)
        blocks: list[tuple[float, float, int]] = []
        for part in parts:
            blocks.append((float(score[part].sum()), float(label[part].sum()), len(part)))
            while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
                last, before = blocks.pop(), blocks.pop()
                blocks.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
        sums = np.array(blocks, np.float64)
        return cls(sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 2], sums[:, 2])

    def __call__(self, score: Floats) -> Floats:
        """Return the rate of positives at each score."""
        return np.asarray(np.interp(score, self.scores, self.rates), np.float64)

    def error(self, weights: Floats, score: Floats) -> float:
        r"""Return the variance of :math:`\sum_i w_i m(s_i)` that comes from the labels the map was learned from.

        Each rate is binomial, :math:`(r + 1/2n)(1 - r + 1/2n)/n`, so that a step of all zeros still has an error.
        """
        cell = np.clip(np.searchsorted((self.scores[1:] + self.scores[:-1]) / 2, score), 0, len(self.rates) - 1)
        total = np.bincount(cell, weights=weights, minlength=len(self.rates))
        half = 0.5 / self.sizes
        return float((total**2 * (self.rates + half) * (1 - self.rates + half) / self.sizes).sum())
