"""Scores in cells: all that an estimate from the scores alone needs of a window, and what adds up over windows."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from holter.signals.labelled import Floats
from holter.signals.seen import Seen
from holter.stats.log_loss import CLIP
from holter.types import Task

QUANTILES: Final = 512
"""Cells between quantiles of the baseline's scores."""
STEPS: Final = 256
"""Cells of equal width, and as many of equal width in log odds, for scores where the baseline has few."""


@dataclass(frozen=True, eq=False)
class ScoreGrid:
    """Where the cells of scores begin and end, laid at the baseline.

    Examples
    --------
    >>> grid = ScoreGrid.of(np.linspace(0, 1, 101))
    >>> rows = Seen.of_binary(np.array([0.5, 0.5, 0.9]), np.array([1, 1, 1]), np.full(3, np.nan))
    >>> cells = grid.cells(rows)
    >>> cells.scores.ravel().tolist(), cells.weights.tolist()
    ([0.5, 0.9], [2.0, 1.0])
    """

    edges: Floats

    @classmethod
    def of(cls, score: Floats) -> "ScoreGrid":
        """Lay cells at the scores of a baseline, at least one."""
        edges = [np.quantile(score, np.linspace(0, 1, QUANTILES + 1), method="lower")]
        edges.append(np.linspace(min(0.0, score.min()), max(1.0, score.max()), STEPS + 1))
        odds = np.linspace(np.log(CLIP), -np.log(CLIP), STEPS + 1)
        edges.append(1 / (1 + np.exp(-odds)))
        return cls(np.unique(np.concatenate(edges)))

    def cells(self, rows: Seen) -> Seen:
        """Return the cells that have rows, each as one row at its mean score that stands for as many; outcomes unknown.

        Cells of two windows, one after the other, are the cells of both together.
        """
        assert rows.task is Task.BINARY  # noqa: S101  (other answers are not put into cells)
        score, weight = rows.scores[:, 0], rows.weight
        cell = 2 * np.searchsorted(self.edges, score, side="right") + rows.decided
        count = np.bincount(cell, weight)
        there = np.flatnonzero(count)
        # by decision, too: a level of the score is that of its cell, whatever was decided
        level = np.bincount(cell // 2, weight * score) / np.maximum(np.bincount(cell // 2, weight), 1)
        nothing = np.full((len(there), 2), np.nan)
        scores = level[there // 2][:, None]
        return replace(Seen(Task.BINARY, scores, there % 2, nothing), weights=count[there].astype(np.float64))


def merged(parts: list[Seen]) -> Seen:
    """Return the cells of several windows as those of one."""
    return Seen(
        Task.BINARY,
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.decided for part in parts]),
        np.concatenate([part.outcomes for part in parts]),
        weights=np.concatenate([part.weight for part in parts]),
    )
