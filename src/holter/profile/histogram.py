"""How the numbers of a column lie, in a few bars."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile.ranks import RankSummary

TRIM: Final = 0.002
"""Share cut off at either end before bars are laid: one outlier must not squeeze everything into one bar."""
_LARGEST: Final = float(np.finfo(np.float64).max)
_BLOCKS: Final = "▁▂▃▄▅▆▇█"

Floats = npt.NDArray[np.float64]


def edges_of(sides: Sequence[RankSummary], bars: int) -> Floats | None:
    """Return the edges of bars of equal width that hold nearly all values of all sides; None without values.

    Examples
    --------
    >>> edges_of([RankSummary.of(np.array([0.0, 4.0]))], 2).tolist()
    [0.0, 2.0, 4.0]
    """
    bounds = [_bounds(side) for side in sides if len(side.values)]
    if not bounds:
        return None
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    if high <= low:
        room = max(0.5, abs(low) * 1e-6)
        low, high = low - room, low + room
    low, high = max(low, -_LARGEST), min(high, _LARGEST)
    # quarters, so that the range of a double is no limit to the way between its ends
    return np.asarray(np.linspace(low / 4, high / 4, bars + 1) * 4, np.float64)


def _bounds(side: RankSummary) -> tuple[float, float]:
    reached = np.cumsum(side.weights) / side.weights.sum()
    last = len(side.values) - 1
    low, high = np.searchsorted(reached, [TRIM, 1 - TRIM])
    return float(side.values[min(int(low), last)]), float(side.values[min(int(high), last)])


def shares_between(side: RankSummary, edges: Floats) -> Floats:
    """Return the share of the values in each bar; what lies outside of the edges is in the first or last.

    Examples
    --------
    >>> shares_between(RankSummary.of(np.array([0.0, 1.0, 9.0, 9.0])), np.array([0.0, 2.0, 4.0])).tolist()
    [0.5, 0.5]
    """
    if not len(side.values):
        return np.zeros(len(edges) - 1)
    cell = np.searchsorted(edges[1:-1], side.values.astype(np.float64), side="right")
    inside = np.bincount(cell, weights=side.weights, minlength=len(edges) - 1)
    return np.asarray(inside / side.weights.sum(), np.float64)


def sparkline(side: RankSummary, bars: int = 16) -> str:
    """Draw a histogram in one line of text: the highest bar is full, an empty one a space.

    Examples
    --------
    >>> sparkline(RankSummary.of(np.array([0.0, 0.0, 0.0, 1.0, 2.0, 2.0])), 3)
    '█▃▆'
    """
    edges = edges_of([side], bars)
    if edges is None:
        return ""
    shares = shares_between(side, edges)
    heights = np.ceil(shares / shares.max() * len(_BLOCKS)).astype(int)
    return "".join(_BLOCKS[height - 1] if height else " " for height in heights.tolist())
