"""Means over rows that no single column tells: products of ranks, residuals and losses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.signals.column_cells import CategoryCells, NumberCells
from holter.types import LABEL, PREDICTION, SCORE, ContrastKey, Contrasts, Family, Task

Floats = npt.NDArray[np.float64]

MOST_PAIRED: Final = 40
"""Columns of numbers that are paired (780 pairs); those of the schema that come first."""
_CLIP: Final = 1e-4
"""Scores closer to 0 or 1 are taken for this: one row must not cost more than 9.2."""
_FARTHEST: Final = 10.0
"""Absolute errors beyond so many units count as that many."""


def numbers(table: pa.Table, name: str) -> Floats:
    """Return a column as doubles; NaN for null, for infinities and where there is no such column of numbers."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    try:
        plain = pc.cast(table.column(name), pa.float64(), safe=False).combine_chunks()
    except (pa.ArrowException, TypeError):
        return np.full(table.num_rows, np.nan)
    values = np.array(pc.fill_null(plain, math.nan).to_numpy(zero_copy_only=False), np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def pair_contrasts(rows: pa.Table, columns: Sequence[NumberCells], weights: Floats | None = None) -> Contrasts:
    """Return the mean products of first scores: how columns of numbers go together.

    Parameters
    ----------
    rows
        The rows, or a sample of them.
    columns
        Which columns; at most :data:`MOST_PAIRED` take part.
    weights
        How many rows each stands for; None for one.
    """
    used = columns[:MOST_PAIRED]
    names = list(combinations([cells.feature for cells in used], 2))
    keys = tuple(ContrastKey(Family.PAIR, a, "together", b) for a, b in names)
    if not keys:
        return Contrasts.empty()
    scores = np.column_stack([cells.first(numbers(rows, cells.feature)) for cells in used])
    return _products(keys, scores, np.triu_indices(len(used), 1), np.ones(len(scores)) if weights is None else weights)


def _products(
    keys: tuple[ContrastKey, ...],
    scores: Floats,
    places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    weights: Floats,
    factor: Floats | None = None,
) -> Contrasts:
    """Return weighted means of the products of columns, over the rows that have both, each times a factor."""
    there = np.isfinite(scores)
    plain = np.where(there, scores, 0.0)
    factor = np.ones(len(scores)) if factor is None else factor
    n = ((there * weights[:, None]).T @ there.astype(np.float64))[places]
    first, second, third = (
        ((plain**power * (weights * factor**power)[:, None]).T @ plain**power)[places] for power in (1, 2, 3)
    )
    return from_sums(keys, n, first, second, third)


def from_sums(keys: tuple[ContrastKey, ...], n: Floats, first: Floats, second: Floats, third: Floats) -> Contrasts:
    """Return contrasts from how many rows there are, and the sums of values, squares and cubes."""
    rows = np.where(n > 0, n, 1.0)
    mean, square, cube = first / rows, second / rows, third / rows
    variance = np.maximum(square - mean**2, 0.0)
    apart = cube - 3 * mean * square + 2 * mean**3
    skewness = np.where(variance > 1e-12, apart / np.maximum(variance, 1e-12) ** 1.5, 0.0)
    return Contrasts(keys, n.astype(np.float64), mean, variance, skewness)


@dataclass(frozen=True)
class Answers:
    """How a window's labels are set against what the model said.

    Parameters
    ----------
    task
        What the model answers.
    unit
        By what residuals of a regression are divided: their spread in the baseline.
    scored
        Whether the score is compared, and not the prediction.
    """

    task: Task
    unit: float = 1.0
    scored: bool = False

    @classmethod
    def of(cls, rows: pa.Table, task: Task) -> "Answers":
        """Look at the baseline."""
        scored = task is Task.BINARY and bool(np.isfinite(numbers(rows, SCORE)).any())
        residual = cls(task, 1.0, scored).residuals(rows)
        spread = float(np.nanstd(residual)) if task is Task.REGRESSION and np.isfinite(residual).any() else 1.0
        return cls(task, spread or 1.0, scored)

    def residuals(self, rows: pa.Table) -> Floats:
        """Return label minus answer, in units; of several classes 1 for wrong; NaN where either is missing."""
        if self.task is Task.MULTICLASS:
            return _wrong(rows)
        return (numbers(rows, LABEL) - numbers(rows, SCORE if self.scored else PREDICTION)) / self.unit

    def losses(self, rows: pa.Table) -> Floats:
        """Return log loss of a score, absolute error otherwise."""
        if not self.scored:
            return np.minimum(np.abs(self.residuals(rows)), _FARTHEST)
        label, score = numbers(rows, LABEL), np.clip(numbers(rows, SCORE), _CLIP, 1 - _CLIP)
        return -(label * np.log(score) + (1 - label) * np.log1p(-score))


def _wrong(rows: pa.Table) -> Floats:
    if LABEL not in rows.column_names or PREDICTION not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    label, answer = (pc.cast(rows.column(name), pa.string()) for name in (LABEL, PREDICTION))
    wrong = pc.cast(pc.not_equal(label, answer), pa.float64())
    return numbers(pa.table({"wrong": wrong}), "wrong")


def label_contrasts(
    rows: pa.Table, answers: Answers, columns: Sequence[NumberCells], categories: Sequence[CategoryCells]
) -> Contrasts:
    """Return residuals and losses: alone, by score, by column, by category and by pairs of columns.

    A model whose answers stay right on the whole, and no longer are where a column is high, shows here and nowhere
    else.
    """
    residual, loss = answers.residuals(rows), answers.losses(rows)
    known = np.isfinite(residual)
    table = rows.filter(pa.array(known)) if not known.all() else rows
    residual, loss = residual[known], loss[known]
    singles: list[tuple[ContrastKey, Floats]] = [
        (ContrastKey(Family.LABEL, None, "residual"), residual),
        (ContrastKey(Family.LABEL, None, "loss"), loss),
    ]
    used = columns[:MOST_PAIRED]
    ranked = [cells.first(numbers(table, cells.feature)) for cells in used]
    singles += [
        (ContrastKey(Family.LABEL, cells.feature, "residual by rank"), residual * rank)
        for cells, rank in zip(used, ranked, strict=True)
    ]
    for cells in categories:
        singles += [(key, np.where(inside, residual, np.nan)) for key, inside in _memberships(table, cells)]
    names = list(combinations([cells.feature for cells in used], 2))
    pairs = tuple(ContrastKey(Family.LABEL, a, "residual by ranks", b) for a, b in names)
    found = [_means(singles)]
    if pairs:
        places = np.triu_indices(len(used), 1)
        found.append(_products(pairs, np.column_stack(ranked), places, np.ones(len(residual)), residual))
    return Contrasts.joined(found)


def _memberships(table: pa.Table, cells: CategoryCells) -> list[tuple[ContrastKey, npt.NDArray[np.bool_]]]:
    """Return which rows are in each frequent category."""
    keys = [ContrastKey(Family.LABEL, cells.feature, f"residual of {name}") for name in cells.frequent]
    if cells.feature not in table.column_names:
        return [(key, np.zeros(table.num_rows, bool)) for key in keys]
    values = pc.cast(table.column(cells.feature), pa.string())
    place = numbers(
        pa.table({"at": pc.cast(pc.index_in(values, pa.array(cells.frequent, pa.string())), pa.float64())}), "at"
    )
    return [(key, place == index) for index, key in enumerate(keys)]


def _means(singles: Sequence[tuple[ContrastKey, Floats]]) -> Contrasts:
    values = np.stack([each for _, each in singles])
    there = np.isfinite(values)
    plain = np.where(there, values, 0.0)
    sums = [np.asarray((plain**power).sum(1), np.float64) for power in (1, 2, 3)]
    return from_sums(tuple(key for key, _ in singles), there.sum(1).astype(np.float64), *sums)
