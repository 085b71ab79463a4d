"""By what a measurement was judged, in a word or two."""

from collections.abc import Mapping
from typing import Final

from holter.types import CERTAIN, Calibrated, Measurement

_WORDS: Final[Mapping[Calibrated, str]] = {
    Calibrated.YES: "learned",
    Calibrated.IID: "two samples",
    Calibrated.NO: "not calibrated",
}


def judged_by(measurement: Measurement) -> str:
    """Say where a verdict and its threshold come from.

    ``learned``: from what is normal for the monitor, beyond which a change must be before its size is asked about.
    ``two samples``: from a test of window against baseline as if rows were drawn independently. ``not calibrated``: it
    was not judged. ``a fact``: there is nothing that chance could make. Empty where no threshold is.

    Examples
    --------
    >>> judged_by(Measurement("data_drift", "psi", 0.1, 90, calibrated=Calibrated.YES))
    'learned'
    """
    if measurement.evidence is not None and measurement.evidence.test == CERTAIN:
        return "a fact"
    return "" if measurement.calibrated is None else _WORDS[measurement.calibrated]
