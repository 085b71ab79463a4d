"""The few measurements of segments that a person should see."""

from collections.abc import Sequence
from typing import Final

from holter.rules.breaking import breaks
from holter.rules.rule import Rule
from holter.types import Measurement, Verdict

FEW: Final = 5
"""Measurements of segments that are shown unasked."""


def worst_segments(
    measurements: Sequence[Measurement], rules: Sequence[Rule] = (), most: int = FEW
) -> list[Measurement]:
    """Return the measurements of segments that alarm or break a rule, the least likely by chance first.

    Parameters
    ----------
    measurements
        Of all rows and of segments; those of all rows are left out.
    rules
        Of the monitor.
    most
        How many at most; of one segment and signal only the worst.

    Examples
    --------
    >>> bad = Measurement("data_drift", "psi", 0.9, 90, feature="x", segment="country=DE", verdict=Verdict.ALARM)
    >>> [each.segment for each in worst_segments([bad, Measurement("data_drift", "psi", 0.9, 90)])]
    ['country=DE']
    """
    bad = [each for each in measurements if each.segment is not None and _is_bad(each, rules)]
    first: dict[tuple[str | None, str], Measurement] = {}
    for each in sorted(bad, key=_order):
        first.setdefault((each.segment, each.signal), each)
    return list(first.values())[:most]


def _is_bad(measurement: Measurement, rules: Sequence[Rule]) -> bool:
    return measurement.verdict is Verdict.ALARM or any(breaks(rule, measurement) for rule in rules)


def _order(measurement: Measurement) -> tuple[object, ...]:
    evidence = measurement.evidence
    p = 1.0 if evidence is None or evidence.p_value is None else evidence.p_value
    return (
        -(measurement.window.end.timestamp() if measurement.window else 0.0),
        p,
        str(measurement.segment),
        measurement.name,
        measurement.feature or "",
    )
