"""How often each class was taken for each other."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.profile.outcomes.reading import Floats

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Confusion:
    """The confusion matrix: only what occurred, so that a thousand classes cost what they show.

    Parameters
    ----------
    classes
        Names in order, each a label or a prediction of some row.
    labels, predictions
        Places among the classes, ascending together.
    counts
        Rows with this label and this prediction: whole numbers, or expected ones.

    Examples
    --------
    >>> counted = Confusion.of(("a", "b"), np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> counted.count("a", "b"), counted.right.tolist(), counted.of_label.tolist(), counted.of_prediction.tolist()
    (1.0, [1.0, 1.0], [2.0, 1.0], [1.0, 2.0])
    """

    classes: tuple[str, ...]
    labels: Places
    predictions: Places
    counts: Floats

    @classmethod
    def of(cls, classes: tuple[str, ...], labels: Places, predictions: Places) -> "Confusion":
        """Count rows by the places of their label and of their prediction; a row in which one is -1 is left out."""
        both = (labels >= 0) & (predictions >= 0)
        return _counted(classes, labels[both], predictions[both], np.ones(int(both.sum())))

    @property
    def n(self) -> int:
        """How many rows were counted."""
        return round(float(self.counts.sum()))

    @property
    def right(self) -> Floats:
        """Rows of each class that were taken for it."""
        same = self.labels == self.predictions
        return self._by(self.labels[same], self.counts[same])

    @property
    def of_label(self) -> Floats:
        """Rows of each class."""
        return self._by(self.labels, self.counts)

    @property
    def of_prediction(self) -> Floats:
        """Rows taken for each class."""
        return self._by(self.predictions, self.counts)

    def count(self, label: str, prediction: str) -> float:
        """Return how many rows of one class were taken for another; 0 also of classes that nobody knows."""
        if label not in self.classes or prediction not in self.classes:
            return 0.0
        place, said = self.classes.index(label), self.classes.index(prediction)
        return float(self.counts[(self.labels == place) & (self.predictions == said)].sum())

    def __add__(self, other: "Confusion") -> "Confusion":
        classes = tuple(sorted({*self.classes, *other.classes}))
        moved = [(each, np.searchsorted(classes, each.classes).astype(np.int64)) for each in (self, other)]
        return _counted(
            classes,
            np.concatenate([to[each.labels] for each, to in moved]),
            np.concatenate([to[each.predictions] for each, to in moved]),
            np.concatenate([each.counts for each, _ in moved]),
        )

    def _by(self, places: Places, counts: Floats) -> Floats:
        return np.bincount(places, weights=counts, minlength=len(self.classes)).astype(np.float64)


def _counted(classes: tuple[str, ...], labels: Places, predictions: Places, counts: Floats) -> Confusion:
    """Add up equal pairs; of classes without a row nothing is kept."""
    cell = labels * len(classes) + predictions
    if len(classes) ** 2 <= max(len(cell), 1):
        sums = np.bincount(cell, weights=counts, minlength=len(classes) ** 2)
        cells = np.flatnonzero(sums)
        sums = sums[cells]
    else:
        cells, place = np.unique(cell, return_inverse=True)
        sums = np.bincount(place, weights=counts, minlength=len(cells))
    labels, predictions = cells // max(len(classes), 1), cells % max(len(classes), 1)
    used = np.union1d(labels, predictions)
    names = tuple(classes[place] for place in used)
    return Confusion(names, np.searchsorted(used, labels), np.searchsorted(used, predictions), sums.astype(np.float64))
