"""How the values of a long column are distributed, told in one pass without sorting it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from holter.profile.cells import CELLS, Cells, lay_cells, widths
from holter.profile.ranks import RankSummary, common_type, total_spread
from holter.profile.scratch import scratch

FIRST: Final = 32_768
"""Values that are kept and sorted; a column of more is counted in cells laid over the first of them."""
_SAMPLE: Final = 16_384
"""Values over which cells are laid."""
_SECOND_SAMPLE: Final = 65_536
"""Values over which they are laid where those are too few to find cells that serve."""
_BLOCK: Final = 32_768
"""Values worked on at a time, so that they stay in the cache from one step to the next."""
_FULL: Final = 1.5e-4
"""Share of the rows that the fullest cell may hold: rather than coarser, a chunk is sorted. About a rank in 8192."""
_CHANCE: Final = 24
"""Rows by which the fullest cell may exceed that by chance."""
_TAIL: Final = 0.02
"""Share of a chunk outside of the cells from which on they do not fit it."""
_MANY_NEW: Final = 0.2
"""Share of the cells below which it is quicker to look up the rows of the new ones."""
_OUTLIERS: Final = 5e-4
"""Share of the sample on either side that cells are not laid over: few far values would make all cells wide."""
_TIED: Final = 0.9
"""Share of different values among the first below which equal values are expected and looked for."""
_SORTED: Final = 16_384
"""Values kept of a chunk that was sorted, and of all such chunks together."""
_WHOLE: Final = 2**53
"""Up to here float64 holds every whole number (IEEE 754: 53 bits of significand)."""

Numbers = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class RankReading:
    """Collects values in any number of chunks and summarises their ranks.

    The first 32,768 are kept, and sorted at the end. A longer column is counted in 65,536 cells, each of which
    remembers one value that fell into it; what lies outside is kept as it is. Where the cells do not fit (the data
    moved, or most of it is one spot), the chunk is sorted, and new cells are laid over it. What a rank may be wrong by
    is known at every step: the rows of the fullest cell that are not equal to its value.
    """

    def __init__(self, k: int, first: int = FIRST) -> None:
        self._k, self._most = k, first
        self._first: list[Numbers] = []
        self._counting: _Counting | None = None
        self._parts: list[RankSummary] = []
        self._unfit = False
        self._kind = self._skipped = 0

    def add(self, values: Numbers, *, whole: bool) -> None:
        """Take in finite values; they are copied where they are kept.

        Parameters
        ----------
        values
            Doubles, or whole numbers (int64, uint64) of which some are too large for doubles.
        whole
            Whether they are whole numbers, be it as doubles.
        """
        counting = self._counting
        if counting is not None and values.dtype.kind == "f" and counting.whole == whole:
            if not counting.add(values):
                self._keep(counting.summary())
                self._counting = None
                self._skipped = self._kind + 1 if counting.full else 0
                self._begin(values, whole=whole)
            return
        kept = values.astype(np.int64) if whole and values.dtype.kind == "f" else values.copy()
        self._first.append(kept)
        if sum(map(len, self._first)) > self._most:
            block = _together(self._first)
            self._first = []
            # whole numbers and others together are no whole numbers any more
            whole = block.dtype.kind != "f"
            self._begin(block.astype(np.float64) if whole and _is_double(block) else block, whole=whole)

    def summary(self) -> RankSummary:
        """Return the ranks of all values so far."""
        parts = list(self._parts)
        if self._counting is not None:
            parts.append(self._counting.summary())
        if self._first or not parts:
            parts.append(RankSummary.of(_together(self._first)))
        return RankSummary.total(parts)

    def _begin(self, values: Numbers, *, whole: bool) -> None:
        """Lay cells over a chunk and count it, and those to come; sort it where no cells serve."""
        if not self._unfit and values.dtype.kind == "f":
            for size in (_SAMPLE, _SECOND_SAMPLE):
                different, tied = _sample(values, size)
                for kind, cells in lay_cells(different, self._skipped):
                    self._counting, self._kind = _Counting(cells, whole=whole, tied=tied), kind
                    if self._counting.add(values):
                        return
            self._counting = None
            # a constant stretch says nothing about the next one
            self._unfit = len(different) > 1
        self._keep(RankSummary.of(values.astype(np.int64) if whole and values.dtype.kind == "f" else values))

    def _keep(self, part: RankSummary) -> None:
        self._parts.append(part.compressed(max(_SORTED, 4 * self._k)))
        if sum(len(part.values) for part in self._parts) > 4 * max(_SORTED, 4 * self._k):
            self._parts = [RankSummary.total(self._parts).compressed(max(_SORTED, 4 * self._k))]


def _sample(values: Floats, size: int) -> tuple[Floats, bool]:
    """Return the different values among some, far ones left out, and whether equal ones are to be expected."""
    sample = np.sort(values[:: max(len(values) // size, 1)])
    left_out = int(len(sample) * _OUTLIERS)
    sample = sample[left_out : len(sample) - left_out]
    different = sample[np.append(True, sample[1:] != sample[:-1])]
    return different, len(different) < _TIED * len(sample)


def _together(blocks: list[Numbers]) -> Numbers:
    if len(blocks) < 2:
        return blocks[0] if blocks else np.empty(0)
    return np.concatenate(blocks, dtype=common_type(blocks), casting="unsafe")


def _is_double(wholes: Numbers) -> bool:
    return max(abs(int(wholes.min())), abs(int(wholes.max()))) <= _WHOLE


class _Counting:
    """Values counted in fixed cells."""

    def __init__(self, cells: Cells, *, whole: bool, tied: bool) -> None:
        self.whole, self.full = whole, False
        self._cells, self._tied = cells, tied
        self._n = 0
        self._counts = np.zeros(CELLS + 1, np.int64)
        self._others = np.zeros(CELLS + 1, np.int64)
        self._values = np.full(CELLS + 1, np.nan)
        self._outside: list[Floats] = []
        self._tails = RankSummary.of(np.empty(0))

    def add(self, values: Floats) -> bool:
        """Count values; False, and nothing counted, where too many lie in one cell or outside of all."""
        codes = self._codes(values)
        outside = (codes.view(np.uint64) >= CELLS).nonzero()[0]
        codes[outside] = CELLS
        if len(outside) > _TAIL * len(values):
            return False
        counts = scratch("counts", CELLS + 1, np.int64)
        np.copyto(counts, self._counts)
        np.add.at(counts, codes, 1)
        limit = _FULL * (self._n + len(values)) + _CHANCE
        if not self._tied:
            if counts[:CELLS].max() > limit:
                self.full = True
                return False
            self._note_values(values, codes, counts)
        elif not self._note_ties(values, codes, limit):
            return False
        np.copyto(self._counts, counts)
        self._n += len(values)
        self._keep_outside(values[outside])
        return True

    def _note_values(self, values: Floats, codes: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> None:
        """Give each cell that is no longer empty one of its values."""
        new = counts > 0
        new &= self._counts == 0
        fresh = np.count_nonzero(new)
        if not fresh:
            return
        if fresh > _MANY_NEW * CELLS:
            self._values[codes] = values
            return
        rows = new.take(codes).nonzero()[0]
        self._values[codes[rows]] = values[rows]

    def _keep_outside(self, values: Floats) -> None:
        self._outside.append(values)
        if sum(map(len, self._outside)) > CELLS:
            self._tails = RankSummary.total([self._tails, RankSummary.of(np.concatenate(self._outside))])
            self._tails, self._outside = self._tails.compressed(_SORTED), []

    def _codes(self, values: Floats) -> npt.NDArray[np.int64]:
        codes = scratch("codes", len(values), np.int64)
        room = scratch("block", min(_BLOCK, len(values)))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(values), _BLOCK):
                block = values[start : start + _BLOCK]
                self._cells.codes(block, codes[start : start + _BLOCK], room[: len(block)])
        return codes

    def _note_ties(self, values: Floats, codes: npt.NDArray[np.int64], limit: float) -> bool:
        """Count the rows that differ from the value of their cell; the first one of a cell gives it its value."""
        known = self._values.copy()
        differ = (known.take(codes, out=scratch("known", len(codes)), mode="clip") != values).nonzero()[0]
        if len(differ):
            rows, places = values[differ], codes[differ]
            new = np.isnan(known[places])
            known[places[new]] = rows[new]
            places = places[known[places] != rows]
            others = self._others + np.bincount(places, minlength=CELLS + 1)
            if others[:CELLS].max() > limit:
                self.full = True
                return False
            self._others = others
        self._values = known
        return True

    def summary(self) -> RankSummary:
        """Return the ranks: tails as they are, and one value for each cell."""
        filled = np.flatnonzero(self._counts[:CELLS])
        counts, values = self._counts[filled], self._values[filled]
        others = self._others[filled] if self._tied else counts - 1
        with np.errstate(over="ignore", invalid="ignore"):
            spread = float(np.where(others > 0, widths(self._cells)[filled] * others, 0.0).sum())
        inside = RankSummary(values, counts, int(others.max(initial=0)), spread)
        outside = RankSummary.of(np.concatenate(self._outside) if self._outside else np.empty(0))
        found = _joined(RankSummary.total([self._tails, outside]), inside)
        return (
            RankSummary(found.values.astype(np.int64), found.weights, found.error, found.spread)
            if self.whole
            else found
        )


def _joined(tails: RankSummary, inside: RankSummary) -> RankSummary:
    """Put cells between the values outside of them: a rank is wrong by the error of one of the two, never of both."""
    if not len(inside.values):
        return tails
    cut = int(np.searchsorted(tails.values, inside.values[0]))
    values: Floats = np.concatenate((tails.values[:cut], inside.values, tails.values[cut:]))
    weights = np.concatenate((tails.weights[:cut], inside.weights, tails.weights[cut:]))
    spread = total_spread((tails.spread, inside.spread))
    return RankSummary(values, weights, max(tails.error, inside.error), spread)
