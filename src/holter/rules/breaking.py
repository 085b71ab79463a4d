"""When a rule is broken."""

import math
from collections.abc import Iterable
from typing import Final

from holter.rules.rule import Rule
from holter.types import Calibrated, Measurement, Verdict

_ANSWERED: Final = frozenset({None, Verdict.OK, Verdict.ALARM})
_SMALLEST: Final = 5e-324
"""The smallest positive double: beyond, and no more can be said."""
_BELIEVED: Final = frozenset({Calibrated.YES, Calibrated.IID})


def answers(rule: Rule, measurement: Measurement) -> bool:
    """Tell whether a measurement can break or hold a rule at all.

    It cannot when there is no value (insufficient, undefined, error), and, for a rule that follows the calibrated
    verdict, when it was not tested or the judgement is uncalibrated: what is not known neither alarms nor calms.
    """
    if measurement.value is None or measurement.verdict not in _ANSWERED:
        return False
    if not rule.calibrated:
        return True
    return measurement.calibrated in _BELIEVED or measurement.verdict is Verdict.ALARM


def breaks(rule: Rule, measurement: Measurement) -> bool:
    """Tell whether a measurement breaks a rule.

    ``above`` and ``below`` are strict, ``equal`` is exact, and 0 is a threshold like any other. With ``sure`` the whole
    interval must lie beyond the threshold; a measurement without interval is taken at its value. A rule with
    ``calibrated`` breaks on the verdict ``alarm``; fixed thresholds beside it break it too.

    Examples
    --------
    >>> rule = Rule("auc", "performance.roc_auc", below=0.65)
    >>> breaks(rule, Measurement("performance", "roc_auc", 0.61, 500))
    True
    """
    return rule.watches(measurement) and answers(rule, measurement) and excess(rule, measurement) > 0


def broken_by(rules: Iterable[Rule], measurement: Measurement) -> tuple[str, ...]:
    """Return the names of the rules that a measurement breaks, whatever its own verdict is.

    The verdict says what the signal makes of it against the baseline; a rule says what somebody wants. A value may be
    as it always was (``ok``) and below what a rule allows.
    """
    return tuple(rule.name for rule in rules if breaks(rule, measurement))


def excess(rule: Rule, measurement: Measurement) -> float:
    """Return how far beyond the rule a measurement lies: positive when it breaks, larger when it is worse.

    For a fixed threshold it is the distance from it; for the calibrated verdict the surprise -log10 p, or the smallest
    positive number when there is no p-value. Not positive when it holds.
    """
    low, high = _edges(rule, measurement)
    beyond = -math.inf
    if rule.above is not None:
        beyond = max(beyond, low - rule.above)
    if rule.below is not None:
        beyond = max(beyond, rule.below - high)
    if rule.equal is not None and measurement.value == rule.equal:
        beyond = max(beyond, _SMALLEST)
    if rule.calibrated and measurement.verdict is Verdict.ALARM:
        beyond = max(beyond, _surprise(measurement))
    return beyond


def _edges(rule: Rule, measurement: Measurement) -> tuple[float, float]:
    value, interval = measurement.value, measurement.interval
    assert value is not None  # noqa: S101  (asked by answers)
    return (interval.low, interval.high) if rule.sure and interval else (value, value)


def _surprise(measurement: Measurement) -> float:
    p = measurement.evidence.p_value if measurement.evidence else None
    return _SMALLEST if p is None else max(_SMALLEST, -math.log10(max(p, _SMALLEST)))
