"""Answers, labels and features of a window, as the estimators of one baseline want them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.outcomes.reading import class_scores, coded, numbers
from holter.signals.feature_encoder import FeatureEncoder
from holter.signals.labelled import Floats
from holter.signals.rows_as_numbers import content_order
from holter.signals.seen import Seen
from holter.types import EVENT_TIME, LABEL, PREDICTION, SCORE, Feature, Task

CLASSES: Final = 50
"""Most classes of a model; with more, a class has too few rows to say anything of."""


@dataclass(frozen=True, eq=False)
class AnswersReader:
    """How rows are read, the same way for the baseline and for every window.

    Parameters
    ----------
    task
        What the model answers.
    classes
        Of several classes: those of the baseline, in order. A window's rows of another class are left out.
    probabilities
        Of several classes: whether the baseline logs a probability for each.
    encoder
        The features.
    """

    task: Task
    classes: tuple[str, ...]
    probabilities: bool
    encoder: FeatureEncoder

    @classmethod
    def of(cls, rows: pa.Table, task: Task, features: tuple[Feature, ...]) -> "AnswersReader | str":
        """Return how rows like these are read, or why they cannot be."""
        classes: tuple[str, ...] = ()
        if task is Task.MULTICLASS:
            try:
                classes, _ = coded(rows, (LABEL, PREDICTION))
            except (pa.ArrowException, ValueError) as error:
                return f"labels or predictions cannot be read: {error}"
            if len(classes) > CLASSES:
                return f"there are {len(classes)} classes; estimates are made for {CLASSES} at most"
        scores = class_scores(rows) if classes else {}
        probabilities = bool(classes) and all(np.isfinite(scores.get(name, np.nan)).any() for name in classes)
        return cls(task, classes, probabilities, FeatureEncoder.fit(rows, features))

    def read(self, rows: pa.Table | None) -> Seen | str:
        """Return the answered rows, labelled or not, without their features; or why there are none."""
        if rows is None:
            return "the window has no rows"
        try:
            found = self._classes(rows) if self.task is Task.MULTICLASS else self._number(rows)
        except (pa.ArrowException, ValueError) as error:
            return f"predictions or scores cannot be read: {error}"
        return found

    def _number(self, rows: pa.Table) -> Seen | str:
        prediction, label = numbers(rows, PREDICTION), _or_nothing(rows, LABEL)
        if self.task is Task.REGRESSION:
            there = np.flatnonzero(np.isfinite(prediction))
            found = Seen.of_numbers(prediction[there], label[there])
            return replace(found, places=there) if len(there) else "the window has no predictions"
        score = numbers(rows, SCORE)
        there = np.flatnonzero(np.isfinite(score))
        decided = np.where(np.isfinite(prediction), prediction > 0.5, score >= 0.5)
        label = np.where(np.isin(label, (0.0, 1.0)), label, np.nan)
        found = Seen.of_binary(score[there], decided[there], label[there])
        return replace(found, places=there) if len(there) else "the window has no scores"

    def _classes(self, rows: pa.Table) -> Seen | str:
        known = pa.array(self.classes, pa.string())
        columns = [
            pc.index_in(pc.cast(rows[name], pa.string()), known).fill_null(-1).to_numpy()
            if name in rows.column_names
            else np.full(rows.num_rows, -1)
            for name in (PREDICTION, LABEL)
        ]
        decided, label = (each.astype(np.intp) for each in columns)
        scores = np.empty((rows.num_rows, 0))
        if self.probabilities:
            found = class_scores(rows)
            nothing = np.full(rows.num_rows, np.nan)
            scores = np.column_stack([found.get(name, nothing) for name in self.classes])
        there = np.flatnonzero((decided >= 0) & np.isfinite(scores).all(axis=1))
        if not len(there):
            lacks = "probabilities of each class" if self.probabilities else "predictions of a class the baseline has"
            return f"the window has no {lacks}"
        seen = Seen.of_classes(scores[there], decided[there], label[there], len(self.classes))
        return replace(seen, places=there)

    def with_features(self, seen: Seen, rows: pa.Table) -> Seen:
        """Return the same rows with their features."""
        assert seen.places is not None  # noqa: S101  (as read)
        return replace(seen, inputs=self.encoder(rows.take(pa.array(seen.places))))


def in_order(seen: Seen, rows: pa.Table) -> tuple[Seen, bool]:
    """Return labelled rows in the order of time, and whether there is one; else in one that looks like chance.

    Either way it depends on what is in the rows alone, not on how they came.
    """
    assert seen.places is not None  # noqa: S101  (as read)
    columns = [*seen.scores.T, seen.decided.astype(np.float64), *np.nan_to_num(seen.outcomes).T]
    columns += [] if seen.inputs is None else list(seen.inputs.T)
    order = content_order(columns)
    timed = EVENT_TIME in rows.column_names and pa.types.is_timestamp(rows.schema.field(EVENT_TIME).type)
    if timed:
        time = pc.cast(rows[EVENT_TIME], pa.int64()).fill_null(0).to_numpy()[seen.places]
        timed = len(np.unique(time)) > 1
        order = order[np.argsort(time[order], kind="stable")] if timed else order
    return seen.take(order), timed


def _or_nothing(rows: pa.Table, name: str) -> Floats:
    try:
        return numbers(rows, name)
    except (pa.ArrowException, ValueError):
        return np.full(rows.num_rows, np.nan)
