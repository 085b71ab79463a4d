"""How far apart two distributions are, and how sure the number is."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Distance:
    """One distance between two summaries of a column.

    Parameters
    ----------
    metric
        Its name: ``jensen_shannon``, ``kolmogorov_smirnov``.
    value
        None where the data does not determine it, or where it is beyond a double.
    error
        By how much it may differ from the distance of the rows themselves, because a summary left some out: a bound,
        not an estimate. 0 where it is exact, None where no bound is known.
    p_value
        For a test: the chance of a difference at least this large, were both sides alike.
    """

    metric: str
    value: float | None
    error: float | None = 0.0
    p_value: float | None = None

    def __post_init__(self) -> None:
        for name in ("value", "error", "p_value"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, name, None)

    def __str__(self) -> str:
        """Write value and error to the digits that mean something.

        Examples
        --------
        >>> for distance in (Distance("ks", 0.01323, 0.0003), Distance("ks", 0.25), Distance("ks", None)):
        ...     print(distance)
        0.0132 ± 0.0003
        0.250
        -
        """
        if self.value is None:
            return "-"
        if not self.error or self.error < 1e-9 * abs(self.value):
            return _plain(self.value)
        digits = min(max(-math.floor(math.log10(self.error)), 0), 9)
        return f"{self.value:.{digits}f} ± {_upward(self.error, digits)}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; never NaN."""
        return {"metric": self.metric, "value": self.value, "error": self.error, "p_value": self.p_value}


def _plain(value: float) -> str:
    size = abs(value)
    if size >= 1e6 or 0 < size < 0.001:
        return f"{value:.2g}"
    return f"{value:.3f}" if size < 10 else f"{value:,.1f}" if size < 1000 else f"{value:,.0f}"


def _upward(error: float, digits: int) -> str:
    """Write a bound with one digit that counts, never below what it is."""
    step = 10.0**-digits
    return f"{math.ceil(error / step - 1e-9) * step:.{digits}f}"
