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
_MOST_EVENTS: Final = 0.12
"""Share of the blocks beyond which what stands out is not an event but the way the column is."""
_EVERYWHERE: Final = 3
"""Columns that stand out at once from which an event is one of all columns."""
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
        """Return which blocks stand out, in which contrasts (all of a column at once)."""
        z = self.standing
        usual = np.maximum(_MAD * np.median(np.abs(z), axis=0), 1.0) if len(z) else np.ones(z.shape[1])
        out = (np.abs(z) > _OUT * usual) & ~np.array([_rare(key) for key in self.keys], bool)
        of = np.eye(int(self.groups.max(initial=-1)) + 1, dtype=bool)[self.groups]
        by_group = out.astype(np.float64) @ of > 0
        by_group &= by_group.mean(0) <= _MOST_EVENTS if len(z) else True
        singles = np.array([key.family in (Family.NUMERIC, Family.CATEGORICAL) for key in self.keys], bool)
        column = np.unique(self.groups[singles])
        everywhere = by_group[:, column].sum(1) >= _EVERYWHERE
        found: npt.NDArray[np.bool_] = by_group[:, self.groups] | everywhere[:, None]
        return found

    def merged(self, length: int, without: npt.NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
        """Return mean residual and rows of every stretch of so many blocks; left out is what is without."""
        rows = self.rows if without is None else np.where(without, 0.0, self.rows)
        if len(rows) < length:
            return np.empty((0, rows.shape[1])), np.empty((0, rows.shape[1]))
        n, total = (_sliding(each, length) for each in (rows, rows * self.residual))
        return np.where(n > 0, total / np.maximum(n, 1e-9), 0.0), n


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


def families(keys: Sequence[ContrastKey]) -> list[tuple[Family, bool]]:
    """Return the kind of each contrast: those of a kind are learned together."""
    return [(key.family, key.share) for key in keys]
