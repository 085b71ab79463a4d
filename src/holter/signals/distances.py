"""How far the distribution of one column is from what it was."""

from typing import Final

from holter.profile import CategoricalColumn, TextColumn
from holter.signals.comparable import LEAST, Laid, size
from holter.signals.noise import jensen_shannon_interval, stability_interval, wasserstein_interval
from holter.signals.pairing import Pair
from holter.stats.normalized_wasserstein import FLOOR
from holter.types import Distance, Evidence, Measurement, Verdict

__all__ = ["DISTANCES", "LEAST", "all_distances", "distances"]

DISTANCES: Final = ("jensen_shannon", "psi", "normalized_wasserstein")
_BINNED: Final = DISTANCES[:2]


def distances(signal: str, laid: Laid, *, feature: str | None = None) -> list[Measurement]:
    r"""Measure Jensen-Shannon distance, population stability index and, for numbers, Wasserstein distance.

    Numbers are counted in the deciles of the baseline, categories by name, text by its length, vectors by that of
    norm and directions which moved most (:func:`holter.signals.comparable.paired`). Wasserstein is divided by the
    standard deviation of the baseline. Nulls, NaN and infinities are no part of it: data_quality counts them, and no
    *row* is dropped because another column is null. The evidence is one two-sample test for all distances of the
    column: Kolmogorov-Smirnov (with the rank error of both profiles taken off its statistic) or chi-squared with rare
    categories pooled. Both samples are finite.

    Parameters
    ----------
    signal, feature
        What the measurements are filed under.
    laid
        Both summaries of the column.

    Returns
    -------
    list
        One measurement a distance; ``undefined`` where the column is missing, of another type or an identifier,
        ``insufficient`` with fewer than :data:`LEAST` values on either side.
    """
    if laid.refusal is not None:
        metrics = _BINNED if isinstance(laid.target, CategoricalColumn | TextColumn) else DISTANCES
        verdict, why = laid.refusal
        n = size(laid.target)
        return [Measurement.unanswered(signal, each, verdict, why, n=n, feature=feature) for each in metrics]
    assert laid.pair is not None  # noqa: S101  (not refused)
    found = _binned(signal, feature, laid.pair)
    return found if laid.pair.both is None else [*found, _wasserstein(signal, feature, laid.pair)]


def all_distances(laid: Laid) -> tuple[Distance, ...]:
    """Return every distance between two summaries of a column, each with the error it inherits from them.

    Empty where :func:`distances` has no answer. For numbers: ``kolmogorov_smirnov``, ``wasserstein`` (in the unit of
    the values), ``normalized_wasserstein``, ``energy``. For all: ``jensen_shannon``, ``psi``, ``hellinger``,
    ``total_variation``, ``l_infinity``, ``chi_squared``, ``g``, ``cramers_v``, of the same cells.
    """
    return () if laid.pair is None else laid.pair.distances()


def _binned(signal: str, feature: str | None, pair: Pair) -> list[Measurement]:
    found, cells, p = [], pair.cells, pair.p_value
    for metric, interval in (("jensen_shannon", jensen_shannon_interval), ("psi", stability_interval)):
        value = pair.distance(metric).value
        evidence = Evidence(p, pair.test, value)
        between = interval(cells.target.counts, cells.baseline.counts)
        n = int(cells.target.counts.sum())
        found.append(Measurement(signal, metric, value, n, feature=feature, interval=between, evidence=evidence))
    return found


def _wasserstein(signal: str, feature: str | None, pair: Pair) -> Measurement:
    assert pair.both is not None and pair.scale is not None  # noqa: S101, PT018  (numbers)
    metric, n, m = DISTANCES[-1], int(pair.both.n_a), int(pair.both.n_b)
    value, std, now = pair.normalized_wasserstein().value, pair.scale.std, pair.scale.target_std
    if value is None or std is None or now is None:
        why = "the values are too large to square"
        return Measurement.unanswered(signal, metric, Verdict.UNDEFINED, why, n=n, feature=feature)
    unit = max(std, FLOOR)
    interval = wasserstein_interval(value, (now / unit) ** 2, n, (std / unit) ** 2, m)
    evidence = Evidence(pair.p_value, pair.test, value)
    return Measurement(signal, metric, value, n, feature=feature, interval=interval, evidence=evidence)
