"""Two summaries of one column, laid on one axis and into the same cells."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np

from holter.signals.binning import Cells, Counts
from holter.stats import (
    Steps,
    cramers_v,
    energy_distance,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
    reach,
    total_variation,
    wasserstein,
)
from holter.stats.chi_squared import chi_squared_terms
from holter.stats.contingency import Pooled, TestTerms, homogeneity, pooled
from holter.stats.g_test import g_test_terms
from holter.stats.hellinger import hellinger_terms
from holter.stats.jensen_shannon import jensen_shannon_terms
from holter.stats.normalized_wasserstein import FLOOR, normalized_wasserstein
from holter.stats.population_stability import population_stability_terms
from holter.stats.reach import Range, Terms
from holter.stats.total_variation import total_variation_terms
from holter.types import Distance

KOLMOGOROV_SMIRNOV: Final = "two-sample Kolmogorov-Smirnov"
CHI_SQUARED: Final = "two-sample chi-squared"
_SHAPES: Final[tuple[tuple[str, Callable[[Counts, Counts], float | None], Terms, Callable[[float], float]], ...]] = (
    ("jensen_shannon", jensen_shannon, jensen_shannon_terms, math.sqrt),
    ("psi", population_stability_index, population_stability_terms, float),
    ("hellinger", hellinger, hellinger_terms, math.sqrt),
    ("total_variation", total_variation, total_variation_terms, float),
)
"""Distances of shares: name, value, what a cell adds, and what is done to the sum."""


@dataclass(frozen=True)
class Scale:
    """How numbers are measured: both standard deviations, and how far each summary is from its rows.

    ``std`` is that of the baseline, ``target_std`` that of the target, None beyond a double. ``rank_error`` is the sum
    of both errors of rank, as shares; ``moved`` the sum of both Wasserstein distances from summary to rows, None where
    no bound is known.
    """

    std: float | None
    target_std: float | None = None
    rank_error: float = 0.0
    moved: float | None = 0.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Target and baseline of one column, ready for every distance.

    Parameters
    ----------
    cells
        Both counted in the same cells.
    both, scale
        Both on one axis, for numbers; None for categories.
    of
        What of the column is compared: empty for its values, ``length`` or ``norm`` of values that are themselves no
        numbers.
    trials
        Of how many such pairs this one was chosen as the farthest apart; p-values are multiplied by it (Bonferroni).
    """

    cells: Cells
    both: Steps | None = None
    scale: Scale | None = None
    of: str = ""
    trials: int = 1

    @property
    def test(self) -> str:
        """Name of the one test that stands behind all distances of the column."""
        name = CHI_SQUARED if self.both is None else KOLMOGOROV_SMIRNOV
        return f"{name} of the {self.of}" if self.of else name

    @cached_property
    def p_value(self) -> float:
        """The chance of a difference at least this large were both alike, as sure as the summaries allow."""
        if self._steps is not None:
            return self._steps[1]
        found = self._tested("chi_squared", chi_squared_terms).p_value
        # one category on both sides, or too few of each to tell apart: no difference was seen
        return 1.0 if found is None else found

    @cached_property
    def _steps(self) -> tuple[float, float] | None:
        """Largest gap of the distribution functions, and its p-value."""
        if self.both is None or self.scale is None:
            return None
        apart, p = kolmogorov_smirnov(self.both, error=self.scale.rank_error)
        return apart, self._corrected(p)

    @cached_property
    def _table(self) -> Pooled | None:
        return pooled(self.cells.target.counts, self.cells.baseline.counts)

    @cached_property
    def _ranges(self) -> tuple[Range, Range]:
        """Between which shares each cell lies, on both sides."""
        target, baseline = self.cells.target, self.cells.baseline
        n, m = target.counts.sum(), baseline.counts.sum()
        return (target.low / n, target.high / n), (baseline.low / m, baseline.high / m)

    def distance(self, metric: str) -> Distance:
        """Return one distance of shares: ``jensen_shannon``, ``psi``, ``hellinger`` or ``total_variation``."""
        name, measure, terms, close = next(each for each in _SHAPES if each[0] == metric)
        value = measure(self.cells.target.counts, self.cells.baseline.counts)
        if value is None or self.cells.exact:
            return Distance(name, value)
        low, high = (close(end) for end in self._reach(terms))
        return Distance(name, value, max(high - value, value - low, 0.0))

    def normalized_wasserstein(self) -> Distance:
        """Return the distance in standard deviations of the baseline; no value where that is beyond a double."""
        if self.both is None or self.scale is None or self.scale.std is None:
            return Distance("normalized_wasserstein", None, None)
        value, moved = normalized_wasserstein(self.both, self.scale.std), self.scale.moved
        return Distance("normalized_wasserstein", value, moved and moved / max(self.scale.std, FLOOR))

    def distances(self) -> tuple[Distance, ...]:
        """Return all distances of the column, those of numbers first."""
        numbers = () if self.both is None else self._of_numbers(self.both)
        return (
            *numbers,
            *(self.distance(each[0]) for each in _SHAPES),
            self._largest(),
            self._tested("chi_squared", chi_squared_terms),
            self._tested("g", g_test_terms),
            self._cramers_v(),
        )

    def _of_numbers(self, both: Steps) -> tuple[Distance, ...]:
        scale, (apart, p) = self.scale or Scale(None), self._steps or (0.0, 1.0)
        error, moved = scale.rank_error, scale.moved
        # The integral of (F - F')^2 is at most sup |F - F'| times that of |F - F'|; the energy distance is a metric.
        energy_error = None if moved is None else math.sqrt(2 * error * moved)
        return (
            Distance("kolmogorov_smirnov", apart, min(error, 1.0), p),
            Distance("wasserstein", wasserstein(both), moved),
            self.normalized_wasserstein(),
            Distance("energy", energy_distance(both), energy_error),
        )

    def _corrected(self, p: float) -> float:
        return min(p * self.trials, 1.0)

    def _reach(self, terms: Terms) -> tuple[float, float]:
        return reach(terms, *self._ranges, pooled=self.cells.pooled)

    def _largest(self) -> Distance:
        value = l_infinity(self.cells.target.counts, self.cells.baseline.counts)
        if value is None or self.cells.exact:
            return Distance("l_infinity", value)
        (low_p, high_p), (low_q, high_q) = self._ranges
        up, down = high_p - low_q, high_q - low_p
        # a cell is surely apart by what is left when both ranges are as close as they may be
        surely = np.maximum(-np.minimum(up, down), 0.0)
        high = float(np.maximum(up, down).max())
        if self.cells.pooled:  # of its categories one may have all of it on one side, or none
            high, surely = max(high, float(high_p[-1]), float(high_q[-1])), surely[:-1]
        return Distance("l_infinity", value, max(high - value, value - float(surely.max(initial=0.0))))

    def _tested(self, metric: str, terms: TestTerms) -> Distance:
        """Return a statistic of counts with its error and the p-value of what is certain of it."""
        table = self._table
        if table is None:
            return Distance(metric, None, None)
        if self.cells.exact:
            statistic, p, _ = homogeneity(table, terms)
            return Distance(metric, statistic, 0.0, self._corrected(p))
        n, m = float(table.a.sum()), float(table.b.sum())
        target, baseline = (
            (table.gathered(side.low) / size, table.gathered(side.high) / size)
            for side, size in ((self.cells.target, n), (self.cells.baseline, m))
        )
        low, high = reach(lambda p, q: terms(p, q, n, m), target, baseline)
        value = homogeneity(table, terms)[0]
        _, p, _ = homogeneity(table, terms, error=value - low)
        return Distance(metric, value, max(high - value, value - low), self._corrected(p))

    def _cramers_v(self) -> Distance:
        target, baseline = self.cells.target.counts, self.cells.baseline.counts
        value = cramers_v(target, baseline)
        if value is None or self.cells.exact:
            return Distance("cramers_v", value)
        n, m = float(target.sum()), float(baseline.sum())
        low, high = (math.sqrt(end / (n + m)) for end in self._reach(partial(chi_squared_terms, n=n, m=m)))
        return Distance("cramers_v", value, max(high - value, value - low, 0.0))


def farthest(pairs: list[Pair]) -> Pair | None:
    """Return the pair of numbers whose distribution functions are farthest apart; None without any."""
    apart = [0.0 if each.both is None else float(np.abs(each.both.apart).max()) for each in pairs]
    return pairs[int(np.argmax(apart))] if pairs else None
