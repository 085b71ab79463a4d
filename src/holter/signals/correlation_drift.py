"""Do the inputs still go together as they did?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from holter.profile import Window
from holter.signals.joint_sums import LEAST, BothJoint, both_joint
from holter.signals.signal import Need
from holter.types import Evidence, Interval, Measurement, Verdict
from holter.types.measurement import CONFIDENCE

TEST: Final = "Fisher z of two correlations, for all pairs of the column"
_NEARLY_ONE: Final = 1 - 1e-9
"""Where the transform ends: of two columns that are the same the correlation is 1."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CorrelationDrift:
    r"""Do the inputs still go together as they did?

    For each column of numbers ``correlation_change`` is the largest change of its correlation with another; the reason
    names the other and both correlations. Each column by itself may look as always: no distance of one sees this.

    Pearson correlations from joint sums, which add up over hours and parts, each over the rows in which both columns
    have a value. Both sides are finite: :math:`z = (\tanh^{-1} r - \tanh^{-1} r') / \sqrt{v + v'}`, with
    :math:`v = (1 + \kappa) / (n - 3)`, where :math:`\kappa` is a third of the excess kurtosis of the heavier column:
    without it heavy tails would ring at random. The p-value is for the largest of all pairs of the column (Bonferroni),
    and so is the interval.

    References
    ----------
    Fisher, On the probable error of a coefficient of correlation (1921), Metron 1. Muirhead, Aspects of multivariate
    statistical theory (1982), section 5.1.3, for elliptical laws.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in "ab"))
    >>> up, down = [float(n % 50) for n in range(200)], [float(-(n % 50)) for n in range(200)]
    >>> sides = [Window(None, schema, rows=pa.table({"a": up, "b": b})) for b in (down, up)]
    >>> [(each.feature, round(each.value, 2), each.reason) for each in CorrelationDrift().measure(*sides)]
    [('a', 2.0, 'with b: 1.00 to -1.00'), ('b', 2.0, 'with a: 1.00 to -1.00')]
    """

    name: ClassVar[str] = "correlation_drift"
    needs: ClassVar[Need] = Need.PROFILE | Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("correlation_change",)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for every column of numbers that both sides have."""
        both = both_joint(target, baseline)
        if not isinstance(both, BothJoint):
            verdict, why = both
            return [Measurement.unanswered(self.name, "correlation_change", verdict, why)]
        compared = _compared(both)
        return [self._column(both, compared, place) for place in range(len(both.names))]

    def _column(self, both: BothJoint, compared: "_Compared", place: int) -> Measurement:
        name, metric, usable = both.names[place], "correlation_change", np.isfinite(compared.z[place])
        if not usable.any():
            why = f"no other column varies with it in {LEAST} rows of both sides"
            return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why, feature=name)
        other = int(np.argmax(np.where(usable, np.abs(compared.z[place]), -1.0)))
        now, before = float(compared.now[place, other]), float(compared.before[place, other])
        pairs = int(usable.sum())
        p = min(1.0, pairs * math.erfc(abs(float(compared.z[place, other])) / math.sqrt(2)))
        value = abs(now - before)
        half = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * pairs)) * float(compared.error[place, other])
        return Measurement(
            self.name,
            metric,
            value,
            int(both.now.n[place, other]),
            feature=name,
            interval=Interval(max(0.0, value - half), value + half),
            evidence=Evidence(p, TEST, value),
            reason=f"with {both.names[other]}: {before:.2f} to {now:.2f}",
        )


@dataclass(frozen=True, eq=False)
class _Compared:
    """Of each pair both correlations, the z of their difference, and its error; NaN where there is none."""

    now: Matrix
    before: Matrix
    z: Matrix
    error: Matrix


def _compared(both: BothJoint) -> _Compared:
    now, before = both.now.correlation().values, both.before.correlation().values
    heavy = 1 + np.maximum.outer(both.kurtosis, both.kurtosis)
    with np.errstate(all="ignore"):
        few = (both.now.n < LEAST) | (both.before.n < LEAST)
        variances = [heavy / np.maximum(each.n - 3, 1) for each in (both.now, both.before)]
        apart = _transformed(now) - _transformed(before)
        z = np.where(few, np.nan, apart / np.sqrt(variances[0] + variances[1]))
        spread = (1 - now**2) ** 2 * variances[0] + (1 - before**2) ** 2 * variances[1]
    np.fill_diagonal(z, np.nan)
    return _Compared(now, before, z, np.sqrt(spread))


def _transformed(correlation: Matrix) -> Matrix:
    found: Matrix = np.arctanh(np.clip(correlation, -_NEARLY_ONE, _NEARLY_ONE))
    return found
