"""Is the candidate better than what runs? Pure: scores and labels in, a comparison out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from holter.errors import NotFound
from holter.stats import paired_roc_auc, roc_auc
from holter.types import Interval

Floats = npt.NDArray[np.float64]
Losses = Callable[[Floats, Floats], Floats]

SMALLEST: Final = 50
"""Rows below which no comparison is made: the intervals rest on the central limit theorem."""
_CERTAIN: Final = 1e-15
"""Scores are kept this far from 0 and 1, so that one sure mistake does not cost an infinite log loss."""


def _log_loss(said: Floats, labels: Floats) -> Floats:
    kept = np.clip(said, _CERTAIN, 1 - _CERTAIN)
    return -(labels * np.log(kept) + (1 - labels) * np.log1p(-kept))


def _squared(said: Floats, labels: Floats) -> Floats:
    return (said - labels) ** 2


def _wrong(said: Floats, labels: Floats) -> Floats:
    wrong: Floats = (said != labels).astype(np.float64)
    return wrong


def _absolute(said: Floats, labels: Floats) -> Floats:
    return np.abs(said - labels)


_LOSSES: Final[Mapping[str, tuple[Losses, Callable[[float], float]]]] = {
    "log_loss": (_log_loss, float),
    "brier": (_squared, float),
    "accuracy": (_wrong, lambda loss: 1 - loss),
    "mae": (_absolute, float),
    "rmse": (_squared, math.sqrt),
}
METRICS: Final = ("roc_auc", *_LOSSES)
"""What a candidate may be judged by."""
SCORED: Final = frozenset({"roc_auc", "log_loss", "brier"})
"""Metrics of the score; the others are of the prediction."""


@dataclass(frozen=True)
class Answers:
    """What one version said about the same ``n`` rows: predictions and scores, float64, NaN where it said nothing."""

    predictions: Floats
    scores: Floats

    def of(self, metric: str) -> Floats:
        """Return what the metric is about."""
        return self.scores if metric in SCORED else self.predictions


@dataclass(frozen=True)
class Comparison:
    """How two versions did on the same labelled rows.

    ``gain`` is how much better the candidate is, in units of the metric (``rmse``: of its square; ``accuracy``: of the
    share that is right), positive when better, with a two-sided interval of the coverage that was asked for.
    """

    metric: str
    n: int
    champion: float | None
    candidate: float | None
    gain: float | None
    interval: Interval | None
    reason: str = ""

    @property
    def better(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.interval is not None and self.interval.low > 0

    def __str__(self) -> str:
        if self.gain is None or self.interval is None:
            return f"no comparison of {self.metric}: {self.reason}"
        low, high = self.interval.low, self.interval.high
        if self.gain < 0:  # the mirror image: a negative amount of "better" is read the wrong way round
            low, high = -high, -low
        found = "better" if self.gain > 0 else "worse" if self.gain < 0 else "better or worse"
        return (
            f"{self.metric} {self.candidate:.4f} against {self.champion:.4f} on the same {self.n} rows: "
            f"{found} by {abs(self.gain):.4f} ({low:.4f} to {high:.4f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return flat JSON values."""
        interval = self.interval
        return {
            "metric": self.metric,
            "n": self.n,
            "champion": self.champion,
            "candidate": self.candidate,
            "gain": self.gain,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "confidence": interval.level if interval else None,
            "reason": self.reason,
        }


def compare(champion: Answers, candidate: Answers, labels: Floats, *, metric: str, confidence: float) -> Comparison:
    r"""Tell by how much a candidate beats the champion, with an interval.

    The rows are the same, so the difference is paired: DeLong's covariance for ``roc_auc``, and for the others the mean
    of the differences of losses per row with :math:`s / \sqrt n`. Rows are taken as independent; a holdout of very few
    days knows less than its interval says.

    Parameters
    ----------
    champion, candidate
        Answers about the same rows.
    labels
        float64, shape (n,). Rows where label or either answer is NaN are left out.
    metric
        One of :data:`METRICS`.
    confidence
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Comparison
        Without numbers, and with the reason, for fewer than 50 rows or, for ``roc_auc``, fewer than two of a class.

    Raises
    ------
    NotFound
        For another metric.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson, Comparing the areas under two or more correlated ROC curves (1988), Biometrics 44.
    """
    if metric not in METRICS:
        raise NotFound("metric for a candidate", metric, METRICS)
    known = np.isfinite(champion.of(metric)) & np.isfinite(candidate.of(metric)) & np.isfinite(labels)
    before, after, truth = champion.of(metric)[known], candidate.of(metric)[known], labels[known]
    n = len(truth)
    if n < SMALLEST:
        return Comparison(
            metric, n, None, None, None, None, f"{n} labelled rows that both answered; {SMALLEST} are needed"
        )
    if metric == "roc_auc":
        return _areas(before, after, truth, confidence)
    losses, shown = _LOSSES[metric]
    lost, loses = losses(before, truth), losses(after, truth)
    gains = lost - loses
    gain, error = float(gains.mean()), float(gains.std(ddof=1) / math.sqrt(n))
    interval = _interval(gain, error, confidence)
    return Comparison(metric, n, shown(float(lost.mean())), shown(float(loses.mean())), gain, interval)


def _areas(before: Floats, after: Floats, labels: Floats, confidence: float) -> Comparison:
    paired, was, becomes = paired_roc_auc(after, before, labels), roc_auc(before, labels), roc_auc(after, labels)
    if paired is None or was is None or becomes is None:
        positive = int((labels > 0).sum())
        why = (
            f"{positive} of {len(labels)} labelled rows are positive and {len(labels) - positive} are not; "
            "the area needs two of either class"
        )
        return Comparison("roc_auc", len(labels), None, None, None, None, why)
    return Comparison("roc_auc", len(labels), was[0], becomes[0], paired[0], _interval(*paired, confidence))


def _interval(gain: float, error: float, confidence: float) -> Interval:
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Interval(gain - reach, gain + reach, confidence)
