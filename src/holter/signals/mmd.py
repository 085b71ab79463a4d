"""Are the rows drawn from the law the baseline was drawn from?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from holter.profile import Window
from holter.signals.noise import Z
from holter.signals.rows_as_numbers import Encoded, encoded
from holter.signals.signal import Need
from holter.types import Evidence, Interval, Measurement, Verdict

FEWEST: Final = 50
"""Rows of each side below which the law under no change is not known well."""
TEST: Final = "maximum mean discrepancy of random features"
_SEED: Final = 20_070_103
"""Fixed: the same rows give the same number on every machine."""
_LOOK: Final = 300
"""Rows of the baseline whose distances choose the width of the kernel."""
_FAR: Final = 4.0
"""Standard deviations from which a value is as far as any: one row must not stretch the axis of all others."""
_APART: Final = 1.0
"""Squared distance of two categories, beside numbers whose mean one is 2 (both in standard deviations)."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MaximumMeanDiscrepancy:
    r"""Are the rows drawn from the law the baseline was drawn from?

    ``mmd`` is the distance of both laws in the space of a Gaussian kernel, 0 when they are the same: it sees any
    change, of one column or of how columns go together. Numbers are standardised by the baseline, categories stand
    apart from each other, the width of the kernel is the root mean squared distance of baseline rows. Instead of all
    pairs of rows the kernel is replaced by random features :math:`\cos w^T x, \sin w^T x`, w normal and *fixed*: the
    cost is linear, and means of features add up over parts.

    With :math:`\Delta` the difference of the mean features and C the sum of their covariances by n, the value is
    :math:`\sqrt{|\Delta|^2 - \mathrm{tr}\,C}` (0 where that is negative). Under no change :math:`|\Delta|^2` is a sum
    of weighted chi-squared, taken for :math:`c\,\chi^2_f` of the same mean and variance; its tail is the p-value. Both
    sides are finite.

    Parameters
    ----------
    most
        Rows of a side that are looked at, those with the smallest hashes.
    frequencies
        Random directions w.

    References
    ----------
    Gretton et al., A kernel two-sample test (2012), JMLR 13:723-773. Rahimi and Recht, Random features for large-scale
    kernel machines (2007), NIPS 20. Zhao and Meng, FastMMD (2015), Neural Computation 27. Satterthwaite (1946),
    Biometrics Bulletin 2:110-114, for the law of the sum.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "int64"),))
    >>> before, after = (Window(None, schema, rows=pa.table({"x": range(at, at + 400)})) for at in (0, 300))
    >>> (found,) = MaximumMeanDiscrepancy().measure(after, before)
    >>> found.value > 0.5, found.evidence.p_value < 1e-9
    (True, True)
    """

    most: int = 5_000
    frequencies: int = 128

    name: ClassVar[str] = "mmd"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("mmd",)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer once, for all features that both sides have."""
        if target.rows is None or baseline.rows is None:
            side = "target" if target.rows is None else "baseline"
            return [Measurement.unanswered(self.name, "mmd", Verdict.UNDEFINED, f"the {side} has no rows")]
        fewest = min(target.rows.num_rows, baseline.rows.num_rows)
        if fewest < FEWEST:
            why = f"{fewest} rows are too few; it would take {FEWEST} of each side"
            return [Measurement.unanswered(self.name, "mmd", Verdict.INSUFFICIENT, why, n=fewest)]
        both = encoded(baseline.rows, target.rows, baseline.schema.features, self.most)
        if not both.names:
            why = "no feature with values is there on both sides"
            return [Measurement.unanswered(self.name, "mmd", Verdict.UNDEFINED, why, n=fewest)]
        return [self._of(both)]

    def _of(self, both: Encoded) -> Measurement:
        before, now = _features(both, self.frequencies)
        apart = now.mean(axis=0) - before.mean(axis=0)
        spread = np.cov(now, rowvar=False) / len(now) + np.cov(before, rowvar=False) / len(before)
        square, noise = float(apart @ apart), float(np.trace(spread))
        wobble = float((spread * spread).sum())
        p = _tail(square, noise, wobble)
        half = Z * math.sqrt(max(2 * wobble + 4 * float(apart @ spread @ apart), 0.0))
        value = math.sqrt(max(square - noise, 0.0))
        interval = Interval(math.sqrt(max(square - noise - half, 0.0)), math.sqrt(max(square - noise + half, value**2)))
        evidence = Evidence(p, TEST, value)
        return Measurement(self.name, "mmd", value, len(now), interval=interval, evidence=evidence)


def _tail(square: float, noise: float, wobble: float) -> float:
    """Return the chance of a distance this large under no change."""
    if noise <= 0 or wobble <= 0:
        return 1.0 if square <= 0 else 0.0
    from scipy.special import gammaincc  # slow to import

    return float(gammaincc(noise * noise / wobble / 2, square * noise / wobble / 2))


def _features(both: Encoded, frequencies: int) -> tuple[Matrix, Matrix]:
    """Return the random features of both sides, scaled so that the kernel of a row with itself is 1."""
    rng = np.random.default_rng(_SEED)
    before, now, width = [], [], 0.0
    for place, categorical in enumerate(both.categorical):
        sides = both.before[:, place], both.after[:, place]
        if categorical:
            codes = _codes(*sides)
            drawn = rng.normal(size=(max(int(each.max(initial=0)) for each in codes) + 1, frequencies))
            drawn *= math.sqrt(_APART / 2)
            before.append(drawn[codes[0]])
            now.append(drawn[codes[1]])
            width += _mean_of(_mismatch(codes[0][:_LOOK])) * _APART
            continue
        direction = rng.normal(size=frequencies)
        numbers = _standardised(*sides)
        before.append(np.outer(numbers[0], direction))
        now.append(np.outer(numbers[1], direction))
        width += _mean_of((numbers[0][:_LOOK, None] - numbers[0][None, :_LOOK]) ** 2)
    scale = 1 / math.sqrt(max(width, 1e-12) if width > 0 else len(both.names))
    return _waves(np.sum(before, axis=0) * scale), _waves(np.sum(now, axis=0) * scale)


def _waves(phase: Matrix) -> Matrix:
    waves = np.hstack([np.cos(phase), np.sin(phase)]) / math.sqrt(phase.shape[1])
    found: Matrix = np.asarray(waves, np.float64)
    return found


def _mismatch(codes: npt.NDArray[np.int64]) -> Matrix:
    apart: Matrix = (codes[:, None] != codes[None, :]).astype(np.float64)
    return apart


def _mean_of(square: Matrix) -> float:
    """Return the mean over pairs: that of a sum of columns is the sum of theirs."""
    return float(square.mean())


def _codes(before: Matrix, now: Matrix) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return codes from 0 on; a null is a category of its own."""
    first, second = (np.nan_to_num(each, nan=-1.0).astype(np.int64) + 1 for each in (before, now))
    return first, second


def _standardised(before: Matrix, now: Matrix) -> tuple[Matrix, Matrix]:
    """Return numbers in standard deviations of the baseline, far ones brought near, nulls in the middle."""
    known = before[~np.isnan(before)]
    if not len(known):
        return np.nan_to_num(before * 0.0), np.nan_to_num(now * 0.0)
    middle = float(np.median(known))
    with np.errstate(all="ignore"):
        spread = float(np.diff(np.quantile(known, [0.25, 0.75]))[0]) / 1.349 or float(np.std(known))
        unit = spread if 0 < spread < math.inf else 1.0
        first, second = (np.nan_to_num(np.clip((each - middle) / unit, -_FAR, _FAR)) for each in (before, now))
    return first, second
