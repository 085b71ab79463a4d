"""The newest windows merged, set against what was expected of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.null import Mix, Null
from holter.rules.omnibus import Cells, mix_tail, usable
from holter.stats.predictive_tails import count_tail, mixture_tail, skewed_tail
from holter.types import Span

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_LOOK: Final = 2.5
"""Standard errors of rows alone below which no posterior can make a difference real at any level that is given out."""
_LEAST_ROWS: Final = 10.0
"""Rows below which a mean of bounded scores is not judged; shares are, by their exact law."""
_LEAST_LABELS: Final = 30.0
"""The same for residuals and losses, of which one row can be far out."""
_UNREST: Final = 1.3
"""Unrest beyond which whole columns are not tested: what moves their categories is then not known."""
_RESTLESS: Final = 0.25
"""Rho from which the days of a share are not those of a beta law alone, and may have heavier tails."""


@dataclass(frozen=True, eq=False)
class Merge:
    """Some windows merged into one.

    Parameters
    ----------
    null
        What is usual.
    place
        Which of the null's scales they are judged as: the longest that is no longer than they are.
    blocks
        How many of the null's windows they are long; at least 1.
    rows
        Rows behind each mean.
    apart
        How far each mean is from what was expected.
    phase
        Variance that uncertain phases leave.
    unrest
        By how much windows of late vary more than the null says, one for each contrast; 1 where they do not.
    """

    null: Null
    place: int
    blocks: float
    rows: Floats
    apart: Floats
    phase: Floats
    unrest: Floats

    @classmethod
    def of(cls, null: Null, spans: Sequence[Span], n: Floats, apart: Floats, unrest: Floats) -> "Merge":
        """Merge windows, given rows and how far each is from what was expected."""
        blocks = max(sum(span.length / null.every for span in spans), 1.0)
        place = max(place for place, scale in enumerate(null.scales) if scale <= blocks + 1e-6)
        rows = n.sum(0)
        mean = (n * apart).sum(0) / np.maximum(rows, 1e-9)
        return cls(null, place, blocks, rows, np.where(rows > 0, mean, 0.0), null.calendar_variance(spans, n), unrest)

    @cached_property
    def _sampled(self) -> Floats:
        return self.null.spread / np.maximum(self.rows, 1e-9)

    @cached_property
    def _between(self) -> Floats:
        """Return the variance between windows that a rho of 1 stands for.

        Windows smaller than the baseline's blocks may suffer from rows that are alike within a block: then the excess
        grows as the sampling variance does.
        """
        usual = self.null.reference * self.blocks
        return self.null.spread / usual * np.maximum(1.0, usual / np.maximum(self.rows, 1e-9))

    @cached_property
    def _known(self) -> Floats:
        """Return the variance of what was expected: the baseline is finite, and so is each weekday of it."""
        found: Floats = self.null.spread * (1 + self.null.memory) / np.maximum(self.null.rows, 1.0) + self.phase
        return found + self._echo

    @cached_property
    def _echo(self) -> Floats:
        """Return the variance that a shift of a restless column's location gives to its other moments.

        Scores of second to fourth degree move by at most about the square of the shift (exactly so, to a factor below
        1, for a normal law); where days shift the location anyway, that is no news.
        """
        at = self.null.locations
        restless = (at >= 0) & (self.null.expected_rho[self.place, at] > _RESTLESS)
        return np.where(restless, self.apart[at] ** 4, 0.0)

    @cached_property
    def variance(self) -> Floats:
        """Variance of each difference where nothing has changed, at the mean of its posterior."""
        rho = self.null.expected_rho[self.place]
        found: Floats = self.unrest * (self._sampled + self._between * rho) + self._known
        return found

    @cached_property
    def score(self) -> Floats:
        """Each difference in its own standard deviations."""
        found: Floats = np.where(self.rows > 0, self.apart / np.sqrt(self.variance), 0.0)
        return found

    def candidates(self) -> Places:
        """Return the contrasts that can be real at all."""
        least = np.sqrt(self.unrest * self._sampled + self._known)
        least_rows = np.where(self._shares, 1e-9, np.where(self.null.labels, _LEAST_LABELS, _LEAST_ROWS))
        enough = (self.rows >= least_rows) & (self.null.rows > 1)
        beyond = np.abs(self.apart) > np.maximum(self.null.envelope[self.place], _LOOK * least)
        return np.flatnonzero(enough & beyond & (np.abs(self.score) >= self.null.largest[self.place]))

    @cached_property
    def _shares(self) -> npt.NDArray[np.bool_]:
        return self.null.shares

    def tails(self, chosen: Places) -> Floats:
        """Return the p-value of chosen contrasts."""
        null = self.null
        rho = null.rho(self.place, chosen)
        chances = null.chances[self.place, chosen].astype(np.float64)
        unrest = self.unrest[chosen, None]
        known = self._known[chosen, None]
        between = unrest * self._between[chosen, None] * rho
        variances = unrest * self._sampled[chosen, None] + between + known
        found = mixture_tail(self.apart[chosen], variances, between, chances, null.freedom[chosen])
        shares = self._shares[chosen]
        if shares.any():
            more = between + known + (unrest - 1) * self._sampled[chosen, None]
            exact = self._counted(chosen[shares], more[shares], chances[shares])
            restless = null.expected_rho[self.place, chosen[shares]] > _RESTLESS
            found[shares] = np.where(restless, np.maximum(exact, found[shares]), exact)
        third = null.skewness[chosen] * null.spread[chosen] ** 1.5 / self.rows[chosen] ** 2
        skew = ~shares & (np.abs(third) > 0.02 * variances[:, 0] ** 1.5)
        if skew.any():
            lopsided = skewed_tail(self.apart[chosen[skew]], variances[skew], chances[skew], third[skew])
            found[skew] = np.maximum(found[skew], lopsided)
        return found

    def _counted(self, chosen: Places, variance: Floats, chances: Floats) -> Floats:
        share, n = self.null.mean[chosen], self.rows[chosen]
        phi = variance / (share * (1 - share))[:, None]
        return count_tail((share + self.apart[chosen]) * n, n, share, phi, chances)

    def mix(self, mix: Mix) -> tuple[float, float]:
        """Return the p-value of a whole categorical column, and its size as Cohen's w; 1 where it cannot be judged."""
        null, members = self.null, mix.members
        n = float(self.rows[members[0]])
        chances = mix.chances[self.place]
        usual = float(null.reference[members[0]]) * self.blocks
        apart = self.apart[members]
        rho = mix.rho(self.place)
        calm = usable(float(chances @ rho), n, usual)
        cells = Cells.of(null.mean[members], n)
        if n < _LEAST_ROWS or not calm or cells.freedom < 1 or self.unrest[members[0]] > _UNREST:
            return 1.0, 0.0
        unrest = float(self.unrest[members[0]])
        between = max(1.0, usual / n) * rho / usual
        known = (1 + float(null.memory[members].mean())) / max(float(null.rows[members[0]]), 1.0)
        phase = float((self.phase[members] / np.maximum(null.mean[members], 1e-9)).mean())
        statistic, variance = float(cells.squared(apart)), unrest * (1 / n + between) + known + phase
        if statistic <= mix.envelope[self.place] or statistic <= mix.largest[self.place] * float(chances @ variance):
            return 1.0, 0.0
        wandering = unrest * between + (unrest - 1) / n
        freedom = float(null.freedom[members].min())
        p = mix_tail(statistic, cells, n, variance=variance, between=wandering, chances=chances, freedom=freedom)
        return p, float(np.sqrt(statistic))
