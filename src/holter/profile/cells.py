"""Fixed cells on the line of numbers, in which the values of a long column are counted instead of sorted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

CELLS: Final = 65_536
"""More leave the cache of a core, fewer are coarser (measured: docs/decisions/014)."""
_COARSE: Final = 4_096
"""Stretches of the line that are divided into cells each by how many values they hold."""
_FINE_BITS: Final = 10
"""Steps of a stretch, as a power of two: more cells than steps it cannot have."""
_STEPS: Final = _COARSE << _FINE_BITS
_MARGIN: Final = 0.15
"""Room left on either side of what cells are laid for, in its own range, so that later values fit as well."""
_EMPTY_SHARE: Final = 0.2
"""Share of the cells that is dealt out evenly, for values that did not come among the first."""
_ROUNDS: Final = 2
"""Times the stretches are divided anew, with more cells where the fullest ones are."""
_GOOD_SHARE: Final = 6e-5
"""Share of the values in the fullest cell that is no reason to look for better cells: half of one in 8192."""
_CHANCE: Final = 9
"""Values by which the fullest of many cells exceeds its share by chance."""
_UNDEALT: Final = 2
"""Kinds of cells that are not dealt out by a sample, and so will not get better by laying them again."""
_BEARABLE: Final = 4
"""Times that by which cells are still worth more than sorting."""
_NEAR: Final = 1000
"""Cells that are finest at the lower end are even up to half of where one value in so many lies."""
_ROUNDING: Final = 4 * float(np.finfo(np.float64).eps)
"""What the arithmetic of a code can move a value by, relative to its distance from where the cells begin."""

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class Cells(Protocol):
    """A map from numbers to whole numbers, that never turns their order round."""

    def codes(self, values: Floats, out: Codes, scratch: Floats) -> None:
        """Write the code of each value to ``out``: not between 0 and the number of cells where it lies outside."""

    def offsets(self, codes: Codes) -> Floats:
        """Return where cells begin, from an origin of its own."""


@dataclass(frozen=True)
class EvenCells:
    """Cells of the same width: for columns without a tail."""

    low: float
    width: float

    def codes(self, values: Floats, out: Codes, scratch: Floats) -> None:
        """Write the cells of values."""
        np.subtract(values, self.low, out=scratch)
        np.multiply(scratch, 1 / self.width, out=scratch)
        np.copyto(out, scratch, casting="unsafe")

    def offsets(self, codes: Codes) -> Floats:
        """Return where cells begin; the first also holds what truncation takes up from the cell below."""
        return np.where(codes > 0, codes, -1) * self.width


@dataclass(frozen=True)
class TailedCells:
    """Cells that grow with the distance from a middle: even within ``scale``, beyond it so many for each doubling.

    The place of a value is the bit pattern of ``scale`` plus its distance from the middle, which is a logarithm with
    straight pieces between powers of two, and costs no logarithm.
    """

    middle: float
    scale: float
    shift: int
    below: int

    def codes(self, values: Floats, out: Codes, scratch: Floats) -> None:
        """Write the cells of values."""
        np.subtract(values, self.middle, out=scratch)
        np.right_shift(scratch.view(np.int64), 63, out=out)
        np.abs(scratch, out=scratch)
        np.add(scratch, self.scale, out=scratch)
        bits = scratch.view(np.int64)
        np.subtract(bits, _bits(self.scale), out=bits)
        np.right_shift(bits, self.shift, out=bits)
        # all ones for a value below the middle: its distance turns into -1, -2, ...
        np.bitwise_xor(out, bits, out=out)
        np.add(out, self.below, out=out)

    def offsets(self, codes: Codes) -> Floats:
        """Return where cells begin, from the middle."""
        away = ((np.abs(codes - self.below) << self.shift) + _bits(self.scale)).view(np.float64) - self.scale
        return np.where(codes < self.below, -away, away)


@dataclass(frozen=True, eq=False)
class DealtCells:
    """Cells dealt out to stretches of the line by how many values they hold, even within a stretch."""

    steps: EvenCells | TailedCells
    first: Codes
    share: Codes

    def codes(self, values: Floats, out: Codes, scratch: Floats) -> None:
        """Write the cells of values."""
        self.steps.codes(values, out, scratch)
        outside = np.flatnonzero(out.view(np.uint64) >= _STEPS)
        stretch = scratch.view(np.int64)
        np.right_shift(out, _FINE_BITS, out=stretch)
        np.bitwise_and(out, (1 << _FINE_BITS) - 1, out=out)
        np.multiply(out, self.share.take(stretch, mode="clip"), out=out)
        np.right_shift(out, _FINE_BITS, out=out)
        np.add(out, self.first.take(stretch, mode="clip"), out=out)
        out[outside] = -1

    def offsets(self, codes: Codes) -> Floats:
        """Return where cells begin."""
        stretch = np.searchsorted(self.first, codes, side="right") - 1
        within = -(-((codes - self.first[stretch]) << _FINE_BITS) // self.share[stretch])
        return self.steps.offsets((stretch << _FINE_BITS) + within)


def widths(cells: Cells) -> Floats:
    """Return for each cell how far apart two values in it can be."""
    if isinstance(cells, EvenCells):
        same = np.full(CELLS, cells.width * (1 + CELLS * _ROUNDING))
        same[0] *= 2  # it also holds what truncation takes up from the cell below
        return same
    with np.errstate(over="ignore", invalid="ignore"):
        edges = cells.offsets(np.arange(CELLS + 1))
        wide = np.diff(edges) + np.maximum(np.abs(edges[1:]), np.abs(edges[:-1])) * _ROUNDING
    return np.where(np.isfinite(wide), wide, np.inf)


def lay_cells(different: Floats, skipped: int = 0) -> Iterator[tuple[int, Cells]]:
    """Yield kinds of cells for sorted, different values, those to try first first; none whose fullest is too full.

    ``skipped`` kinds, the cheapest, were found too coarse before; the dealt ones are tried again all the same.

    Even cells cost half as much as tailed ones and a third of dealt ones, so the first that are good enough come first.
    """
    if len(different) < 2:
        return
    good = len(different) * _GOOD_SHARE + _CHANCE
    found: list[tuple[int, int, Cells]] = []
    kinds = (_even, _tailed, _dealt_even, _dealt_tailed, _dealt_from_below)
    for kind in range(min(skipped, _UNDEALT), len(kinds)):
        cells = kinds[kind](different)
        if cells is None:
            continue
        fullest = int(_counted(cells, different).max())
        if fullest <= good:
            yield kind, cells
        elif fullest <= _BEARABLE * good:
            found.append((fullest, kind, cells))
    yield from ((kind, cells) for _, kind, cells in sorted(found, key=lambda each: each[0]))


def _even(ordered: Floats, cells: int = CELLS) -> EvenCells | None:
    low, high = float(ordered[0]), float(ordered[-1])
    width = (high - low) * (1 + 2 * _MARGIN) / cells
    return EvenCells(low - (high - low) * _MARGIN, width) if _usable(width) else None


def _tailed(ordered: Floats, cells: int = CELLS, around: float = 0.5) -> TailedCells | None:
    # never zero itself: 0.0 and -0.0 would lie on two sides of it
    middle = float(ordered[int(len(ordered) * around)]) or float(np.finfo(np.float64).smallest_subnormal)
    with np.errstate(over="ignore"):
        away = np.abs(ordered - middle)
    away = away[away > 0]
    if not len(away) or away.max() > np.finfo(np.float64).max / 4:
        return None
    place = len(away) // (2 if around else _NEAR)
    scale = float(np.partition(away, place)[place]) / 2
    if not _usable(scale / cells):
        return None
    reach = [_bits(max(float(side), 0.0) * 2 + scale) for side in (middle - ordered[0], ordered[-1] - middle)]
    below, above = (bits - _bits(scale) for bits in reach)
    shift = ((below + above) // (cells - 2)).bit_length()
    return TailedCells(middle, scale, shift, (below >> shift) + 1)


def _usable(width: float) -> bool:
    """Tell whether a width and its inverse are numbers that can be reckoned with."""
    return bool(np.finfo(np.float64).tiny * _STEPS < width < np.finfo(np.float64).max / _STEPS)


def _dealt_even(ordered: Floats) -> DealtCells | None:
    return _dealt(_even(ordered, _STEPS), ordered)


def _dealt_tailed(ordered: Floats) -> DealtCells | None:
    return _dealt(_tailed(ordered, _STEPS), ordered)


def _dealt_from_below(ordered: Floats) -> DealtCells | None:
    """Lay cells that are finest at the lower end, where a gamma or Weibull distribution may have no finite density."""
    return _dealt(_tailed(ordered, _STEPS, around=0), ordered)


def _dealt(steps: EvenCells | TailedCells | None, ordered: Floats) -> DealtCells | None:
    """Deal cells to stretches by their values, and again by their fullest cell, since a stretch need not be even."""
    if steps is None:
        return None
    one_each = DealtCells(steps, np.arange(_COARSE), np.ones(_COARSE, np.int64))
    wanted = _counted(one_each, ordered)[:_COARSE].astype(np.float64)
    cells = _deal(steps, wanted)
    for _ in range(_ROUNDS):
        fullest = np.maximum.reduceat(_counted(cells, ordered), cells.first)
        wanted = np.maximum(wanted, cells.share * fullest * (wanted.sum() / len(ordered)))
        cells = _deal(steps, wanted)
    return cells


def _deal(steps: EvenCells | TailedCells, wanted: Floats) -> DealtCells:
    spare = CELLS * (1 - _EMPTY_SHARE) - _COARSE
    share = 1 + (spare * wanted / wanted.sum()).astype(np.int64) + int(CELLS * _EMPTY_SHARE) // _COARSE
    share = np.minimum(share, 1 << _FINE_BITS)
    return DealtCells(steps, np.cumsum(share) - share, share)


def _counted(cells: Cells, values: Floats) -> npt.NDArray[np.intp]:
    codes = np.empty(len(values), np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        cells.codes(values, codes, np.empty(len(values)))
    return np.bincount(codes[codes.view(np.uint64) < CELLS], minlength=CELLS)


def _bits(number: Any) -> int:
    return int(np.float64(number).view(np.int64))
