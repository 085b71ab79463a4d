"""Whether a new version fails more often than the one before: its first requests are its trial."""

from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Final, Self

DOUBT: Final = 1e-3
"""How improbable so many failures must be, were the version as good as it may be, before it is taken back."""


@dataclass(frozen=True)
class Score:
    """Requests that were answered, and those of them with a failure: a status of 500 or more, or a lost worker."""

    answered: int
    failed: int

    def __add__(self, other: Self) -> "Score":
        return Score(self.answered + other.answered, self.failed + other.failed)

    def __sub__(self, other: Self) -> "Score":
        return Score(self.answered - other.answered, self.failed - other.failed)

    def __str__(self) -> str:
        return f"{self.failed:,} of {self.answered:,} requests"


@dataclass(frozen=True)
class Trial:
    """What a new version is held to.

    Parameters
    ----------
    requests
        Length of the trial; 0: there is none.
    excess
        Share of failures that it may have above that of the version before.
    """

    requests: int = 200
    excess: float = 0.05

    def failed(self, new: Score, old: Score) -> bool:
        r"""Tell whether a version has failed its trial.

        That is so when :math:`P(X \ge failed) < 0.001` for :math:`X \sim Bin(answered, p)`, where p is the share of
        failures of the old version plus ``excess``. It may be asked after each request: three failures of three are
        enough, while one of twenty is not.

        Examples
        --------
        >>> Trial().failed(Score(3, 3), Score(1000, 0)), Trial().failed(Score(20, 1), Score(1000, 0))
        (True, False)
        >>> Trial().failed(Score(100, 30), Score(1000, 300))
        False
        """
        if not self.requests or not new.failed:
            return False
        share = old.failed / old.answered if old.answered else 0.0
        return tail(new.answered, new.failed, min(1.0, share + self.excess)) < DOUBT

    def over(self, new: Score) -> bool:
        """Tell whether a version that has not failed by now has stood its trial."""
        return new.answered >= self.requests


def tail(n: int, least: int, p: float) -> float:
    """Return the probability of at least ``least`` of ``n`` when each has probability ``p``.

    Examples
    --------
    >>> round(tail(10, 2, 0.5), 4)
    0.9893
    """
    if least <= 0 or p >= 1.0:
        return 1.0
    if p <= 0.0:
        return 0.0
    whole = lgamma(n + 1)
    terms = (
        exp(whole - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p)) for k in range(least, n + 1)
    )
    return min(1.0, sum(terms))
