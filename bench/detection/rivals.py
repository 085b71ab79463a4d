"""What most people would write: KS and chi-square on every feature, and the population stability index.

Each gives a number for every window; tables.py turns them into alarms: Benjamini-Hochberg at 5 %, the level that
rings for one in 1000 windows of independent rows, PSI above .2.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import chdtrc, kolmogorov, xlogy

from detection.population import NAMES, NUMERIC
from detection.streams import Stream

DECILES = 10
FEWEST = 5
"""Expected rows of a cell of chi-square; rarer categories are pooled."""


class Rivals:
    """Compare windows with a baseline, feature by feature."""

    def __init__(self, baseline: pa.Table) -> None:
        self._numbers = [np.sort(baseline[name].drop_null().to_numpy()) for name in NAMES[:NUMERIC]]
        self._kinds = [pc.unique(baseline[name].combine_chunks()) for name in NAMES[NUMERIC:]]
        pairs = zip(self._kinds, NAMES[NUMERIC:], strict=True)
        self._counts = [_counted(kinds, baseline[name].combine_chunks()) for kinds, name in pairs]
        edges = np.arange(1, DECILES) / DECILES
        self._edges = [np.unique(np.quantile(each, edges)) for each in self._numbers]

    def compare(self, window: pa.Table) -> tuple[float, float, float]:
        """Return the smallest p, the smallest p adjusted by Benjamini-Hochberg, and the largest PSI."""
        numbers = [np.sort(window[name].drop_null().to_numpy()) for name in NAMES[:NUMERIC]]
        counts = [
            _counted(kinds, window[name].combine_chunks())
            for kinds, name in zip(self._kinds, NAMES[NUMERIC:], strict=True)
        ]
        p = [kolmogorov_smirnov(*each) for each in zip(self._numbers, numbers, strict=True)]
        p += [chi_squared(*each) for each in zip(self._counts, counts, strict=True)]
        psi = [
            stability(_binned(edges, one), _binned(edges, other))
            for edges, one, other in zip(self._edges, self._numbers, numbers, strict=True)
        ] + [stability(*each) for each in zip(self._counts, counts, strict=True)]
        ranked = np.sort(p)
        return float(ranked[0]), float(np.min(ranked * len(p) / (1 + np.arange(len(p))))), float(max(psi))


def kolmogorov_smirnov(one: np.ndarray, other: np.ndarray) -> float:
    """Return the asymptotic p of two sorted samples."""
    if not len(one) or not len(other):
        return 1.0
    both = np.concatenate([one, other])
    gap = np.searchsorted(one, both, "right") / len(one) - np.searchsorted(other, both, "right") / len(other)
    return float(kolmogorov(np.abs(gap).max() * np.sqrt(len(one) * len(other) / (len(one) + len(other)))))


def chi_squared(one: np.ndarray, other: np.ndarray) -> float:
    """Return the p of two rows of counts, both samples; rare categories pooled."""
    share = (one + other) / (one + other).sum()
    rare = share * min(one.sum(), other.sum()) < FEWEST
    table = np.array([np.r_[row[~rare], row[rare].sum()] for row in (one, other)], dtype=float)
    table = table[:, table.sum(0) > 0]
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    degrees = table.shape[1] - 1
    return float(chdtrc(degrees, ((table - expected) ** 2 / expected).sum())) if degrees else 1.0


def stability(one: np.ndarray, other: np.ndarray) -> float:
    """Return the population stability index; an empty cell counts as half a row."""
    p, q = (np.maximum(row, 0.5) / np.maximum(row, 0.5).sum() for row in (one, other))
    return float((xlogy(p - q, p) - xlogy(p - q, q)).sum())


def _counted(kinds: pa.Array, column: pa.Array) -> np.ndarray:
    """Count each kind; unseen ones and missing values that the baseline had none of stand last."""
    index = pc.index_in(column, kinds).fill_null(len(kinds)).to_numpy()
    return np.bincount(index, minlength=len(kinds) + 1).astype(float)


def _binned(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(edges, values, "left"), minlength=len(edges) + 1).astype(float)


def run(stream: Stream) -> dict[str, list[float]]:
    """Return the three numbers of every window of a stream."""
    rivals = Rivals(stream.baseline())
    rows = [rivals.compare(each.table) for each in stream.windows()]
    return {name: [float(f"{row[i]:.3g}") for row in rows] for i, name in enumerate(("p", "bh", "psi"))}
