"""How far each of many windows was from one baseline: a year re-read in a blink."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile
from holter.signals.binning import decile_edges
from holter.signals.comparable import paired, refusal
from holter.signals.distances import DISTANCES
from holter.stats.jensen_shannon import jensen_shannon_terms
from holter.stats.normalized_wasserstein import FLOOR
from holter.stats.population_stability import population_stability_terms

_BLOCK: Final = 64
"""Windows of numbers measured at once: 512 values of each, and what is made of them, stay in the cache of a core."""

Floats = npt.NDArray[np.float64]
Values = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class DriftHistory:
    """Distances of many windows from one baseline.

    Parameters
    ----------
    features
        The columns of the baseline.
    values
        For each metric of :data:`DISTANCES` a table of one row a feature and one column a window, in the order in which
        the windows were given; NaN where there is no distance (:func:`holter.signals.comparable.refusal` says why).
    """

    features: tuple[str, ...]
    values: dict[str, Floats]

    def of(self, feature: str, metric: str) -> list[float | None]:
        """Return one distance of one feature, window by window; None where there is none."""
        row = self.values[metric][self.features.index(feature)]
        return [None if np.isnan(value) else float(value) for value in row]


def drift_history(targets: Sequence[Profile], baseline: Profile, *, threads: int = 2) -> DriftHistory:
    r"""Measure every column of many profiles against one baseline.

    The same numbers as :func:`holter.signals.distances.distances` gives window by window, without its intervals and
    tests; column by column over all windows at once, which is some twenty times as fast.

    Parameters
    ----------
    targets
        Profiles of the windows; a column that one lacks has no distance there.
    baseline
        What they are held against.
    threads
        Columns measured at once.

    Notes
    -----
    Wasserstein needs no common axis: where the distribution function of a window is constant, at c, the one of the
    baseline crosses it at most once, at its quantile t of c, so that
    :math:`\int_a^b |c - G| = c (t - a) - (H(t) - H(a)) + (H(b) - H(t)) - c (b - t)` with H the integral of G.

    Examples
    --------
    >>> import pyarrow as pa
    >>> days = [Profile.of(pa.table({"x": [float(n + day) for n in range(100)]})) for day in (0, 50)]
    >>> [round(value, 2) for value in drift_history(days, days[0]).of("x", "normalized_wasserstein")]
    [0.0, 1.72]
    """
    values = {metric: np.full((len(baseline.columns), len(targets)), np.nan) for metric in DISTANCES}

    def measure(row: int, name: str) -> None:
        before = baseline.columns[name]
        found = [(place, target.columns.get(name)) for place, target in enumerate(targets)]
        sound = [(place, now) for place, now in found if now is not None and refusal(now, before) is None]
        for places, measured in _measured(sound, before):
            for metric, distances in measured.items():
                values[metric][row, places] = distances

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        # a row of the tables for each column: no two of them write to the same place
        list(pool.map(measure, *zip(*enumerate(baseline.columns), strict=True)))
    return DriftHistory(tuple(baseline.columns), values)


def _measured(found: list[tuple[int, Column]], before: Column) -> list[tuple[list[int], Values]]:
    """Return distances for groups of windows: the simple ones at once, the others one by one."""
    groups: list[tuple[list[int], Values]] = []
    if isinstance(before, NumericColumn):
        numeric = [(place, now) for place, now in found if isinstance(now, NumericColumn)]
        blocks = [numeric[start : start + _BLOCK] for start in range(0, len(numeric), _BLOCK)]
        return [([place for place, _ in block], _numbers([now for _, now in block], before)) for block in blocks]
    simple = [(place, now) for place, now in found if isinstance(now, CategoricalColumn) and now.exact]
    if isinstance(before, CategoricalColumn) and before.exact and simple:
        groups.append(([place for place, _ in simple], _categories([now for _, now in simple], before)))
        done = {place for place, _ in simple}
        found = [(place, now) for place, now in found if place not in done]
    for place, now in found:
        groups.append(([place], _one(now, before)))
    return groups


def _one(now: Column, before: Column) -> Values:
    pair = paired(now, before)
    if pair is None:
        return {}
    values = {metric: pair.distance(metric).value for metric in DISTANCES[:2]}
    if pair.both is not None:
        values[DISTANCES[2]] = pair.normalized_wasserstein().value
    return {metric: np.array([np.nan if value is None else value]) for metric, value in values.items()}


def _numbers(targets: list[NumericColumn], before: NumericColumn) -> Values:
    values = np.concatenate([target.ranks.values.astype(np.float64) for target in targets])
    weights = np.concatenate([target.ranks.weights for target in targets]).astype(np.float64)
    owner = np.repeat(np.arange(len(targets)), [len(target.ranks.values) for target in targets])
    n: Floats = np.bincount(owner, weights, len(targets)).astype(np.float64)
    edges = decile_edges(before.ranks)
    width = len(edges) + 1
    cells = owner * width + np.searchsorted(edges, values)
    p = np.bincount(cells, weights, len(targets) * width).reshape(-1, width) / n[:, None]
    base = np.bincount(np.searchsorted(edges, before.ranks.values.astype(np.float64)), before.ranks.weights, width)
    q = np.broadcast_to(base / base.sum(), p.shape)
    shifted = _wasserstein(values, weights, owner, n, before)
    return {
        DISTANCES[0]: np.sqrt(jensen_shannon_terms(p, q).sum(axis=1)),
        DISTANCES[1]: population_stability_terms(p, q).sum(axis=1),
        DISTANCES[2]: shifted,
    }


def _wasserstein(
    values: Floats, weights: Floats, owner: npt.NDArray[np.intp], n: Floats, before: NumericColumn
) -> Floats:
    """Return the distance of each window, in standard deviations of the baseline."""
    if before.std is None:
        return np.full(len(n), np.nan)
    grid = before.ranks.values.astype(np.float64)
    share = np.cumsum(before.ranks.weights) / before.ranks.n
    with np.errstate(over="ignore", invalid="ignore"):
        integral = np.concatenate(([0.0], np.cumsum(share[:-1] * np.diff(grid))))

        at = np.maximum(np.searchsorted(grid, values, side="right") - 1, 0)
        under = integral[at] + share[at] * np.maximum(values - grid[at], 0.0)
        through = np.cumsum(weights)
        first = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
        last = np.append(first[1:], len(owner)) - 1
        level = (through - (through[first] - weights[first])[owner]) / n[owner]
        inner = np.flatnonzero(owner[1:] == owner[:-1])
        a, b, c = values[inner], values[inner + 1], level[inner]
        crossing = np.minimum(np.searchsorted(share, c), len(grid) - 1)
        t = grid[crossing]
        at_t = np.where(t <= a, under[inner], np.where(t >= b, under[inner + 1], integral[crossing]))
        area = c * (2 * np.clip(t, a, b) - a - b) + under[inner] + under[inner + 1] - 2 * at_t
        # before its first value a window has no rows, after its last one it has all of them
        rest = np.maximum(grid[-1] - values[last], 0.0)
        whole = (
            np.bincount(owner[inner], area, len(n)) + under[first] + rest - np.maximum(integral[-1] - under[last], 0.0)
        )
        distance: Floats = np.maximum(whole, 0.0) / max(before.std, FLOOR)
    distance[~np.isfinite(distance)] = np.nan
    return distance


def _categories(targets: list[CategoricalColumn], before: CategoricalColumn) -> Values:
    index = _Places((name, place) for place, name in enumerate(before.counts))
    base = np.fromiter(before.counts.values(), np.float64, len(index))
    base = np.append(base / base.sum(), 0.0)  # the last one: what the baseline never had
    index.unknown = len(index)
    sizes = [len(target.counts) for target in targets]
    names = chain.from_iterable(each.counts for each in targets)
    at = np.fromiter(map(index.__getitem__, names), np.int64, sum(sizes))
    counts = np.fromiter(chain.from_iterable(each.counts.values() for each in targets), np.float64, sum(sizes))
    owner = np.repeat(np.arange(len(targets)), sizes)
    p, q = counts / np.bincount(owner, counts, len(targets))[owner], base[at]
    # a category that a window lacks adds half its share to the divergence, and a term of its own to the index
    alone = population_stability_terms(np.zeros_like(base), base)
    alone[-1] = 0.0
    missing = 1.0 - np.bincount(owner, q, len(targets))
    divergence = np.bincount(owner, jensen_shannon_terms(p, q), len(targets)) + np.maximum(missing, 0.0) / 2
    stability = np.bincount(owner, population_stability_terms(p, q) - alone[at], len(targets)) + alone.sum()
    return {DISTANCES[0]: np.sqrt(divergence), DISTANCES[1]: np.maximum(stability, 0.0)}


class _Places(dict[str, int]):
    """Where each category of the baseline stands; those it never had stand behind the last one."""

    unknown = 0

    def __missing__(self, name: str) -> int:
        return self.unknown
