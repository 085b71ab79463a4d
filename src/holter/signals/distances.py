"""How far the distribution of one column is from what it was."""

from typing import Final

from holter.profile import CategoricalColumn, Column, NumericColumn, OpaqueColumn
from holter.signals.binning import Counts, count_categories, count_numbers
from holter.signals.noise import jensen_shannon_interval, stability_interval, wasserstein_interval
from holter.stats import (
    chi_squared,
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability_index,
    wasserstein,
)
from holter.types import Evidence, Measurement, Verdict

LEAST: Final = 30
"""Values on either side below which a distance says more about chance than about the column."""
DISTANCES: Final = ("jensen_shannon", "psi", "wasserstein")
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
        One measurement a distance; ``undefined`` where the column is missing, of another type, constant (Wasserstein)
        or an identifier, ``insufficient`` with fewer than :data:`LEAST` values on either side.
    """
    refusal = _refuse(target, baseline)
    if refusal is not None:
        metrics = _BINNED if isinstance(target, CategoricalColumn) else DISTANCES
        return [
            Measurement.unanswered(signal, metric, *refusal, n=_size(target), feature=feature) for metric in metrics
        ]
    if isinstance(target, NumericColumn) and isinstance(baseline, NumericColumn):
        return _numbers(signal, feature, target, baseline)
    assert isinstance(target, CategoricalColumn) and isinstance(baseline, CategoricalColumn)  # noqa: S101, PT018
    return _categories(signal, feature, target, baseline)


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


def _numbers(signal: str, feature: str | None, target: NumericColumn, baseline: NumericColumn) -> list[Measurement]:
    a, b = target.ranks, baseline.ranks
    error = a.error / a.n + b.error / b.n
    tested = kolmogorov_smirnov(a.values, a.weights, b.values, b.weights, error=error)
    p = tested[1] if tested else None
    found = _binned(signal, feature, *count_numbers(a, b), p, "two-sample Kolmogorov-Smirnov")
    return [*found, _wasserstein(signal, feature, target, baseline, p)]


def _categories(
    signal: str, feature: str | None, target: CategoricalColumn, baseline: CategoricalColumn
) -> list[Measurement]:
    counts = count_categories(target, baseline)
    tested = chi_squared(*counts)
    # One category on both sides, or too few of each to tell apart: no difference was seen.
    return _binned(signal, feature, *counts, tested[1] if tested else 1.0, "two-sample chi-squared")


def _binned(
    signal: str, feature: str | None, target: Counts, baseline: Counts, p: float | None, test: str
) -> list[Measurement]:
    kinds = (
        ("jensen_shannon", jensen_shannon, jensen_shannon_interval),
        ("psi", population_stability_index, stability_interval),
    )
    found = []
    for metric, distance, interval in kinds:
        value = distance(target, baseline)
        evidence = Evidence(p, test, value)
        n, between = int(target.sum()), interval(target, baseline)
        found.append(Measurement(signal, metric, value, n, feature=feature, interval=between, evidence=evidence))
    return found


def _wasserstein(
    signal: str, feature: str | None, target: NumericColumn, baseline: NumericColumn, p: float | None
) -> Measurement:
    a, b, n = target.ranks, baseline.ranks, target.finite
    moved = wasserstein(a.values, a.weights, b.values, b.weights)
    unit, spread = baseline.std, target.variance
    if moved is None or spread is None or unit is None or not unit:
        why = "the baseline is constant" if unit == 0 else "the values are too large to square"
        return Measurement.unanswered(signal, "wasserstein", Verdict.UNDEFINED, why, n=n, feature=feature)
    value = moved / unit
    interval = wasserstein_interval(value, spread / unit / unit, n, 1.0, baseline.finite)
    evidence = Evidence(p, "two-sample Kolmogorov-Smirnov", value)
    return Measurement(signal, "wasserstein", value, n, feature=feature, interval=interval, evidence=evidence)
