"""What scores say of the order and the size of chances, counted by score: numbers with errors."""

import math

import numpy as np

from holter.profile.outcomes import Outcomes, ScoreCells
from holter.signals.enough import LEAST_OF_CLASS, answered, insufficient, undefined
from holter.signals.estimate import Estimate
from holter.stats import average_precision, calibration_curve, lift, roc_auc_of_counts
from holter.stats.calibration_error import BINS
from holter.types import Verdict


def scored(outcomes: Outcomes, name: str = "1", *, classes: bool = False) -> ScoreCells | Estimate:
    """Return the counts by score of a class, or why there are not enough; ``classes`` asks for both."""
    cells = outcomes.scores.get(name)
    refusal = answered(outcomes.labelled, 0 if cells is None else round(cells.n), "scores")
    if refusal is not None or cells is None:
        return refusal or insufficient(0)
    if classes and not (cells.positives.any() and cells.negatives.any()):
        only = "positive" if cells.positives.any() else "negative"
        return undefined(f"all {round(cells.n)} labels are {only}; both classes are needed", round(cells.n))
    return cells


def area(cells: ScoreCells) -> Estimate:
    """Return the area under the ROC curve of counts that have both classes."""
    m, n = float(cells.positives.sum()), float(cells.negatives.sum())
    rarer = round(min(m, n))
    if rarer < LEAST_OF_CLASS:
        why = f"{rarer} labels of the rarer class; {LEAST_OF_CLASS} are needed"
        return Estimate.refused(Verdict.INSUFFICIENT, why, round(cells.n))
    found = roc_auc_of_counts(cells.positives, cells.negatives)
    assert found is not None  # noqa: S101  (both classes are there)
    # Perfect separation has a DeLong error of 0, which says nothing: one misplaced row of the rarer class is the floor.
    se = max(found[1], 0.5 / rarer / math.sqrt(rarer))
    doubt = cells.doubtful_pairs / (2 * m * n)
    return Estimate(found[0], round(cells.n), se, error=doubt, floor=0.0, ceiling=1.0)


def mean_precision(cells: ScoreCells) -> Estimate:
    """Return the average precision of counts that have both classes."""
    found = average_precision(cells.positives, cells.negatives)
    assert found is not None  # noqa: S101  (both classes are there)
    value, se, error = found
    least = 0.5 / float(cells.positives.sum()) ** 1.5  # as for the area: perfect order has no error of its own
    doubt = 0.0 if cells.exact else error
    return Estimate(value, round(cells.n), max(se, least), error=doubt, floor=0.0, ceiling=1.0)


def richness(cells: ScoreCells, share: float) -> Estimate:
    """Return the lift of a share of the rows, of counts that have both classes."""
    found = lift(cells.positives, cells.negatives, share)
    assert found is not None  # noqa: S101  (there is a positive)
    value, se, error = found
    base = float(cells.positives.sum()) / cells.n
    top = min(1 / base, 1 / share)
    least = 0.5 / float(cells.positives.sum()) ** 1.5 * top
    return Estimate(
        value, round(cells.n), max(se, least), error=0.0 if cells.exact else error, floor=0.0, ceiling=max(top, value)
    )


def miscalibration(cells: ScoreCells) -> Estimate:
    """Return the mean gap between score and label rate over bins; chance alone adds ``noise``."""
    curve = calibration_curve(cells.scores, cells.positives, cells.negatives, exact=cells.exact)
    value = float((np.abs(curve.score - curve.rate) * curve.size).sum() / cells.n)
    weights = cells.positives + cells.negatives
    spread = float((weights * np.clip(cells.scores * (1 - cells.scores), 0, 0.25)).sum()) / cells.n / cells.n
    noise = min(value, math.sqrt(2 * BINS * spread / math.pi))
    return Estimate(
        value, round(cells.n), math.sqrt(spread), noise=noise, error=curve.error, floor=0.0, ceiling=max(1.0, value)
    )


def rates_by_bin(cells: ScoreCells) -> dict[str, Estimate]:
    """Return the rate of positives in each bin of the score, from the lowest scores up."""
    curve = calibration_curve(cells.scores, cells.positives, cells.negatives, exact=cells.exact)
    rows = enumerate(zip(curve.size, curve.rate, strict=True), 1)
    return {f"bin {place}": Estimate.rate(round(rate * size), round(size), "") for place, (size, rate) in rows}


def scores_by_bin(cells: ScoreCells) -> dict[str, Estimate]:
    """Return the mean score of the same bins."""
    curve = calibration_curve(cells.scores, cells.positives, cells.negatives, exact=cells.exact)
    rows = enumerate(zip(curve.size, curve.score, curve.spread, strict=True), 1)
    return {
        f"bin {place}": Estimate(score, round(size), math.sqrt(spread / size)) for place, (size, score, spread) in rows
    }
