"""Do the inputs still lie where those of the baseline lay?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from holter.profile import Window
from holter.profile.joint import Joint
from holter.signals.estimate import Estimate
from holter.signals.joint_sums import BothJoint, both_joint
from holter.signals.signal import Need
from holter.types import Measurement

KEPT: Final = 0.65
"""Share of the variance that the components keep: NannyML's default."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reconstruction:
    r"""Do the inputs still lie where those of the baseline lay?

    Columns of numbers are standardised by the baseline and projected onto its first principal components, as few as
    keep ``kept`` of its variance. ``reconstruction_error`` is what is lost on the way there and back, the root of the
    mean square over rows and columns: :math:`\sqrt{\mathrm{tr}(Q M) / d}`, Q the projection onto the components left
    out, M the second moments of the window around the mean of the baseline. It grows when columns no longer go together
    as they did, or when one leaves its place, in any direction the components do not know.

    All from joint sums: no row is looked at again. A pair of columns rests on the rows in which both have a value;
    nothing is imputed. Its error is that of an elliptical law,
    :math:`\mathrm{Var} = (2 (1 + \kappa) \mathrm{tr}(QM)^2 + \kappa\,\mathrm{tr}^2 (QM)) / n`, with :math:`\kappa` a
    third of the mean excess kurtosis of the columns, and of components that were fitted to a finite baseline. Differs
    from NannyML, which takes the mean of distances and not the root of the mean of squares: only the latter adds up.

    Parameters
    ----------
    kept
        Share of the variance of the baseline that the components keep, above 0 and below 1.

    References
    ----------
    Jolliffe, Principal component analysis (2002), section 10.1. Muirhead, Aspects of multivariate statistical theory
    (1982), section 1.6, for fourth moments of elliptical laws.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in "ab"))
    >>> a = [float(n % 50) for n in range(200)]
    >>> sides = [Window(None, schema, rows=pa.table({"a": a, "b": b})) for b in (a[::-1], [x + x % 3 for x in a])]
    >>> (found,) = Reconstruction().measure(*sides)
    >>> round(found.evidence.baseline, 3), round(found.value, 3)
    (0.028, 0.999)
    """

    kept: float = KEPT

    name: ClassVar[str] = "reconstruction"
    needs: ClassVar[Need] = Need.PROFILE | Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("reconstruction_error",)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer once, for all columns of numbers that both sides have."""
        both = both_joint(target, baseline)
        if not isinstance(both, BothJoint):
            verdict, why = both
            return [Measurement.unanswered(self.name, "reconstruction_error", verdict, why)]
        left_out = residual_projection(both.before, self.kept)
        heavy = float(both.kurtosis.mean())
        fitted = _flattery(both.before, left_out) * (1 + heavy)
        now, before = (_error(each, both.before, left_out, heavy, fitted) for each in (both.now, both.before))
        return [now.against(self.name, "reconstruction_error", before)]


def residual_projection(baseline: Joint, kept: float) -> Matrix:
    """Return the projection onto the principal components of the baseline that are left out; at least one is."""
    correlation = np.nan_to_num(baseline.correlation().values)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    through = np.cumsum(np.maximum(values[::-1], 0.0)) / np.maximum(values, 0.0).sum()
    first = min(int(np.searchsorted(through, kept - 1e-12)) + 1, len(values) - 1)
    others = vectors[:, : len(values) - first]
    projection: Matrix = others @ others.T
    return projection


def _flattery(baseline: Joint, left_out: Matrix) -> float:
    r"""Return by how much components that were fitted to a baseline of m rows make its error too small.

    To first order :math:`\sum \lambda_i \lambda_j / (\lambda_i - \lambda_j) / m` over components kept and left out
    (Jolliffe 2002, section 3.6); between equal ones, where that has no end, the difference that chance makes counts.
    """
    correlation = np.nan_to_num(baseline.correlation().values)
    np.fill_diagonal(correlation, 1.0)
    values = np.maximum(np.linalg.eigvalsh(correlation), 0.0)
    out, m = round(float(np.trace(left_out))), max(int(np.diag(baseline.n).min()), 1)
    product = np.outer(values[:out], values[out:])
    apart = values[None, out:] - values[:out, None]
    return float((product * apart / np.maximum(apart**2 + product / m, 1e-300)).sum()) / m


def _error(joint: Joint, baseline: Joint, left_out: Matrix, heavy: float, fitted: float) -> Estimate:
    """Return the root mean squared residual of a window, and its standard error."""
    moments, shift = _moments(joint, baseline)
    size, n = len(left_out), int(np.diag(joint.n).min())
    if not np.isfinite(moments).all():
        return Estimate(math.nan, n, 0.0)
    lost = left_out @ moments
    square = max(float(np.trace(lost)), 0.0)
    within = left_out @ (moments - np.outer(shift, shift))
    turns = 2 * (1 + heavy) * float(np.trace(within @ within)) + heavy * float(np.trace(within)) ** 2
    moves = 4 * float(shift @ left_out @ (moments - np.outer(shift, shift)) @ left_out @ shift)
    variance = max(turns + moves, 0.0) / max(n, 1) + fitted**2 / 2
    value = math.sqrt(square / size)
    se = math.sqrt(variance) / (2 * math.sqrt(square * size)) if square > 0 else 0.0
    return Estimate(value, n, se, floor=0.0)


def _moments(joint: Joint, baseline: Joint) -> tuple[Matrix, Matrix]:
    """Return second moments around the mean of the baseline, in its standard deviations, and how far the mean moved."""
    mean = np.diag(baseline.mean)
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.diag(baseline.m2) / np.diag(baseline.n))
        moved = (joint.mean - mean[:, None]) / scale[:, None]
        found = joint.cross / np.maximum(joint.n, 1) / np.outer(scale, scale) + moved * moved.T
    found = np.where(joint.n > 0, found, 0.0)
    return found, np.diag(moved).copy()
