"""Every distance of the profile as a measurement, for who asks for it by name."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from holter.errors import BadSetting
from holter.signals.comparable import Laid, size
from holter.signals.distances import DISTANCES, distances
from holter.signals.noise import Z, wasserstein_interval
from holter.signals.pairing import Pair
from holter.stats import Steps
from holter.types import Distance, Evidence, Interval, Measurement, Verdict

OF_NUMBERS: Final = ("kolmogorov_smirnov", "wasserstein", "energy")
"""Those that only numbers have, beside ``normalized_wasserstein``."""
OTHERS: Final = (
    *OF_NUMBERS,
    "hellinger",
    "total_variation",
    "l_infinity",
    "chi_squared",
    "g",
    "cramers_v",
)
EVERY: Final = (*DISTANCES, *OTHERS)
"""All distances, in the order in which they are given."""
_SUP: Final = math.sqrt(math.log(2 / 0.05) / 2)
"""95 % point of the largest gap between a distribution function and its sample, times sqrt(n) (Massart 1990)."""


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the wanted distances in the order of :data:`EVERY`; ``all`` stands for all.

    Raises
    ------
    BadSetting
        For one that nobody knows.

    Examples
    --------
    >>> chosen(["hellinger", "psi"])
    ('psi', 'hellinger')
    """
    if "all" in names:
        return EVERY
    for name in names:
        if name not in EVERY:
            raise BadSetting("distances", f"there is no {name!r}. There are: all, {', '.join(EVERY)}.")
    return tuple(name for name in EVERY if name in names)


def wanted_distances(
    signal: str, laid: Laid, wanted: Sequence[str], *, feature: str | None = None
) -> list[Measurement]:
    """Measure the wanted distances of a column; the usual three cost what they always cost.

    Parameters
    ----------
    signal, feature
        What the measurements are filed under.
    laid
        Both summaries of the column.
    wanted
        Names out of :data:`EVERY`.
    """
    usual = [each for each in distances(signal, laid, feature=feature) if each.metric in wanted]
    others = [name for name in wanted if name in OTHERS]
    if not others:
        return usual
    if laid.pair is None:
        verdict, why = laid.refusal or (Verdict.UNDEFINED, "there is nothing to compare")
        n = size(laid.target)
        refused = [Measurement.unanswered(signal, each, verdict, why, n=n, feature=feature) for each in others]
        return [*usual, *refused] if usual else refused
    found = {each.metric: each for each in laid.pair.distances()}
    return [*usual, *(_measured(signal, feature, laid.pair, found[name]) for name in others if name in found)]


def _measured(signal: str, feature: str | None, pair: Pair, distance: Distance) -> Measurement:
    n = int(pair.cells.target.counts.sum())
    if distance.value is None:
        why = "the counts, or the values, do not determine it"
        return Measurement.unanswered(signal, distance.metric, Verdict.UNDEFINED, why, n=n, feature=feature)
    p, test = (pair.p_value, pair.test) if distance.p_value is None else (distance.p_value, distance.metric)
    return Measurement(
        signal,
        distance.metric,
        distance.value,
        n,
        feature=feature,
        interval=distance_interval(pair, distance),
        evidence=Evidence(p, test, distance.value),
    )


def distance_interval(pair: Pair, distance: Distance) -> Interval | None:
    r"""Where does the true distance lie, given that both sides are samples?

    Most of these are metrics, so a sample moves the distance by no more than it lies from its own law: by
    :math:`\sqrt{\ln(2/.05)/2}\,(1/\sqrt n + 1/\sqrt m)` for Kolmogorov-Smirnov and the largest gap of cells (Massart
    1990), by the root of the expected square otherwise: :math:`(k-1)/8n` for Hellinger,
    :math:`\tfrac14 (\sum \sqrt{p(1-p)/n})^2` for total variation, :math:`2\int F(1-F)/n` for the energy distance. A
    statistic of counts follows a non-central chi-squared. Conservative; what the summaries leave open is added.

    Parameters
    ----------
    pair, distance
        Both sides of a column, and one of their distances.
    """
    value = distance.value
    assert value is not None  # noqa: S101  (asked of those that have one)
    n, m = float(pair.cells.target.counts.sum()), float(pair.cells.baseline.counts.sum())
    if distance.metric == "wasserstein" and pair.scale is not None:
        std, now = pair.scale.std, pair.scale.target_std
        if std is None or now is None:
            return None
        between = wasserstein_interval(value, now**2, int(n), std**2, int(m))
        low, high = between.low, between.high
    elif distance.metric in {"chi_squared", "g", "cramers_v"}:
        low, high = _of_counts(pair, distance.metric, value, n + m)
    else:
        half = _half(pair, distance.metric, n, m)
        low, high = value - half, value + half
    open_ = distance.error or 0.0
    ceiling = 1.0 if distance.metric not in {"wasserstein", "energy", "chi_squared", "g"} else math.inf
    return Interval(max(0.0, low - open_), max(value, min(ceiling, high + open_)))


def _of_counts(pair: Pair, metric: str, value: float, total: float) -> tuple[float, float]:
    """Return the ends for a statistic of counts: its mean is the non-centrality and the degrees of freedom."""
    statistic = value * value * total if metric == "cramers_v" else value
    freedom = max(int(np.count_nonzero(pair.cells.target.counts + pair.cells.baseline.counts)) - 1, 1)
    half = Z * math.sqrt(2 * freedom + 4 * max(statistic - freedom, 0.0))
    low, high = max(statistic - freedom - half, 0.0), statistic + half
    return (math.sqrt(low / total), math.sqrt(high / total)) if metric == "cramers_v" else (low, high)


def _half(pair: Pair, metric: str, n: float, m: float) -> float:
    """Return by how far both samples may lie from their laws."""
    if metric in {"kolmogorov_smirnov", "l_infinity"}:
        return _SUP * (1 / math.sqrt(n) + 1 / math.sqrt(m))
    if metric == "energy":
        assert pair.both is not None  # noqa: S101  (a distance of numbers)
        return Z * sum(math.sqrt(_gini(pair.both, side) / size) for side, size in ((True, n), (False, m)))
    sides = ((pair.cells.target.counts / n, n), (pair.cells.baseline.counts / m, m))
    if metric == "hellinger":
        cells = max(int(np.count_nonzero(sides[0][0] + sides[1][0])) - 1, 1)
        return Z * sum(math.sqrt(cells / (8 * size)) for _, size in sides)
    return Z * sum(float(np.sqrt(share * (1 - share) / size).sum()) / 2 for share, size in sides)


def _gini(both: Steps, target: bool) -> float:
    """Return twice the integral of F (1 - F): the mean distance of two values of one side."""
    share = (both.share_a if target else both.share_b)[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        return 2 * float(np.dot(share * (1 - share), np.diff(both.values)))
