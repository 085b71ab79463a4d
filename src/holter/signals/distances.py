"""How far the distribution of one column is from what it was."""

from typing import Final

from holter.profile import CategoricalColumn, Column, NumericColumn, OpaqueColumn, RankSummary
from holter.signals.binning import count_categories, count_numbers
from holter.signals.noise import jensen_shannon_interval, stability_interval, wasserstein_interval
from holter.signals.pairing import Pair, Scale
from holter.stats import steps
from holter.stats.normalized_wasserstein import FLOOR
from holter.types import Distance, Evidence, Measurement, Verdict

LEAST: Final = 30
"""Values on either side below which a distance says more about chance than about the column."""
DISTANCES: Final = ("jensen_shannon", "psi", "normalized_wasserstein")
_BINNED: Final = DISTANCES[:2]
_CLOCK: Final = "us since 1970-01-01"


def distances(
    signal: str, target: Column | None, baseline: Column | None, *, feature: str | None = None
) -> list[Measurement]:
    r"""Measure Jensen-Shannon distance, population stability index and, for numbers, Wasserstein distance.

    Numbers are counted in the deciles of the baseline, categories by name. Wasserstein is divided by the standard
    deviation of the baseline. Nulls, NaN and infinities are no part of it: data_quality counts them, and no *row* is
    dropped because another column is null. The evidence is one two-sample test for all distances of the column:
    Kolmogorov-Smirnov (with the rank error of both profiles taken off its statistic) or chi-squared with rare
    categories pooled. Both samples are finite.

    Parameters
    ----------
    signal, feature
        What the measurements are filed under.
    target, baseline
        Summaries of the column; None where it is missing.

    Returns
    -------
    list
        One measurement a distance; ``undefined`` where the column is missing, of another type or an identifier,
        ``insufficient`` with fewer than :data:`LEAST` values on either side.
    """
    refusal = _refuse(target, baseline)
    if refusal is not None:
        metrics = _BINNED if isinstance(target, CategoricalColumn) else DISTANCES
        return [
            Measurement.unanswered(signal, metric, *refusal, n=_size(target), feature=feature) for metric in metrics
        ]
    assert target is not None and baseline is not None  # noqa: S101, PT018  (just seen)
    pair = _paired(target, baseline)
    found = _binned(signal, feature, pair)
    if isinstance(target, NumericColumn) and isinstance(baseline, NumericColumn):
        found.append(_wasserstein(signal, feature, pair, target, baseline))
    return found


def all_distances(target: Column | None, baseline: Column | None) -> tuple[Distance, ...]:
    """Return every distance between two summaries of a column, each with the error it inherits from them.

    Empty where :func:`distances` has no answer. For numbers: ``kolmogorov_smirnov``, ``wasserstein`` (in the unit of
    the values), ``normalized_wasserstein``, ``energy``. For all: ``jensen_shannon``, ``psi``, ``hellinger``,
    ``total_variation``, ``l_infinity``, ``chi_squared``, ``g``, ``cramers_v``, of the same cells.
    """
    if target is None or baseline is None or _refuse(target, baseline) is not None:
        return ()
    return _paired(target, baseline).distances()


def _size(column: Column | None) -> int:
    if column is None or isinstance(column, OpaqueColumn):
        return 0
    return column.finite if isinstance(column, NumericColumn) else column.present


def _refuse(target: Column | None, baseline: Column | None) -> tuple[Verdict, str] | None:
    """Return why there is no distance, or None when there is one."""
    for side, column in (("target", target), ("baseline", baseline)):
        if column is None:
            return Verdict.UNDEFINED, f"the {side} has no such column"
    assert target is not None and baseline is not None  # noqa: S101, PT018  (just seen)
    for side, column in (("target", target), ("baseline", baseline)):
        if column.n and column.n == column.nulls:
            return Verdict.UNDEFINED, f"every value of the {side} is null"
    if type(target) is not type(baseline) or _unit(target) != _unit(baseline):
        return Verdict.UNDEFINED, f"the type changed from {baseline.dtype} to {target.dtype}"
    if isinstance(target, OpaqueColumn):
        return Verdict.UNDEFINED, f"a column of type {target.dtype} has no distribution to compare"
    if _unit(target) == _CLOCK:
        return Verdict.UNDEFINED, "a point in time moves on by itself; it has no distribution to compare"
    return _too_few(target, baseline)


def _too_few(target: Column, baseline: Column) -> tuple[Verdict, str] | None:
    for side, column in (("target", target), ("baseline", baseline)):
        if _size(column) < LEAST:
            return Verdict.INSUFFICIENT, f"{_size(column)} values in the {side}; {LEAST} are needed"
    if all(isinstance(column, CategoricalColumn) and _repeated(column) < 0.5 for column in (target, baseline)):
        return Verdict.UNDEFINED, "almost every value occurs once: an identifier has no distribution to compare"
    return None


def _repeated(column: CategoricalColumn) -> float:
    """Return the share of rows whose category occurs more than once."""
    return sum(count for count in column.counts.values() if count > 1) / column.present


def _unit(column: Column) -> str:
    return column.unit if isinstance(column, NumericColumn) else ""


def _paired(target: Column, baseline: Column) -> Pair:
    if isinstance(target, NumericColumn) and isinstance(baseline, NumericColumn):
        return _numbers(target, baseline)
    assert isinstance(target, CategoricalColumn) and isinstance(baseline, CategoricalColumn)  # noqa: S101, PT018
    return Pair(count_categories(target, baseline))


def _numbers(target: NumericColumn, baseline: NumericColumn) -> Pair:
    a, b = target.ranks, baseline.ranks
    both = steps(a.values, a.weights, b.values, b.weights)
    moved = [_moved(each) for each in (a, b)]
    whole = None if None in moved else sum(each or 0.0 for each in moved)
    return Pair(count_numbers(a, b), both, Scale(baseline.std, a.error / a.n + b.error / b.n, whole))


def _moved(ranks: RankSummary) -> float | None:
    """Return the Wasserstein distance of a summary from its rows, at most; None where it is not known."""
    return 0.0 if ranks.exact else None


def _binned(signal: str, feature: str | None, pair: Pair) -> list[Measurement]:
    found, cells, p = [], pair.cells, pair.p_value
    for metric, interval in (("jensen_shannon", jensen_shannon_interval), ("psi", stability_interval)):
        value = pair.distance(metric).value
        evidence = Evidence(p, pair.test, value)
        between = interval(cells.target.counts, cells.baseline.counts)
        n = int(cells.target.counts.sum())
        found.append(Measurement(signal, metric, value, n, feature=feature, interval=between, evidence=evidence))
    return found


def _wasserstein(
    signal: str, feature: str | None, pair: Pair, target: NumericColumn, baseline: NumericColumn
) -> Measurement:
    metric, n = DISTANCES[-1], target.finite
    value, spread = pair.normalized_wasserstein().value, target.variance
    if value is None or spread is None or baseline.std is None:
        why = "the values are too large to square"
        return Measurement.unanswered(signal, metric, Verdict.UNDEFINED, why, n=n, feature=feature)
    unit = max(baseline.std, FLOOR)
    interval = wasserstein_interval(value, spread / unit / unit, n, (baseline.std / unit) ** 2, baseline.finite)
    evidence = Evidence(pair.p_value, pair.test, value)
    return Measurement(signal, metric, value, n, feature=feature, interval=interval, evidence=evidence)
