"""Can a model tell today's rows from those of the baseline?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from holter.profile import Window
from holter.signals.rows_as_numbers import Encoded, encoded
from holter.signals.signal import Need
from holter.stats import matthews, normal_interval, roc_auc
from holter.types import Evidence, Interval, Measurement, Verdict

FEWEST: Final = 50
"""Rows of each side below which nothing is fitted: 25 to learn from and 25 to be asked about."""
MOST: Final = 10_000
"""Rows of each side that are looked at; more would not make the answer surer by much."""
_SEED: Final = 20_130_401
_ITERATIONS: Final = 30
_LEAVES: Final = 15
_RATE: Final = 0.15
"""Small trees and few of them: this runs in every window, and the last percent of the area tells nothing new."""
_LEAF_ROWS: Final = 20
_NAMED: Final = 3
"""Features named in words; the share of each is a measurement of its own."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DomainClassifier:
    r"""Can a model tell today's rows from those of the baseline, and by which features?

    Gradient boosting is fitted to tell the two sides apart on half of the rows and asked about the other half.
    ``roc_auc`` is its area under the ROC curve there: 0.5 when the sides are alike, tested one-sided with the law of
    the Mann-Whitney statistic under no difference, :math:`\sigma^2 = (m + n + 1) / (12 m n)`. ``coefficient`` is the
    Matthews correlation of its guesses, which Azure ML called the drift coefficient. ``contribution`` is the share of
    a feature: how much of the area goes when its values are shuffled (Breiman, Random forests, 2001, section 10), as
    part of the sum over all features.

    Which rows are looked at, and which are learned from, depends on what is in them and not on their order: equal rows
    of both sides fall into the same half, so that none is learned on one side and asked about on the other. It sees
    changes in how features go together, which no distance of one feature does.

    References
    ----------
    Lopez-Paz and Oquab, Revisiting classifier two-sample tests (2017), ICLR, section 3. Matthews, Comparison of the
    predicted and observed secondary structure of T4 phage lysozyme (1975), Biochim. Biophys. Acta 405.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "int64"),))
    >>> before, after = (Window(None, schema, rows=pa.table({"x": range(at, at + 400)})) for at in (0, 300))
    >>> found = DomainClassifier().measure(after, before)
    >>> [(each.metric, each.feature) for each in found]
    [('roc_auc', None), ('coefficient', None), ('contribution', 'x')]
    >>> found[0].value > 0.8
    True
    """

    name: ClassVar[str] = "domain_classifier"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("roc_auc", "coefficient", "contribution")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer from the rows of both sides."""
        if target.rows is None or baseline.rows is None:
            side = "target" if target.rows is None else "baseline"
            return self._unanswered(Verdict.UNDEFINED, f"the {side} has no rows")
        fewest = min(target.rows.num_rows, baseline.rows.num_rows)
        if fewest < FEWEST:
            why = f"{fewest} rows are too few to fit a model; it would take {FEWEST} of each side"
            return self._unanswered(Verdict.INSUFFICIENT, why, fewest)
        both = encoded(baseline.rows, target.rows, baseline.schema.features, MOST)
        if not both.names:
            return self._unanswered(Verdict.UNDEFINED, "no feature with values is there on both sides", fewest)
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "openmp"):  # small work: threads would cost more than they bring, here and elsewhere
            return self._of(both)

    def _unanswered(self, verdict: Verdict, why: str, n: int = 0) -> list[Measurement]:
        return [Measurement.unanswered(self.name, metric, verdict, why, n=n) for metric in self.metrics]

    def _of(self, both: Encoded) -> Sequence[Measurement]:
        model = _fitted(both)
        rows, sides = both.asked()
        scores = model.predict_proba(rows)[:, 1]
        found = roc_auc(scores, sides)
        assert found is not None  # noqa: S101  (both sides have rows in both halves)
        area, error = found
        n = len(sides)
        later = int(sides.sum())
        chance = math.sqrt((n + 1) / (12 * later * (n - later)))
        p_value = NormalDist().cdf(-(area - 0.5) / chance)
        interval = normal_interval(area, max(error, 1 / n))
        evidence = Evidence(p_value, "mann_whitney", area - 0.5, 0.5)
        shares = _shares(model, both, area)
        return [
            Measurement(
                self.name, "roc_auc", area, n, interval=_within(interval, 0, 1), evidence=evidence, reason=_told(shares)
            ),
            self._coefficient(scores, sides),
            *(Measurement(self.name, "contribution", share, n, feature=name) for name, share in shares.items()),
        ]

    def _coefficient(self, scores: Matrix, sides: Matrix) -> Measurement:
        value = matthews(scores >= 0.5, sides > 0) or 0.0
        n = len(sides)
        # Fisher's transformation of a correlation: nearly normal with variance 1 / (n - 3).
        middle = math.atanh(max(-1 + 1e-9, min(1 - 1e-9, value)))
        ends = normal_interval(middle, 1 / math.sqrt(n - 3))
        interval = Interval(min(value, math.tanh(ends.low)), max(value, math.tanh(ends.high)), ends.level)
        return Measurement(self.name, "coefficient", value, n, interval=interval)


def _fitted(both: Encoded) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows, sides = both.learned()
    model = HistGradientBoostingClassifier(
        max_iter=_ITERATIONS,
        max_leaf_nodes=_LEAVES,
        learning_rate=_RATE,
        min_samples_leaf=min(_LEAF_ROWS, len(sides) // 4),
        categorical_features=both.categorical,
        early_stopping=False,
        random_state=_SEED,
    )
    return model.fit(rows, sides)


def _shares(model: Any, both: Encoded, area: float) -> Mapping[str, float]:
    """Return how much of the area goes with each feature, as shares of 1; all 0 where nothing tells the sides apart."""
    rows, sides = both.asked()
    shuffled = np.tile(rows, (len(both.names), 1, 1))
    for place, one in enumerate(shuffled):
        one[:, place] = np.random.default_rng([_SEED, place]).permutation(rows[:, place])
    scores = model.predict_proba(shuffled.reshape(-1, rows.shape[1]))[:, 1].reshape(len(both.names), -1)
    losses = {}
    for name, guesses in zip(both.names, scores, strict=True):
        found = roc_auc(guesses, sides)
        losses[name] = max(0.0, area - found[0]) if found else 0.0
    total = sum(losses.values())
    return {name: loss / total if total else 0.0 for name, loss in losses.items()}


def _told(shares: Mapping[str, float]) -> str:
    """Name the features that tell the sides apart, the foremost first; empty where none does."""
    foremost = sorted((name for name in shares if shares[name] > 0), key=lambda name: (-shares[name], name))[:_NAMED]
    named = ", ".join(f"{name} ({100 * shares[name]:.0f} %)" for name in foremost)
    return f"told apart by {named}" if named else ""


def _within(interval: Interval, low: float, high: float) -> Interval:
    return Interval(max(low, interval.low), min(high, interval.high), interval.level)
