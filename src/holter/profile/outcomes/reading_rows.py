"""From records to the sums of their outcomes, task by task.

The moments that are kept, by subject:

=============  ====================================================================================================
``labels``     two classes, all labelled rows: ``label``
``chances``    rows with probabilities: ``log_loss``, ``brier``; of two classes ``gap`` (score less label), ``label``
``residual``   numbers: ``error`` (prediction less label), ``absolute``, ``squared``, ``symmetric``, ``label``,
               ``label_square`` (both from the origin)
``logarithm``  rows whose label and prediction are above -1: ``squared``
``relative``   rows whose label is not 0: ``absolute``
``interval``   rows with both ends of an interval: ``inside``, ``width``
=============  ====================================================================================================
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile.outcomes.co_moments import CoMoments
from holter.profile.outcomes.confusion import Confusion
from holter.profile.outcomes.outcomes import Outcomes
from holter.profile.outcomes.reading import Floats, class_scores, coded, numbers
from holter.profile.outcomes.score_cells import ScoreCells
from holter.profile.outcomes.waits import Waits
from holter.profile.ranks import K as RANKS_K
from holter.profile.ranks import RankSummary
from holter.stats import brier_losses, log_losses
from holter.stats.log_loss import CLIP
from holter.types import LABEL, LOWER, PREDICTION, SCORE, UPPER, Task

THRESHOLD: Final = 0.5
"""Score from which a row is taken for positive where no prediction is logged."""
MOST_CURVES: Final = 50
"""Classes up to which each has its own counts by score; of more, only losses and the confusion matrix are kept."""
_LOOKED_AT: Final = 1001
"""Labels that an origin is chosen from: any that is not far off will do."""
CLASS_K: Final = 8192
"""Cells of each of several classes while a window is read."""


def outcomes_of(rows: pa.Table, task: Task) -> Outcomes:
    """Return the sums of the outcomes of records; what cannot be read leaves sums of nothing that say why.

    Parameters
    ----------
    rows
        Records with ``_label`` and what the model answered. A missing column is a column of nulls, and NaN or an
        infinity is null.
    task
        What the model answers.

    Examples
    --------
    >>> table = pa.table({"_label": [1.0, 0.0, None], "_score": [0.9, 0.6, 0.2]})
    >>> found = outcomes_of(table, Task.BINARY)
    >>> found.rows, found.labelled, found.confusion.count("0", "1"), round(found.moments["chances"].mean("brier"), 3)
    (3, 2, 1.0, 0.185)
    """
    try:
        found = _READ[task](rows)
    except (pa.ArrowException, ValueError) as error:
        why = f"labels, predictions or scores cannot be read: {error}"
        return Outcomes(task, rows.num_rows, why=why)
    delays = Waits.of(rows).delays
    return replace(found, delays=RankSummary.of(delays, RANKS_K)) if len(delays) and not found.why else found


def _two_classes(rows: pa.Table) -> Outcomes:
    label = numbers(rows, LABEL)
    known = np.isfinite(label)
    label, score, said = label[known], numbers(rows, SCORE)[known], numbers(rows, PREDICTION)[known]
    odd = label[(label != 0) & (label != 1)]
    if len(odd):
        why = f"{LABEL} holds {odd[0]:g}; a model of two classes has labels 0 and 1"
        return Outcomes(Task.BINARY, rows.num_rows, why=why)
    scored = np.isfinite(score)
    decided = np.where(np.isfinite(said), said > THRESHOLD, np.where(scored, score >= THRESHOLD, -1)).astype(np.int64)
    chance, truth = score[scored], label[scored]
    losses = {
        "log_loss": log_losses(chance, truth),
        "brier": brier_losses(chance, truth),
        "gap": chance - truth,
        "label": truth,
    }
    return Outcomes(
        Task.BINARY,
        rows.num_rows,
        len(label),
        Confusion.of(("0", "1"), label.astype(np.int64), decided),
        {"1": ScoreCells.of(chance, truth)} if len(chance) else {},
        _moments(labels={"label": label}, chances=losses),
    )


def _classes(rows: pa.Table) -> Outcomes:
    classes, (label, said) = coded(rows, (LABEL, PREDICTION))
    known = label >= 0
    label, said = label[known], said[known]
    scores = {name: score[known] for name, score in class_scores(rows).items()}
    place = {name: classes.index(name) if name in classes else -2 for name in scores}
    truths = {name: (label == place[name]).astype(np.float64) for name in scores}
    curves = {} if len(scores) > MOST_CURVES else scores
    return Outcomes(
        Task.MULTICLASS,
        rows.num_rows,
        len(label),
        Confusion.of(classes, label, said),
        {name: cells for name, score in curves.items() if (cells := _cells(score, truths[name])).n},
        _moments(chances=_class_losses(scores, truths, len(label))),
    )


def _cells(score: Floats, truth: Floats) -> ScoreCells:
    there = np.isfinite(score)
    return ScoreCells.of(score[there], truth[there], CLASS_K)


def _class_losses(scores: Mapping[str, Floats], truths: Mapping[str, Floats], n: int) -> dict[str, Floats]:
    """Return log loss and Brier score of each row that has a probability; a class without one has the probability 0."""
    there, right, apart = np.zeros(n, bool), np.zeros(n), np.ones(n)
    for name, score in scores.items():
        there |= np.isfinite(score)
        chance = np.nan_to_num(score, nan=0.0)
        right += truths[name] * chance
        apart += chance**2 - 2 * truths[name] * chance
    # a label that is no class of the model was given no probability: its row has the square of 1 beside the others
    return {"log_loss": -np.log(np.clip(right[there], CLIP, 1.0)), "brier": apart[there]}


def _a_number(rows: pa.Table) -> Outcomes:
    label = numbers(rows, LABEL)
    known = np.isfinite(label)
    label, said = label[known], numbers(rows, PREDICTION)[known]
    both = np.isfinite(said)
    truth, said = label[both], said[both]
    # near the labels, and one of them where all are equal: their variance is then exactly 0
    origin = float(np.median(truth[:_LOOKED_AT])) if len(truth) else 0.0
    error = said - truth
    subjects = {
        "residual": _residuals(truth, said, origin),
        "logarithm": _logarithms(truth, said),
        "relative": {"absolute": np.abs(error[truth != 0] / truth[truth != 0])},
        "interval": _intervals(label, numbers(rows, LOWER)[known], numbers(rows, UPPER)[known]),
    }
    errors = RankSummary.of(np.abs(error), RANKS_K) if len(error) else None
    return Outcomes(
        Task.REGRESSION, rows.num_rows, len(label), moments=_moments(**subjects), errors=errors, origin=origin
    )


def _residuals(label: Floats, said: Floats, origin: float) -> dict[str, Floats]:
    error, size = said - label, np.abs(said) + np.abs(label)
    with np.errstate(over="ignore"):
        return {
            "error": error,
            "absolute": np.abs(error),
            "squared": error**2,
            "symmetric": 2 * np.abs(error) / np.where(size > 0, size, 1.0),
            "label": label - origin,
            "label_square": (label - origin) ** 2,
        }


def _logarithms(label: Floats, said: Floats) -> dict[str, Floats]:
    fit = (label > -1) & (said > -1)
    return {"squared": (np.log1p(said[fit]) - np.log1p(label[fit])) ** 2}


def _intervals(label: Floats, low: Floats, high: Floats) -> dict[str, Floats]:
    there = np.isfinite(low) & np.isfinite(high)
    label, low, high = label[there], low[there], high[there]
    return {"inside": ((low <= label) & (label <= high)).astype(np.float64), "width": high - low}


def _moments(**subjects: dict[str, Floats]) -> dict[str, CoMoments]:
    """Return the moments of the subjects that have a row."""
    found = {name: CoMoments.of(columns) for name, columns in subjects.items() if columns}
    return {name: moments for name, moments in found.items() if moments.n}


_READ: Final[Mapping[Task, Callable[[pa.Table], Outcomes]]] = {
    Task.BINARY: _two_classes,
    Task.MULTICLASS: _classes,
    Task.REGRESSION: _a_number,
}
