"""What a row comes to, from labelled rows that are weighted to look like the window."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from holter.signals.boosting import fitted, predicted
from holter.signals.labelled import Floats
from holter.signals.mapped_outcomes import MappedOutcomes
from holter.signals.seen import Seen

MOST: Final = 4_000
"""Rows of each side from which the weights are learned, at most."""
LABELLED: Final = 40_000
"""Labelled rows that are weighted, at most, evenly spaced in time."""
HEAVIEST: Final = 20.0
"""Largest weight of a row: a few rows must not speak for all."""

_SURE: Final = 1e-3
"""Chances of a side are kept this far from 0 and 1."""
_TELLING: Final[Mapping[str, Any]] = {
    "max_iter": 25,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
}


@dataclass(frozen=True, eq=False)
class ReweightedOutcomes:
    r"""The map of scores (or predictions), learned again for each window.

    Boosting tells labelled rows from those of the window; :math:`w(x, s) = P(window | x, s) / P(labelled | x, s)`,
    scaled to mean 1, is the ratio of densities. The map is then learned with these weights, so that it is right for
    rows as they are in the window. Weights of a half of the labelled rows come from a model of the other half.

    References
    ----------
    Białek et al., Estimating model performance under covariate shift without labels (2024), arXiv 2401.08348,
    section 3 (PAPE). Differs: weights from the other half, and clipped (they use those of the rows themselves); the
    map has steps of many rows where they boost.
    """

    rows: Seen
    categorical: list[bool]

    @classmethod
    def fit(cls, rows: Seen, categorical: list[bool]) -> "ReweightedOutcomes":
        """Keep the labelled rows; ``categorical`` says which features are codes of categories."""
        few = np.linspace(0, len(rows.decided), min(LABELLED, len(rows.decided)), endpoint=False).astype(int)
        return cls(rows.take(few), categorical)

    def expect(self, rows: Seen) -> Floats:
        """Return chances, or expected losses, for these rows as a window."""
        return self.learned(rows).expect(rows)

    def error(self, rows: Seen, weights: Floats) -> float:
        """Return the error of the map: weights make it rest on fewer rows."""
        return self.learned(rows).error(rows, weights)

    def learned(self, rows: Seen) -> MappedOutcomes:
        """Return the map for a window."""
        before, after = self.rows.everything(), rows.everything()
        after = after[_chosen(after)]
        weight = np.empty(len(before))
        half = np.arange(len(before)) % 2 == 0
        for one in (half, ~half):
            other = np.flatnonzero(~one)
            few = other[np.linspace(0, len(other), min(MOST, len(other)), endpoint=False).astype(int)]
            model = self._told_apart(before[few], after)
            inside = np.clip(predicted(model, before[one], classes=True)[:, 1], _SURE, 1 - _SURE)
            ratio = inside / (1 - inside)
            weight[one] = np.minimum(ratio / ratio.mean(), HEAVIEST)
        return MappedOutcomes.fit(self.rows, weight / weight.mean())

    def _told_apart(self, before: Floats, after: Floats) -> Any:
        sides = np.repeat([0, 1], [len(before), len(after)])
        # no weights of the sides: they would only scale the ratio, and make binning slow
        return fitted(np.vstack([before, after]), sides, self.categorical, classes=True, **_TELLING)


def _chosen(matrix: Floats) -> Any:
    """Return at most :data:`MOST` rows in an order that depends on what is in them alone."""
    order = np.lexsort(matrix.T)
    return order[np.linspace(0, len(order), min(MOST, len(order)), endpoint=False).astype(int)]
