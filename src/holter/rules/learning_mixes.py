"""Learning how the shares of a categorical column move together."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.history import Table, hits
from holter.rules.omnibus import Cells
from holter.stats.between_variance import RHO, mean_square_likelihood
from holter.stats.mixing_prior import mixing_prior, posterior

Floats = npt.NDArray[np.float64]

_FLAT: Final = 1.0
"""How many columns the flat prior counts for."""
_ABOVE: Final = 1.44
"""How far beyond the baseline's largest statistic a window must be: 1.2 in effect, squared."""
_EVENT: Final = 4.0
"""The same for its events: 2 in effect, squared."""


def learned_mixes(
    table: Table,
    centre: Floats,
    out: npt.NDArray[np.bool_],
    members: Sequence[npt.NDArray[np.int64]],
    scale: int,
) -> tuple[Floats, Floats, Floats]:
    """Return posterior, largest statistic and envelope of each column at a scale.

    Parameters
    ----------
    table
        The baseline's windows.
    centre
        Expected shares.
    out
        Which windows are events.
    members
        The shares of each column.
    scale
        Over how many windows.
    """
    merged, rows = table.merged(scale)
    hit = hits(out, scale)
    logs, largest, envelope = [], [], []
    for places in members:
        n, events = rows[:, places[0]], hit
        cells = Cells.of(centre[places], float(np.median(n[n > 0])) if (n > 0).any() else 0.0)
        if (n > 0).sum() < 2 or cells.freedom < 1:
            logs.append(np.zeros(len(RHO)))
            largest.append(0.0)
            envelope.append(0.0)
            continue
        raw = cells.squared(merged[:, places])
        likelihood, most, widest = _one(raw, n, events, cells.freedom, len(table.rows) / scale)
        logs.append(likelihood)
        largest.append(most)
        envelope.append(widest)
    stacked = np.stack(logs)
    prior = mixing_prior(stacked, np.full(len(RHO), 1 / len(RHO)), _FLAT)
    return posterior(stacked, prior), np.array(largest), np.array(envelope)


def _one(
    raw: Floats, n: Floats, events: npt.NDArray[np.bool_], freedom: int, stretches: float
) -> tuple[Floats, float, float]:
    """Return likelihood, largest usual statistic and envelope of one column, from the statistics of stretches."""
    ratio = raw * n / freedom
    calm = ~events & (n > 0)
    if calm.sum() < 2:
        calm = n > 0
    share = max(1 - 1 / max(stretches, 1.0), 0.05)
    mean = float(ratio[calm].mean()) / share
    likelihood = mean_square_likelihood([mean], [max(stretches - 1, 0.0) * freedom / 2])[0]
    most = _ABOVE * float(ratio[calm].max()) / max(mean, 1.0) * freedom
    return likelihood, most, _EVENT * float(raw[events].max(initial=0.0))
