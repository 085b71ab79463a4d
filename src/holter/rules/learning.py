"""Learning what is usual from windows in which nothing was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.budget import Budget
from holter.rules.cycles import learned_cycles
from holter.rules.history import Table, by_group, families
from holter.rules.null import Blocks, Mix, Null
from holter.rules.omnibus import Cells, members_of
from holter.stats.between_variance import RHO, mean_square_likelihood, restricted_likelihood
from holter.stats.mixing_prior import mixing_prior, posterior
from holter.types import ContrastKey, Contrasts, Family, Span

Floats = npt.NDArray[np.float64]

LEAST_BLOCKS: Final = 21
"""Windows from which a null is calibrated: three weeks of days."""
ENOUGH: Final = 8
"""Disjoint stretches of a length that the baseline must have for windows to be merged over it."""
_ABOVE: Final = 1.2
"""How far beyond the most the baseline itself has shown a score must be: its maximum grows by a tenth when the record
doubles (extreme values of a normal law), by more when tails are heavy."""
_GLOBAL, _KIND = 1.0, 3.0
"""How many contrasts the flat prior counts for among all, and the prior of all among those of a kind."""
_MOVES: Final = 0.1
"""A contrast's rho is at least this share of the largest in its column; a pair's half of it of its columns'."""
_MOVES_SHARE: Final = 0.7
_HEAVY: Final = 0.5
"""Excess kurtosis of day-to-day residuals, beyond its own standard error, from which tails are heavy."""
_THIRD: Final = 3
"""Column whose largest score also bounds the others: one or two columns may be odd, three are the way of the data."""
_TINY: Final = 1e-12


def learn(
    blocks: Sequence[tuple[Span, Contrasts]],
    *,
    budget: Budget,
    every: timedelta,
    missing: str = "",
    since: datetime | None = None,
) -> Null:
    """Learn the null from the windows of a baseline, and from later ones that were accepted.

    Parameters
    ----------
    blocks
        Window and contrasts, in any order; contrasts that a window lacks have no rows there.
    budget
        How many false pages are accepted.
    every
        Length of a window.
    missing
        What is known to be missing (no time order), as a clause.
    since
        The start of the new normal: windows before it teach rhythm and variance only, the level is that of those since.

    Returns
    -------
    Null
        Deterministic: the same blocks give the same null. Never raises for few or odd data; it says what is missing.
    """
    ordered = sorted(blocks, key=lambda block: block[0])
    keys = tuple(dict.fromkeys(key for _, found in ordered for key in found.keys))
    wide = [found.over(keys) for _, found in ordered]
    shape = (len(wide), len(keys))
    n, mean, variance, skewness = (
        np.array([getattr(each, name) for each in wide], np.float64).reshape(shape)
        for name in ("n", "mean", "variance", "skewness")
    )
    spans = [span for span, _ in ordered]
    past = np.array([since is not None and span.start < since for span in spans], bool)[:, None]
    past = past & ~past.all()
    rows = np.where(past, 0.0, n).sum(0)
    weight = np.where(past, 0.0, n) / np.maximum(rows, 1.0)
    centre = _centre(keys, (weight * mean).sum(0), rows)
    before = (np.where(past, n, 0.0) * mean).sum(0) / np.maximum(np.where(past, n, 0.0).sum(0), 1.0)
    spread = _spread(keys, n, variance, centre)
    residual = np.where(n > 0, mean - np.where(past, before, centre), 0.0)
    cycles, residual, used = learned_cycles(spans, residual, n, every)
    table = Table(keys, _groups(keys), np.where(n > 0, residual, 0.0), n, spread)
    found = _Learned.of(table, used)
    return Null(
        keys=keys, every=every, level=budget.level(every), scales=found.scales,
        mean=centre, spread=spread, skewness=(weight * skewness).sum(0), rows=rows, reference=found.reference,
        freedom=found.freedom, memory=found.memory, chances=found.chances.astype(np.float32), floor=found.floor,
        largest=found.largest, envelope=found.envelope, cycles=tuple(cycles), mixes=_mixes(table, centre, found),
        blocks=Blocks(tuple(spans), n.astype(np.float32), mean.astype(np.float32)),
        events=tuple(int(place) for place in np.flatnonzero(found.out.any(1))), missing=missing or _lack(spans, every),
    )  # fmt: skip


def _lack(spans: Sequence[Span], every: timedelta) -> str:
    short = LEAST_BLOCKS - len(spans)
    if short <= 0:
        return ""
    weeks = -(-short * every // timedelta(weeks=1))
    more = f"{weeks} more week{'' if weeks == 1 else 's'}" if every >= timedelta(days=1) else f"{short} more windows"
    return f"the baseline has {len(spans)} windows of {LEAST_BLOCKS}; {more} of data are missing"


def _centre(keys: Sequence[ContrastKey], mean: Floats, rows: Floats) -> Floats:
    """Return expected means; a share that never occurred is half a row (Jeffreys), not nothing."""
    share = np.array([key.share for key in keys], bool)
    return np.where(share, (mean * rows + 0.5) / (rows + 1), mean)


def _spread(keys: Sequence[ContrastKey], n: Floats, variance: Floats, centre: Floats) -> Floats:
    """Return the variance of a row within blocks; of a share that of its expected value."""
    share = np.array([key.share for key in keys], bool)
    metric = np.array([key.family is Family.METRIC for key in keys], bool)
    left = np.maximum(np.maximum(n - 1, 0).sum(0), 1.0)
    within = (n * variance).sum(0) / np.where(metric, np.maximum(n.sum(0), 1.0), left)
    return np.maximum(np.where(share, centre * (1 - centre), within), _TINY)


def _groups(keys: Sequence[ContrastKey]) -> npt.NDArray[np.int64]:
    known: dict[object, int] = {}
    return np.array([known.setdefault(key.group, len(known)) for key in keys], np.int64)


@dataclass(frozen=True, eq=False)
class _Learned:
    """What is learned of the variance, scale by scale."""

    scales: tuple[int, ...]
    reference: Floats
    chances: Floats
    floor: Floats
    largest: Floats
    envelope: Floats
    memory: Floats
    freedom: Floats
    out: npt.NDArray[np.bool_]
    correlation: float

    @classmethod
    def of(cls, table: Table, used: Floats) -> "_Learned":
        """Learn from residuals of which the calendar has taken some degrees of freedom."""
        out = table.events()
        kept = np.where(out, 0.0, table.rows)
        days = (kept > 0).sum(0)
        reference = np.where(days > 0, days / np.where(kept > 0, 1 / np.maximum(kept, 1e-9), 0).sum(0).clip(1e-9), 1.0)
        scales = scales_of(len(table.rows))
        grown = np.sqrt(np.maximum(days - 1, 1) / np.maximum(days - 1 - used, 1))
        table = Table(table.keys, table.groups, table.residual * grown, table.rows, table.spread)
        correlation = _lag(table, kept)
        chances, floor = [], []
        before = np.zeros(len(table.keys))
        for scale in scales:
            likelihood = _likelihood(table, out, scale, reference, days) * _believed(
                table, scale, correlation, reference
            )
            chance = _posteriors(likelihood, table.keys)
            least = np.maximum(before, _column_floor(table, chance))
            before = (chance * np.maximum(RHO, least[:, None])).sum(1)
            chances.append(chance)
            floor.append(least)
        rho = np.stack([(c * np.maximum(RHO, f[:, None])).sum(1) for c, f in zip(chances, floor, strict=True)])
        largest = np.stack([_largest(table, out, scale, rho[place], reference) for place, scale in enumerate(scales)])
        envelope = np.stack([_envelope(table, out, scale) for scale in scales])
        heavy = _freedom(table, kept, rho[0], reference)
        return cls(
            scales, reference, np.stack(chances), np.stack(floor), largest, envelope, rho[-1], heavy, out, correlation
        )


def scales_of(blocks: int) -> tuple[int, ...]:
    """Return over how many windows merges are judged: lengths of which the baseline has eight, whole weeks from 7 on.

    Examples
    --------
    >>> scales_of(56), scales_of(10)
    ((1, 2, 4, 7), (1,))
    """
    return tuple(scale for scale in (1, 2, 4, 7, 14, 28) if scale == 1 or blocks >= ENOUGH * scale)


def _lag(table: Table, kept: Floats) -> float:
    """Return the correlation of a block with the next, over all contrasts together."""
    z = table.residual * np.sqrt(kept / table.spread)
    if len(z) < LEAST_BLOCKS:
        return 0.0
    square = np.maximum((z**2).sum(0), _TINY)
    each = (z[1:] * z[:-1]).sum(0) / square + 1 / len(z)
    return float(np.clip(each.mean() if len(each) else 0.0, 0.0, 0.95))


def _believed(table: Table, scale: int, correlation: float, reference: Floats) -> Floats:
    """Return how much a likelihood counts: rare events and days that resemble the day before tell less."""
    share = np.array([key.share for key in table.keys], bool)
    excess = np.where(share, 1 / np.maximum(table.spread * reference * scale, 1e-9), 0.0)
    alike = (1 - correlation**2) / (1 + correlation**2)
    alike = {1: alike, 2: alike**0.5}.get(scale, 1.0)
    found: Floats = alike * 2 / (2 + excess)
    return found[:, None]


def _likelihood(
    table: Table, out: npt.NDArray[np.bool_], scale: int, reference: Floats, days: npt.NDArray[np.int64]
) -> Floats:
    if scale == 1:
        return restricted_likelihood(table.residual, np.where(out, 0.0, table.rows), table.spread, reference)
    merged, rows = table.merged(scale, out)
    # rows of a stretch may be few where events were taken out
    weight = rows > 0.5 * scale * reference
    count = weight.sum(0)
    square = np.where(weight, merged**2 * rows, 0.0).sum(0) / np.maximum(count, 1) / table.spread
    freedom = np.maximum(days / scale - 1, 0.0)
    share = np.maximum(1 - scale / np.maximum(days, 1), 0.05)
    return mean_square_likelihood(square / share, np.where(count > 0, freedom, 0.0))


def _posteriors(likelihood: Floats, keys: Sequence[ContrastKey]) -> Floats:
    """Return the posterior of each contrast, by the company of its kind."""
    flat = np.full(len(RHO), 1 / len(RHO))
    everything = mixing_prior(likelihood, flat, _GLOBAL)
    kinds = families(keys)
    found = np.empty(likelihood.shape)
    for kind in dict.fromkeys(kinds):
        places = np.array([other == kind for other in kinds], bool)
        prior = mixing_prior(likelihood[places], everything, _KIND)
        found[places] = posterior(likelihood[places], prior)
    return found


def _column_floor(table: Table, chances: Floats) -> Floats:
    """Return the least rho of each contrast: a share of the largest in its column."""
    rho = chances @ RHO
    count = int(table.groups.max(initial=-1)) + 1
    most = by_group(rho, table.groups, count)[table.groups]
    shares = np.array([key.share for key in table.keys], bool)
    column = {(key.feature, key.segment): 0.0 for key in table.keys}
    for key, value in zip(table.keys, most, strict=True):
        if key.family is Family.NUMERIC:
            column[key.feature, key.segment] = max(column[key.feature, key.segment], float(value))
    p = np.where(shares, (1 - np.sqrt(np.maximum(1 - 4 * table.spread, 0))) / 2, 0.0)
    floor = np.where(shares, _MOVES_SHARE * np.minimum(1, 1.6 * np.sqrt(p)) * most, _MOVES * most)
    for place, key in enumerate(table.keys):
        if key.family is Family.PAIR:
            sides = [column.get((name, key.segment), 0.0) for name in (key.feature, key.other)]
            floor[place] = _MOVES / 2 * max(sides)
    return floor


def _largest(table: Table, out: npt.NDArray[np.bool_], scale: int, rho: Floats, reference: Floats) -> Floats:
    """Return the score that must be exceeded, by what the baseline itself has shown without its events."""
    merged, rows = table.merged(scale, out)
    if not len(merged):
        return np.zeros(len(table.keys))
    variance = table.spread * (1 / np.maximum(rows, 1e-9) + rho / (reference * scale))
    z = np.where(rows > 0.5 * scale * reference, np.abs(merged) / np.sqrt(variance), 0.0).max(0)
    usable = np.array(
        [not key.share or s * r * scale > 3 for key, s, r in zip(table.keys, table.spread, reference, strict=True)]
    )
    z = np.where(usable, z, 0.0)
    count = int(table.groups.max(initial=-1)) + 1
    columns = np.sort(by_group(z, table.groups, count))[::-1]
    third = float(columns[min(_THIRD, len(columns)) - 1]) if len(columns) else 0.0
    found: Floats = _ABOVE * np.maximum(z, third)
    return found


def _envelope(table: Table, out: npt.NDArray[np.bool_], scale: int) -> Floats:
    """Return the largest merge with an event in it, a bit wider; 0 for columns without events."""
    if not out.any():
        return np.zeros(len(table.keys))
    merged, _ = table.merged(scale)
    hit = table_hits(out, scale)
    if not len(merged):
        return np.zeros(len(table.keys))
    found: Floats = _ABOVE * np.where(hit, np.abs(merged), 0.0).max(0)
    return found


def table_hits(out: npt.NDArray[np.bool_], scale: int) -> npt.NDArray[np.bool_]:
    """Return which stretches of so many blocks hold an event."""
    sums = np.vstack([np.zeros((1, out.shape[1])), np.cumsum(out, axis=0)])
    found: npt.NDArray[np.bool_] = sums[scale:] - sums[:-scale] > 0
    return found


def _freedom(table: Table, kept: Floats, rho: Floats, reference: Floats) -> Floats:
    """Return the freedom of a t law with the kurtosis that residuals of a kind have; infinite for normal ones."""
    scale = np.sqrt(table.spread * (1 / np.maximum(kept, 1e-9) + rho / reference))
    z = np.where(kept > 0, table.residual / scale, np.nan)
    share = np.array([key.share for key in table.keys], bool)
    found = np.full(len(table.keys), np.inf)
    for family in dict.fromkeys(key.family for key in table.keys):
        places = np.array([key.family is family for key in table.keys], bool) & ~share
        values = z[:, places]
        there = np.isfinite(values)
        if there.sum() < 100:
            continue
        square = np.where(there, values, 0.0) ** 2
        each = square.sum(0) / np.maximum(there.sum(0), 1)
        usable = each > _TINY
        kurtosis = (square**2).sum(0)[usable] / np.maximum(there.sum(0), 1)[usable] / each[usable] ** 2 - 3
        excess = float(kurtosis.mean()) + 6 / max(len(z), 1) if usable.any() else 0.0
        if excess > _HEAVY:
            found[np.array([key.family is family for key in table.keys], bool)] = 4 + 6 / excess
    return found


def _mixes(table: Table, centre: Floats, found: _Learned) -> tuple[Mix, ...]:
    members = members_of(table.keys)
    if not members:
        return ()
    chances = []
    for scale in found.scales:
        merged, rows = table.merged(scale, found.out)
        likelihoods = [_mix_likelihood(merged, rows, places, centre, scale) for places in members.values()]
        logs = np.stack(likelihoods)
        prior = mixing_prior(logs, np.full(len(RHO), 1 / len(RHO)), _GLOBAL)
        chances.append(posterior(logs, prior))
    return tuple(
        Mix(key, places, np.stack([each[index] for each in chances]))
        for index, (key, places) in enumerate(members.items())
    )


def _mix_likelihood(merged: Floats, rows: Floats, places: npt.NDArray[np.int64], centre: Floats, scale: int) -> Floats:
    """Return the likelihood of a column's between-block variance, all its shares together."""
    n = rows[:, places[0]]
    full = n > 0
    cells = Cells.of(centre[places], float(np.median(n[full])) if full.any() else 0.0)
    if full.sum() < 2 or cells.freedom < 1:
        return np.zeros(len(RHO))
    ratio = float((cells.squared(merged[full][:, places]) * n[full]).mean()) / cells.freedom
    blocks = len(n) + scale - 1
    freedom = max(blocks / scale - 1, 0.0) * cells.freedom / 2
    found: Floats = mean_square_likelihood([ratio / max(1 - scale / blocks, 0.05)], [freedom])[0]
    return found
