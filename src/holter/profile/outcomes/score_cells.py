"""How many positives and negatives there were at each score, in at most K cells that add up."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile.outcomes.reading import Floats

K: Final = 65_536
"""Cells while a window is read: an area under the curve is then exact to about one part in 100,000."""
STORED_K: Final = 2048
"""Cells that are stored: 64 KB at most, and the bound of an area is about 3 in 10,000."""
FINEST: Final = 40
"""Bits of the finest cells, 1e-12 wide: what lies closer together than that is one score, as are equal ones."""

Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoreCells:
    r"""The labelled rows, counted by score.

    Parameters
    ----------
    scores
        Ascending: each a score that occurred, or the mean score of a cell.
    positives, negatives
        Rows of each class there. Whole numbers, or expected ones.
    bits, keys
        None while every score that occurred is kept by itself. Else the cells are :math:`\lfloor 2^b t(s) \rfloor`
        with ``b = bits``, and ``keys`` are their numbers.

    Notes
    -----
    The axis is :math:`t(s) = \frac2\pi \arcsin\sqrt s`, on which a label has the same standard deviation everywhere
    (Anscombe, The transformation of Poisson, binomial and negative-binomial data, 1948, Biometrika 35:246), so that
    rare events have fine cells where their scores are; scores outside of 0 to 1 follow by logarithms. A cell of b - 1
    bits is two cells of b bits, and bits are given up only when more than k cells are occupied. Since the union of two
    tables occupies no fewer cells than each of them, cutting the sum gives the same cells as cutting the parts first:
    how rows were cut into hours and in which order these were added does not matter.

    Examples
    --------
    >>> cells = ScoreCells.of(np.array([0.2, 0.8, 0.2]), np.array([0.0, 1.0, 1.0]))
    >>> cells.scores.tolist(), cells.positives.tolist(), cells.negatives.tolist()
    ([0.2, 0.8], [1.0, 1.0], [1.0, 0.0])
    """

    scores: Floats
    positives: Floats
    negatives: Floats
    bits: int | None = None
    keys: Keys | None = None

    @classmethod
    def of(cls, scores: Floats, labels: Floats, k: int = K) -> "ScoreCells":
        """Count rows in any order: finite scores, and labels of which those above 0 are positive."""
        positive = labels > 0
        order = np.argsort(scores)
        ordered = scores[order]
        first = _begins(ordered)
        positives = _added(positive[order].astype(np.float64), first)
        sizes = np.diff(np.append(first, len(ordered)))
        return cls(ordered[first], positives, sizes - positives).compressed(k)

    @property
    def exact(self) -> bool:
        """Whether every score that occurred is kept by itself."""
        return self.bits is None

    @property
    def n(self) -> float:
        """How many rows were counted."""
        return float(self.positives.sum() + self.negatives.sum())

    def __add__(self, other: "ScoreCells") -> "ScoreCells":
        """Return the cells of both, as fine as the coarser of them."""
        bits = min((each.bits for each in (self, other) if each.bits is not None), default=None)
        one, two = (each if bits is None else each.at(bits) for each in (self, other))
        return _joined([one, two], bits)

    def compressed(self, k: int) -> "ScoreCells":
        """Return the same with at most k cells, in the finest that are few enough.

        Raises
        ------
        ValueError
            If k is less than 2: scores below 0 never share a cell with the others.
        """
        if k < 2:
            raise ValueError(f"{k} cells are too few; 2 are needed")
        if len(self.scores) <= k:
            return self
        finest = self.at(FINEST if self.bits is None else self.bits)
        assert finest.keys is not None and finest.bits is not None  # noqa: S101, PT018  (cut just now)
        fewer = 0
        while len(_begins(finest.keys >> fewer)) > k:
            fewer += 1
        return finest.at(finest.bits - fewer)

    def at(self, bits: int) -> "ScoreCells":
        """Return the same in cells of so many bits, which are not more than there are; below 0: of many units."""
        if self.bits == bits:
            return self
        keys = _place(self.scores, bits) if self.keys is None or self.bits is None else self.keys >> (self.bits - bits)
        return _summed(self.scores, self.positives, self.negatives, keys, bits)

    @property
    def doubtful_pairs(self) -> float:
        """How many pairs of a positive and a negative are in one cell without being equal: nobody knows their order."""
        return 0.0 if self.exact else float((self.positives * self.negatives).sum())


def _joined(parts: list[ScoreCells], bits: int | None) -> ScoreCells:
    scores = np.concatenate([each.scores for each in parts])
    keys = None if bits is None else np.concatenate([each.keys for each in parts if each.keys is not None])
    order = np.argsort(scores if keys is None else keys, kind="stable")
    positives, negatives = (np.concatenate([getattr(each, side) for each in parts]) for side in _SIDES)
    ordered = scores[order] if keys is None else keys[order]
    if keys is not None:
        return _summed(scores[order], positives[order], negatives[order], ordered, bits)
    first = _begins(ordered)
    return ScoreCells(ordered[first], _added(positives[order], first), _added(negatives[order], first))


_SIDES: Final = ("positives", "negatives")


def _summed(scores: Floats, positives: Floats, negatives: Floats, keys: Keys, bits: int | None) -> ScoreCells:
    """Add up what has one key; keys ascend."""
    first = _begins(keys)
    weights = positives + negatives
    sizes = _added(weights, first)
    means = _added(scores * weights, first) / sizes
    return ScoreCells(means, _added(positives, first), _added(negatives, first), bits, keys[first])


def _place(scores: Floats, bits: int) -> Keys:
    inside = np.clip(scores, 0.0, 1.0)
    axis = 2 / np.pi * np.arcsin(np.sqrt(inside))
    beyond = scores - inside
    axis += np.sign(beyond) * np.log1p(np.abs(beyond))
    return np.floor(np.ldexp(axis, bits)).astype(np.int64)


def _begins(ordered: npt.NDArray[np.float64] | Keys) -> npt.NDArray[np.intp]:
    """Return where the runs of equal values begin."""
    return np.flatnonzero(np.concatenate((np.ones(min(1, len(ordered)), bool), ordered[1:] != ordered[:-1])))


def _added(values: Floats, first: npt.NDArray[np.intp]) -> Floats:
    return np.asarray(np.add.reduceat(values, first) if len(first) else np.zeros(0), np.float64)
