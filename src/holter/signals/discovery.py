"""The search for the few segments that stand out, among all values of one column or of two."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.signals.row_cells import Celled, Codes, Floats

FOUND: Final = 3
"""Segments that are named at most: a person follows up a few."""
LEAST: Final = 30
"""Rows on either side of either half, inside the segment and outside, below which it is no candidate."""
CLEAR: Final = 0.05
"""P-value above which only the first is told: what did not show again was chance."""
STRONG: Final = 3.0
"""Standard errors from which a further segment is named; the first is named whatever it is."""
SIMPLER: Final = 1.25
"""How many times stronger two columns together must be than one of them alone: fewer words explain more."""
_CROSSED: Final = 6
"""Columns that are combined: those whose own cells stand out most."""
_CALM: Final = 0.05
"""The variance of a segment is taken to be at least this share of that of all rows: few rows may all be alike."""

Score = Callable[[Codes, Codes, int], tuple[Floats, Floats, Floats]]
"""From the cell of each row on both sides and the number of cells: value, what was expected, and standard error of the
difference, for each cell; NaN where it is no candidate."""
Mask = npt.NDArray[np.bool_]
_Candidate = tuple[tuple[str, ...], int, float]
"""Columns, cell and how strongly it stands out."""


@dataclass(frozen=True)
class Segment:
    """One segment, as the half of the rows that did not choose it sees it.

    Parameters
    ----------
    columns, cell, label
        Where it lies and what it is called.
    value, expected
        The number asked about in the window, and what it would be had the segment changed as all other rows did.
    own_error, error
        Standard errors of ``value`` and of the difference.
    n
        Rows of the segment in the window, in this half.
    """

    columns: tuple[str, ...]
    cell: int
    label: str
    value: float
    expected: float
    own_error: float
    error: float
    n: int

    @property
    def p_value(self) -> float:
        """Return the chance of a difference this large were there none; two-sided, by the normal law.

        Times the number of segments that may be told, so that leaving out those that did not show again costs nothing.
        """
        z = abs(self.value - self.expected) / self.error if self.error else 0.0
        return min(1.0, FOUND * math.erfc(z / math.sqrt(2)))


def loss_segments(both: Celled) -> list[Segment]:
    """Find segments in which the loss grew more than elsewhere, the strongest first; at least one where there is any.

    Half of the rows choose: of all cells of single columns, and of pairs of the columns that stand out most, the one
    whose mean loss grew most beyond that of all other rows, in standard errors; its rows are taken out, and so on. The
    other half measures what was chosen, so its p-values need no correction for the search.

    Parameters
    ----------
    both
        With the loss of each row as its value; rows without one must be left out.
    """
    chooser, judge = both.halves()
    found: list[Segment] = []
    left, seen = _everything(chooser), _everything(judge)
    while len(found) < FOUND:
        measuring = _Half(judge, seen, _losses_of(judge, seen))
        best = _best(_Half(chooser, left, _losses_of(chooser, left)), measuring)
        told = _told(measuring, best, first=not found)
        if told is None:
            return found
        found.append(told)
        left, seen = (_without(half, at, told) for half, at in ((chooser, left), (judge, seen)))
    return found


def share_segments(both: Celled) -> list[Segment]:
    """Find segments whose shares of the rows grew most, the strongest first; at least one where there is any.

    As :func:`loss_segments`; after each, the baseline is weighted so that this segment has the share it has in the
    window: what comes next is what the segments before do not explain.
    """
    chooser, judge = both.halves()
    found: list[Segment] = []
    weights, others = np.ones(chooser.before.n), np.ones(judge.before.n)
    while len(found) < FOUND:
        measuring = _Half(judge, _everything(judge), _shares_of(judge, others))
        best = _best(_Half(chooser, _everything(chooser), _shares_of(chooser, weights)), measuring)
        told = _told(measuring, best, first=not found)
        if told is None:
            return found
        found.append(told)
        weights, others = (_reweighted(half, each, told) for half, each in ((chooser, weights), (judge, others)))
    return found


def _everything(both: Celled) -> tuple[Mask, Mask]:
    return np.ones(both.now.n, bool), np.ones(both.before.n, bool)


@dataclass(frozen=True, eq=False)
class _Half:
    """Half of the rows, which of them are still looked at, and how cells are scored."""

    both: Celled
    left: tuple[Mask, Mask]
    score: Score

    def scored(self, columns: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
        now, before, labels = self.both.group(columns)
        return self.score(now[self.left[0]], before[self.left[1]], len(labels))


def _best(choosing: _Half, measuring: _Half) -> _Candidate | None:
    """Return what stands out most in one half among what the other can measure; None where there is no candidate."""
    single = [_strongest(choosing, measuring, (name,)) for name in choosing.both.features]
    ranked = sorted((each for each in single if each is not None), key=lambda each: (-each[2], each[0]))
    found = ranked[0] if ranked else None
    for pair in _pairs([name for (name,), _, _ in ranked[:_CROSSED]]):
        crossed = _strongest(choosing, measuring, pair)
        if crossed is not None and (found is None or crossed[2] > SIMPLER * found[2]):
            found = crossed
    return found


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return combinations(sorted(names), 2)


def _strongest(choosing: _Half, measuring: _Half, columns: tuple[str, ...]) -> _Candidate | None:
    value, expected, error = choosing.scored(columns)
    # Which cells have enough rows in the other half is looked at, what these rows say is not.
    measurable = np.isfinite(measuring.scored(columns)[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.where((error > 0) & measurable, (value - expected) / error, np.nan)
    if not np.isfinite(strength).any():
        return None
    place = int(np.nanargmax(strength))
    return columns, place, float(strength[place])


def _told(half: _Half, best: _Candidate | None, *, first: bool) -> Segment | None:
    """Measure what the other half chose; None where nothing was chosen, or where it is not worth telling."""
    if best is None or (best[2] < STRONG and not first):
        return None
    told = _measured(half, best[0], best[1])
    return told if first or told.p_value <= CLEAR else None


def _measured(half: _Half, columns: tuple[str, ...], cell: int) -> Segment:
    now, _, labels = half.both.group(columns)
    value, expected, error = (float(each[cell]) for each in half.scored(columns))
    inside = now[half.left[0]] == cell
    own = _own(half.both.now.values[half.left[0]][inside])
    return Segment(columns, cell, labels[cell], value, expected, own, error, int(np.count_nonzero(inside)))


def _own(values: Floats) -> float:
    return float(values.std() / math.sqrt(len(values))) if len(values) and np.isfinite(values).all() else 0.0


def _without(both: Celled, left: tuple[Mask, Mask], told: Segment) -> tuple[Mask, Mask]:
    now, before, _ = both.group(told.columns)
    return left[0] & (now != told.cell), left[1] & (before != told.cell)


def _reweighted(both: Celled, weights: Floats, told: Segment) -> Floats:
    now, before, _ = both.group(told.columns)
    cell = told.cell
    share, was = float(np.mean(now == cell)), float(weights[before == cell].sum() / weights.sum())
    if not 0 < was < 1:
        return weights
    return weights * np.where(before == cell, share / was, (1 - share) / (1 - was))


def _losses_of(both: Celled, left: tuple[Mask, Mask]) -> Score:
    """Score cells by how much more their mean loss grew than that of all other rows."""
    values = both.now.values[left[0]], both.before.values[left[1]]

    def score(now: Codes, before: Codes, cells: int) -> tuple[Floats, Floats, Floats]:
        inside, outside = [], []
        for codes, each in zip((now, before), values, strict=True):
            n, total, squares = _moments(codes, each, cells)
            calm = _CALM * float(each.var()) if len(each) else 0.0
            inside.append(_mean_and_variance(n, total, squares, calm))
            rest = n.sum() - n, total.sum() - total, squares.sum() - squares
            outside.append(_mean_and_variance(*rest, calm))
        expected = inside[1][0] + outside[0][0] - outside[1][0]
        error = np.sqrt(inside[0][1] + inside[1][1] + outside[0][1] + outside[1][1])
        return inside[0][0], expected, error

    return score


def _moments(codes: Codes, values: Floats, cells: int) -> tuple[Floats, Floats, Floats]:
    counts = np.bincount(codes, minlength=cells).astype(np.float64)
    sums, squares = (np.bincount(codes, each, cells).astype(np.float64) for each in (values, values * values))
    return counts, sums, squares


def _mean_and_variance(n: Floats, total: Floats, squares: Floats, floor: float) -> tuple[Floats, Floats]:
    """Return the mean of each cell and the variance of that mean; NaN where there are too few rows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(n >= LEAST, total / n, np.nan)
        variance = np.maximum(squares / n - mean * mean, floor)
        return mean, variance / n


def _shares_of(both: Celled, weights: Floats) -> Score:
    """Score cells by how much their share of the rows grew, or that of all others shrank."""
    rows, size = both.now.n, float(weights.sum()) ** 2 / float((weights * weights).sum()) if len(weights) else 0.0

    def score(now: Codes, before: Codes, cells: int) -> tuple[Floats, Floats, Floats]:
        counts = np.bincount(now, minlength=cells).astype(np.float64)
        share = counts / max(rows, 1)
        was = np.bincount(before, weights, cells) / weights.sum() if size else np.full(cells, np.nan)
        pooled = (counts + was * size) / max(rows + size, 1.0)
        error = np.sqrt(np.maximum(pooled * (1 - pooled), 0.0) * (1 / max(rows, 1) + 1 / max(size, 1.0)))
        few = (counts + was * size < LEAST) | (rows < LEAST) | (size < LEAST)
        return np.where(few, np.nan, share), was, np.where(few, np.nan, error)

    return score
