"""How good a model of a number is, from the sums of its errors."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from holter.profile.outcomes import CoMoments, Outcomes
from holter.signals.asked import Asked
from holter.signals.enough import answered, enough, insufficient, undefined
from holter.signals.estimate import Estimate
from holter.signals.noise import Z

Metric = Callable[[Outcomes, Asked], Estimate]


def _of_residuals(of: Callable[[CoMoments, Asked], Estimate]) -> Metric:
    """Return a metric of the residuals, or why there are not enough."""

    def measured(outcomes: Outcomes, asked: Asked) -> Estimate:
        found = outcomes.moments.get("residual")
        refusal = answered(outcomes.labelled, 0 if found is None else found.n, "predictions")
        if refusal is not None or found is None:
            return refusal or insufficient(0)
        return _finite(of(found, asked))

    return measured


def _finite(estimate: Estimate) -> Estimate:
    """Refuse a number whose error nobody can work out."""
    if estimate.se is not None and not math.isfinite(estimate.se):
        return undefined("the numbers are too large to be squared", estimate.n)
    return estimate


def _mean(name: str, floor: float = -math.inf, ceiling: float = math.inf) -> Metric:
    return _of_residuals(
        lambda sums, _: Estimate(sums.mean(name), sums.n, sums.spread({name: 1.0}), floor=floor, ceiling=ceiling)
    )


def root(sums: CoMoments) -> Estimate:
    """Return the root of the mean of ``squared``; the error of a root is that of the mean over twice the root."""
    value = math.sqrt(sums.mean("squared"))
    se = sums.spread({"squared": 1 / (2 * value)}) if value else 0.0
    return Estimate(value, sums.n, se, floor=0.0)


def _r2(sums: CoMoments, _: Asked) -> Estimate:
    """1 - mean squared error / variance of the labels; its error by the delta method on both."""
    variance, loss, middle = sums.covariance("label", "label"), sums.mean("squared"), sums.mean("label")
    if not variance:
        return undefined("all labels are equal", sums.n)
    # the variance of the labels is the mean of their squares less the square of their mean, both from the origin
    per_variance = loss / variance**2
    slopes = {"squared": -1 / variance, "label_square": per_variance, "label": -2 * middle * per_variance}
    return Estimate(1 - loss / variance, sums.n, sums.spread(slopes), ceiling=1.0)


def _pinball(sums: CoMoments, asked: Asked) -> Estimate:
    """Return the mean of q (y - p)+ + (1 - q)(p - y)+, which is |e| / 2 + (1/2 - q) e for the error e = p - y."""
    tilt = 0.5 - asked.quantile
    value = sums.mean("absolute") / 2 + tilt * sums.mean("error")
    return Estimate(value, sums.n, sums.spread({"absolute": 0.5, "error": tilt}), floor=0.0)


def _rmsle(outcomes: Outcomes, _: Asked) -> Estimate:
    residual, logarithm = outcomes.moments.get("residual"), outcomes.moments.get("logarithm")
    refusal = answered(outcomes.labelled, 0 if residual is None else residual.n, "predictions")
    if refusal is not None or residual is None:
        return refusal or insufficient(0)
    unfit = residual.n - (0 if logarithm is None else logarithm.n)
    if unfit or logarithm is None:
        return undefined(f"{unfit} labels or predictions are -1 or less: they have no logarithm", residual.n)
    return _finite(root(logarithm))


def _mape(outcomes: Outcomes, _: Asked) -> Estimate:
    residual, relative = outcomes.moments.get("residual"), outcomes.moments.get("relative")
    refusal = answered(outcomes.labelled, 0 if residual is None else residual.n, "predictions")
    if refusal is not None:
        return refusal
    if relative is None:
        return undefined("every label is 0: no error is a share of it", outcomes.labelled)
    value = Estimate(relative.mean("absolute"), relative.n, relative.spread({"absolute": 1.0}), floor=0.0)
    return enough(relative.n, "labels that are not 0") or _finite(value)


def _median(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return the median absolute error; its interval are the errors at the ranks a binomial count may have."""
    errors = outcomes.errors
    refusal = answered(outcomes.labelled, 0 if errors is None else errors.n, "predictions")
    if refusal is not None or errors is None:
        return refusal or insufficient(0)
    n, through = errors.n, np.cumsum(errors.weights)

    def at(rank: float) -> float:
        place = np.searchsorted(through, np.clip(rank, 0, n - 1), side="right")
        return float(errors.values[min(int(place), len(through) - 1)])

    value = (at((n - 1) // 2) + at(n // 2)) / 2
    reach = Z * math.sqrt(n) / 2 + errors.error
    se = (at(math.ceil(n / 2 + reach)) - at(math.floor(n / 2 - reach))) / 2 / Z
    return Estimate(value, n, se, floor=0.0)


def _interval(of: Callable[[CoMoments], Estimate]) -> Metric:
    def measured(outcomes: Outcomes, _: Asked) -> Estimate:
        found = outcomes.moments.get("interval")
        missing = "intervals (_lower and _upper)"
        refusal = answered(outcomes.labelled, 0 if found is None else found.n, missing)
        if refusal is not None or found is None:
            return refusal or insufficient(0)
        return _finite(of(found))

    return measured


REGRESSION: Final[Mapping[str, Metric]] = {
    "mae": _mean("absolute", floor=0.0),
    "mse": _mean("squared", floor=0.0),
    "rmse": _of_residuals(lambda sums, _: root(sums)),
    "rmsle": _rmsle,
    "mape": _mape,
    "smape": _mean("symmetric", floor=0.0, ceiling=2.0),
    "median_absolute_error": _median,
    "pinball": _of_residuals(_pinball),
    "bias": _mean("error"),
    "r2": _of_residuals(_r2),
    "interval_coverage": _interval(lambda sums: Estimate.rate(round(sums.mean("inside") * sums.n), sums.n, "")),
    "interval_width": _interval(lambda sums: Estimate(sums.mean("width"), sums.n, sums.spread({"width": 1.0}))),
}
"""By metric."""
