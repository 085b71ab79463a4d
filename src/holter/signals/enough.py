"""How few rows are too few."""

from typing import Final

from holter.signals.estimate import Estimate
from holter.types import Verdict

LEAST: Final = 30
"""Labels below which a normal interval means nothing."""
LEAST_OF_CLASS: Final = 10
"""Labels of the rarer class below which DeLong's error means nothing (Obuchowski and Lieber, 1998, AJR 170:1579)."""


def insufficient(n: int, what: str = "labels") -> Estimate:
    """Return the refusal of a metric with too few rows."""
    return Estimate.refused(Verdict.INSUFFICIENT, f"{n} {what}; {LEAST} are needed", n)


def enough(n: int, what: str = "labels") -> Estimate | None:
    """Return the refusal of a metric with too few rows, or None where there are enough."""
    return None if n >= LEAST else insufficient(n, what)


def undefined(why: str, n: int = 0) -> Estimate:
    """Return the refusal of a metric that these rows do not determine, however many there are."""
    return Estimate.refused(Verdict.UNDEFINED, why, n)


def answered(labelled: int, usable: int, missing: str) -> Estimate | None:
    """Return why labelled rows do not suffice: they have no answer (``missing``), or are too few; or None.

    Examples
    --------
    >>> answered(50, 0, "scores").reason, answered(50, 12, "scores").reason
    ('the labelled rows have no scores', '12 labels; 30 are needed')
    """
    if labelled >= LEAST and not usable:
        return undefined(f"the labelled rows have no {missing}", labelled)
    return enough(usable)
