"""What a score really means, learned from labels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.signals.labelled import Floats

CELLS: Final = 200
"""At most about this many steps."""
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
    def fit(cls, score: Floats, label: Floats, weight: Floats | None = None) -> "CalibrationMap":
        """Learn it from scores and labels of 0 and 1, at least one of them, in any order.

        ``weight`` says how much each row counts; the size of a step is then what those weights are worth in rows of
        equal weight (Kish, Survey sampling, 1965, section 11.7).
        """
        weight = np.ones(len(score)) if weight is None else weight
        order = np.lexsort((label, score))
        cells = max(1, min(CELLS, len(score) // LEAST_IN_CELL))
        columns = np.column_stack([weight * score, weight * label, weight, weight**2])[order]
        starts = _starts(score[order], cells)
        blocks: list[Floats] = []
        for block in np.add.reduceat(columns, starts):
            blocks.append(block)
            while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
                blocks[-2:] = [blocks[-2] + blocks[-1]]
        sums = np.array(blocks, np.float64)
        return cls(sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 2], sums[:, 2] ** 2 / sums[:, 3])

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


def _starts(score: Floats, cells: int) -> npt.NDArray[np.intp]:
    """Return where cells of about equal size begin, so that rows of equal score share one."""
    wanted = score[np.linspace(0, len(score), cells, endpoint=False).astype(int)]
    ends = np.searchsorted(score, np.unique(wanted), side="right")
    return np.unique(np.concatenate([[0], np.searchsorted(score, np.unique(wanted)), ends[ends < len(score)]]))
