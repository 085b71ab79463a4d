"""Learning what is usual from windows in which nothing was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.rules.budget import Budget
from holter.rules.cycles import learned_cycles
from holter.rules.history import Table, by_group, families, hits
from holter.rules.learning_floors import floors
from holter.rules.learning_mixes import learned_mixes
from holter.rules.null import Blocks, Mix, Null
from holter.rules.omnibus import members_of
from holter.rules.own_part import Products
from holter.stats.between_variance import LARGEST, RHO, mean_square_likelihood, restricted_likelihood
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
_EVENT: Final = 2.0
"""How far beyond the baseline's events a later one may reach: with a Pareto tail of index 3 one in eight of those that
are larger than all before."""
_GLOBAL, _KIND = 1.0, 3.0
"""How many contrasts the flat prior counts for among all, and the prior of all among those of a kind."""
_DAYS_PER_FREEDOM: Final = 4.0
"""The part between days has at most a quarter as many degrees of freedom as there were days: that few draws cannot show
that tails are lighter."""
_EVEN: Final = 2.5
"""Degrees of freedom of the heaviest tails; with excess kurtosis k they are 2.5 + 6 / k. The moments of a t law say
4 + 6 / k, but of a record without end: a short one shows less kurtosis than there is."""
_SURELY: Final = 1.5
"""Standard errors by which the kurtosis of a contrast's own days must exceed that of a normal law to count."""
_ENOUGH_COUNTS: Final = 10.0
"""Variance of a day's count from which its kurtosis tells of days and not of counts."""
_THIRD: Final = 3
"""Column whose largest score also bounds the others: one or two columns may be odd, three are the way of the data."""
_TINY: Final = 1e-12
_ROUNDING: Final = 1e-9
"""Share of a mean that sums of doubles may be wrong by."""


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
    raw, mean = mean, Products.of(keys).own_part(n, mean)
    spans = [span for span, _ in ordered]
    past = np.array([since is not None and span.start < since for span in spans], bool)[:, None]
    past = past & ~past.all()
    rows = np.where(past, 0.0, n).sum(0)
    weight = np.where(past, 0.0, n) / np.maximum(rows, 1.0)
    centre = _centre(keys, (weight * mean).sum(0), rows)
    before = (np.where(past, n, 0.0) * mean).sum(0) / np.maximum(np.where(past, n, 0.0).sum(0), 1.0)
    spread = _spread(keys, n, mean, variance, centre)
    residual = np.where(n > 0, mean - np.where(past, before, centre), 0.0)
    cycles, residual, used = learned_cycles(spans, residual, n, every)
    table = Table(keys, _groups(keys), np.where(n > 0, residual, 0.0), n, spread)
    found = _Learned.of(table, used)
    return Null(
        keys=keys, every=every, level=budget.level(every), scales=found.scales,
        mean=centre, spread=spread, skewness=(weight * skewness).sum(0), rows=rows, reference=found.reference,
        freedom=found.freedom, memory=found.memory, chances=found.chances.astype(np.float32), floor=found.floor,
        largest=found.largest, envelope=found.envelope, cycles=tuple(cycles), mixes=_mixes(table, centre, found),
        blocks=Blocks(tuple(spans), n.astype(np.float32), raw),
        events=tuple(int(place) for place in np.flatnonzero(found.out)), missing=missing or _lack(spans, every),
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


def _spread(keys: Sequence[ContrastKey], n: Floats, mean: Floats, variance: Floats, centre: Floats) -> Floats:
    """Return the variance of a row within blocks; of a share that of its expected value."""
    share = np.array([key.share for key in keys], bool)
    metric = np.array([key.family is Family.METRIC for key in keys], bool)
    left = np.maximum(np.maximum(n - 1, 0).sum(0), 1.0)
    within = (n * variance).sum(0) / np.where(metric, np.maximum(n.sum(0), 1.0), left)
    means = n.sum(0) / np.maximum((n > 0).sum(0), 1)
    apart = (n * (mean - centre) ** 2).sum(0) / np.maximum(n.sum(0), 1.0)
    # what hardly varies within a day varies by days; so its rho stays on the grid
    least = _TINY + (_ROUNDING * centre) ** 2
    return np.maximum(np.where(share, centre * (1 - centre), np.maximum(within, apart * means / LARGEST)), least)


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

    @classmethod
    def of(cls, table: Table, used: Floats) -> "_Learned":
        """Learn from residuals of which the calendar has taken some degrees of freedom."""
        out = table.events()
        kept = np.where(out[:, None], 0.0, table.rows)
        days = (kept > 0).sum(0)
        reference = np.where(days > 0, days / np.where(kept > 0, 1 / np.maximum(kept, 1e-9), 0).sum(0).clip(1e-9), 1.0)
        scales = scales_of(len(table.rows))
        grown = np.sqrt(np.maximum(days - 1, 1) / np.maximum(days - 1 - used, 1))
        table = Table(table.keys, table.groups, table.residual * grown, table.rows, table.spread)
        correlation, heavy = _lag(table, kept), _heaviness(table, kept)
        chances, floor = [], []
        before = np.zeros(len(table.keys))
        for scale in scales:
            likelihood = _likelihood(table, out, scale, reference, days) * _believed(
                table, scale, correlation, reference, heavy
            )
            chance = _posteriors(likelihood, table.keys)
            least = np.maximum(before, floors(table, chance, reference))
            before = (chance * np.maximum(RHO, least[:, None])).sum(1)
            chances.append(chance)
            floor.append(least)
        rho = np.stack([(c * np.maximum(RHO, f[:, None])).sum(1) for c, f in zip(chances, floor, strict=True)])
        largest = np.stack([_largest(table, out, scale, rho[place], reference) for place, scale in enumerate(scales)])
        envelope = np.stack([_envelope(table, out, scale) for scale in scales])
        freedom = np.clip(_EVEN + 6 / np.maximum(heavy, 1e-3), _EVEN, np.maximum(days / _DAYS_PER_FREEDOM, _EVEN))
        return cls(scales, reference, np.stack(chances), np.stack(floor), largest, envelope, rho[-1], freedom, out)


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


def _believed(table: Table, scale: int, correlation: float, reference: Floats, heavy: Floats) -> Floats:
    """Return how much a likelihood counts: rare events, heavy tails and days like the day before tell less."""
    share = np.array([key.share for key in table.keys], bool)
    excess = np.maximum(np.where(share, 1 / np.maximum(table.spread * reference * scale, 1e-9), 0.0), heavy / scale)
    alike = (1 - correlation**2) / (1 + correlation**2)
    alike = {1: alike, 2: alike**0.5}.get(scale, 1.0)
    found: Floats = alike * 2 / (2 + excess)
    return found[:, None]


def _likelihood(
    table: Table, out: npt.NDArray[np.bool_], scale: int, reference: Floats, days: npt.NDArray[np.int64]
) -> Floats:
    if scale == 1:
        return restricted_likelihood(table.residual, np.where(out[:, None], 0.0, table.rows), table.spread, reference)
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
    merged, rows = table.merged(scale)
    hit = hits(out, scale)
    if not len(merged):
        return np.zeros(len(table.keys))
    # what an event does to a column that it hardly moves is known to two standard errors
    reach = np.abs(merged) + 2 * np.sqrt(table.spread / np.maximum(rows, 1.0))
    found: Floats = _EVENT * np.where(hit[:, None], reach, 0.0).max(0)
    return found


def _heaviness(table: Table, kept: Floats) -> Floats:
    """Return the excess kurtosis of days: a contrast's own, where it is surely there, and that of all of its family."""
    kurtosis, error = table.kurtosis(kept)
    shares = np.array([key.share for key in table.keys], bool)
    # that of counts, (1 - 6pq) / npq, is in their exact law already
    expected = table.spread * kept.sum(0) / np.maximum((kept > 0).sum(0), 1)
    kurtosis = np.where(shares, kurtosis - (1 - 6 * table.spread) / np.maximum(expected, 0.1), kurtosis)
    own = np.where(shares & (expected < _ENOUGH_COUNTS), 0.0, np.maximum(kurtosis - _SURELY * error, 0.0))
    count = int(table.groups.max(initial=-1)) + 1
    found = by_group(own, table.groups, count)[table.groups]
    family = np.array([str(key.family) for key in table.keys])
    kind = np.array([f"{key.family} {'share' if key.share else key.name.split(' of ')[0]}" for key in table.keys])
    told = ~shares | (expected >= _ENOUGH_COUNTS)
    usual = {each: float(kurtosis[told & (kind == each)].mean()) for each in dict.fromkeys(kind[told].tolist())}
    for each in dict.fromkeys(family.tolist()):
        most = max((value for name, value in usual.items() if name.startswith(f"{each} ")), default=0.0)
        found[family == each] = np.maximum(found[family == each], most)
    return found


def _mixes(table: Table, centre: Floats, found: _Learned) -> tuple[Mix, ...]:
    """Learn how the shares of each categorical column move together."""
    members = members_of(table.keys)
    if not members:
        return ()
    scaled = [learned_mixes(table, centre, found.out, list(members.values()), scale) for scale in found.scales]
    return tuple(
        Mix(key, places, *(np.stack([each[part][index] for each in scaled]) for part in range(3)))
        for index, (key, places) in enumerate(members.items())
    )
