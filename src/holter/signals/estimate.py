"""A number with its error, and what it means beside the same number of the baseline."""

import math
from dataclasses import dataclass
from typing import Final, Self

from holter.signals.rates import TEST, rates_p_value
from holter.stats import normal_interval, wilson
from holter.types import Evidence, Interval, Measurement, Verdict

Z_TEST: Final = "two-sample z"


@dataclass(frozen=True)
class Estimate:
    """The value of a metric on some rows.

    Parameters
    ----------
    value
        None when there is none; then ``verdict`` and ``reason`` say why.
    n
        Rows it rests on.
    se
        Standard error; None for rates, which have ``hits``.
    hits
        For a rate: how many of the n.
    noise
        What chance adds to the value of a metric that cannot be negative, were the truth 0.
    error
        What the value may be off by because the rows were summed up; intervals reach that much further.
    floor, ceiling
        Ends of the scale; intervals stop there.
    verdict, reason
        For an unanswered one.
    """

    value: float | None
    n: int
    se: float | None = None
    hits: int | None = None
    noise: float = 0.0
    error: float = 0.0
    floor: float = -math.inf
    ceiling: float = math.inf
    verdict: Verdict | None = None
    reason: str = ""

    @classmethod
    def refused(cls, verdict: Verdict, reason: str, n: int = 0) -> Self:
        """Say that there is no value, and why."""
        return cls(None, n, verdict=verdict, reason=reason)

    @classmethod
    def rate(cls, hits: int, n: int, otherwise: str) -> Self:
        """Return a rate; undefined for the reason ``otherwise`` when n is 0."""
        return cls(hits / n, n, hits=hits) if n else cls.refused(Verdict.UNDEFINED, otherwise)

    @property
    def interval(self) -> Interval | None:
        """Return the 95 % interval: Wilson's for a rate, else the normal one, cut off at the ends of the scale."""
        if self.value is None:
            return None
        if self.hits is not None:
            return wilson(self.hits, self.n)
        if self.se is None:
            return None
        between = normal_interval(self.value, self.se)
        low, high = between.low - self.noise - self.error, between.high + self.error
        return Interval(max(self.floor, low), min(self.ceiling, high))

    def against(self, signal: str, metric: str, baseline: "Estimate | None") -> Measurement:
        """Return the measurement, with the evidence that it differs from the baseline's where that has a value.

        Examples
        --------
        >>> Estimate(0.6, 400, 0.02).against("performance", "roc_auc", Estimate(0.7, 900, 0.01)).evidence.effect
        -0.09999999999999998
        """
        if self.value is None:
            assert self.verdict is not None  # noqa: S101  (refused says why)
            return Measurement.unanswered(signal, metric, self.verdict, self.reason, n=self.n)
        evidence = None
        if baseline is not None and baseline.value is not None:
            p, test = self.p_value(baseline)
            evidence = Evidence(p, test, self.value - baseline.value, baseline.value)
        return Measurement(signal, metric, self.value, self.n, interval=self.interval, evidence=evidence)

    def p_value(self, baseline: "Estimate") -> tuple[float | None, str]:
        r"""Return the chance of a difference this large were both alike, two-sided, and the name of the test.

        Rates: :func:`holter.signals.rates.rates_p_value`. Else :math:`z = (a - b) / \sqrt{se_a^2 + se_b^2}` (the
        baseline is finite), with the tails of Student's t at the smaller sample's degrees of freedom, since the
        standard errors are estimates too. ``noise`` is taken off the difference first, so that a small window's upward
        bias is no evidence, and so is what summing up may have changed; None when nothing is known about the error.
        """
        assert self.value is not None and baseline.value is not None  # noqa: S101, PT018  (asked by against)
        if self.hits is not None and baseline.hits is not None:
            return rates_p_value(self.hits, self.n, baseline.hits, baseline.n), TEST
        if self.se is None or baseline.se is None:
            return None, Z_TEST
        apart = self.value - baseline.value
        if self.noise:
            apart = max(0.0, apart - self.noise)
        apart = max(0.0, abs(apart) - self.error - baseline.error)
        error = math.hypot(self.se, baseline.se)
        if not error:
            return (1.0 if apart == 0 else None), Z_TEST
        from scipy.special import stdtr  # slow to import

        return float(2 * stdtr(max(1, min(self.n, baseline.n) - 1), -apart / error)), Z_TEST
