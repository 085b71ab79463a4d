"""The windows of a baseline as a table: which stand out, and what merges of them are like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

_OUT: Final = 4.8
"""Robust standard deviations beyond which a block stands out: one in half a million of a normal law."""
_EVERYWHERE: Final = 3
"""Columns that must stand out at once to make an event, such as a holiday or a promotion. One column that stands out
alone is the way that column is: its days have heavy tails."""
_MAD: Final = 1.4826
"""Median absolute deviation of a normal law, inverted."""


@dataclass(frozen=True, eq=False)
class Table:
    """Blocks by contrasts.

    Parameters
    ----------
    keys, groups
        The contrasts, and a number for what moves together.
    residual
        How far each block's mean is from what was expected of it.
    rows
        Rows behind it; 0 where there are none.
    spread
        Variance of a row.
    """

    keys: tuple[ContrastKey, ...]
    groups: npt.NDArray[np.int64]
    residual: Floats
    rows: Floats
    spread: Floats

    @property
    def standing(self) -> Floats:
        """Residuals in standard errors of their rows alone; 0 without rows."""
        found: Floats = self.residual * np.sqrt(self.rows / self.spread)
        return found

    def events(self) -> npt.NDArray[np.bool_]:
        """Return which blocks are events: days on which several columns stand out at once."""
        z = self.standing
        usual = np.maximum(_MAD * np.median(np.abs(z), axis=0), 1.0) if len(z) else np.ones(z.shape[1])
        single = np.array([key.family in _COLUMNS and not _rare(key) for key in self.keys], bool)
        out = (np.abs(z) > _OUT * usual) & single
        columns = grouped(out.astype(np.float64), self.groups, int(self.groups.max(initial=-1)) + 1) > 0
        found: npt.NDArray[np.bool_] = columns.sum(1) >= _EVERYWHERE
        return found

    def kurtosis(self, kept: Floats) -> tuple[Floats, Floats]:
        """Return the excess kurtosis of each contrast's blocks, and the standard error of one of a normal law."""
        square = (self.residual * np.sqrt(kept / self.spread)) ** 2
        days = np.maximum((kept > 0).sum(0), 1)
        second = np.maximum(square.sum(0) / days, 1e-12)
        return (square**2).sum(0) / days / second**2 - 3 + 6 / days, np.sqrt(24 / days)

    def merged(self, length: int, without: npt.NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
        """Return mean residual and rows of every stretch of so many blocks; left out is what is without."""
        rows = self.rows if without is None else np.where(without[:, None], 0.0, self.rows)
        if len(rows) < length:
            return np.empty((0, rows.shape[1])), np.empty((0, rows.shape[1]))
        n, total = (_sliding(each, length) for each in (rows, rows * self.residual))
        return np.where(n > 0, total / np.maximum(n, 1e-9), 0.0), n


_COLUMNS: Final = (Family.NUMERIC, Family.CATEGORICAL)


def _rare(key: ContrastKey) -> bool:
    """Tell whether a single row can make a block stand out."""
    return key.share and key.name in ("unseen", "missing", "rare")


def _sliding(values: Floats, length: int) -> Floats:
    sums = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    found: Floats = sums[length:] - sums[:-length]
    return found


def by_group(values: Floats, groups: npt.NDArray[np.int64], count: int) -> Floats:
    """Return the largest value of each group."""
    found = np.zeros(count)
    np.maximum.at(found, groups, values)
    return found


def grouped(values: Floats, groups: npt.NDArray[np.int64], count: int) -> Floats:
    """Return the sums over each group, row by row."""
    found = np.empty((len(values), count))
    for place, row in enumerate(values):
        found[place] = np.bincount(groups, row, minlength=count)
    return found


def families(keys: Sequence[ContrastKey]) -> list[tuple[Family, bool]]:
    """Return the kind of each contrast: those of a kind are learned together."""
    return [(key.family, key.share) for key in keys]


def hits(out: npt.NDArray[np.bool_], scale: int) -> npt.NDArray[np.bool_]:
    """Return which stretches of so many blocks hold an event."""
    sums = np.concatenate([[0], np.cumsum(out)])
    found: npt.NDArray[np.bool_] = sums[scale:] - sums[:-scale] > 0
    return found
