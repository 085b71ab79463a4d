"""Null families: what a model's inputs do while nothing is wrong. The same process makes the baseline and the windows.

A rhythm says what each *day* does to each feature (a shift and a log scale of its latent normal, a tilt of the
categories' log shares, a share of missing values), and what rows of a day have to do with each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from detection.population import CATEGORIES, FEATURES, NUMERIC

Effect = Callable[[np.random.Generator, np.ndarray], np.ndarray]
"""Days -> an array of days x features."""
WEEK = 7
MONTH = 28


@dataclass(frozen=True)
class Days:
    """What each day does: ``shift`` and ``log_scale`` (days x features), tilts of categories, share missing."""

    shift: np.ndarray
    log_scale: np.ndarray
    tilt: tuple[np.ndarray, ...]
    missing: np.ndarray
    traffic: np.ndarray


@dataclass(frozen=True)
class Rhythm:
    """A null family; sizes are in standard deviations of the latent normal, tilts in log shares."""

    about: str
    shift: Effect | None = None
    log_scale: Effect | None = None
    wobble: Effect | None = None
    missing: Effect | None = None
    traffic: Effect | None = None
    autocorrelation: float = 0.0
    """Of successive rows."""
    hourly: float = 0.0
    """Size of the daily round of the clock."""
    copies: float = 1.0
    """A row stands so often on average, one after another: a user who asks again."""
    segments: float = 0.0
    """Size of the wobble of the mix of two kinds of rows (Student's t with 3 degrees of freedom)."""
    baseline_rows: int = 20_000
    order: str = "time"
    """``time``; ``none``: the baseline has no time column; ``false``: it has one, and rows were shuffled over it."""
    labels: bool = False
    null: bool = True

    def days(self, rng: np.random.Generator, count: int) -> Days:
        """Draw what each of ``count`` days does."""
        days = np.arange(count)
        nothing = np.zeros((count, FEATURES))

        def drawn(effect: Effect | None) -> np.ndarray:
            return nothing if effect is None else effect(rng, days)

        shift, log_scale, wobble = drawn(self.shift), drawn(self.log_scale), drawn(self.wobble)
        tilts = tuple(
            wobble[:, NUMERIC + i, None] * rng.normal(0, 1, kinds)[None, :] for i, kinds in enumerate(CATEGORIES)
        )
        traffic = np.ones(count) if self.traffic is None else self.traffic(rng, days)[:, 0]
        return Days(shift, log_scale, tilts, drawn(self.missing), traffic)


def jitter(size: float) -> Effect:
    """Every day is its own."""
    return lambda rng, days: rng.normal(0, size, (len(days), FEATURES))


def weekly(size: float) -> Effect:
    """Weekdays differ, weeks repeat."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        return rng.normal(0, size, (WEEK, FEATURES))[days % WEEK]

    return effect


def cycle(size: float, period: float) -> Effect:
    """A smooth round of so many days, with a phase of its own for each feature."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        phase = rng.uniform(0, 2 * np.pi, FEATURES)
        return size * np.sin(2 * np.pi * days[:, None] / period + phase)

    return effect


def events(size: float, chance: float, length: int = 1) -> Effect:
    """Days (or runs of days) that come now and then and move the same features the same way."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        way = rng.normal(0, size, FEATURES) * (rng.random(FEATURES) < 0.4)
        # a stream whose baseline shows none would ask for the impossible: the first comes early
        starts = rng.random(len(days)) < chance
        starts[rng.integers(0, 20)] = starts[rng.integers(25, 50)] = True
        on = np.convolve(starts, np.ones(length))[: len(days)] > 0
        return on[:, None] * way * rng.uniform(0.7, 1.1, (len(days), 1))

    return effect


def wandering(size: float) -> Effect:
    """Days differ by an amount that itself goes up and down over weeks (log size: AR .9, sd .6)."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        log = np.zeros(len(days))
        steps = rng.normal(0, 0.6 * np.sqrt(1 - 0.9**2), len(days))
        for day in days[1:]:
            log[day] = 0.9 * log[day - 1] + steps[day]
        return size * np.exp(log)[:, None] * rng.normal(0, 1, (len(days), FEATURES))

    return effect


def autoregressive(size: float, memory: float) -> Effect:
    """A day resembles the one before."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        out = rng.normal(0, size, (len(days), FEATURES))
        steps = rng.normal(0, size * np.sqrt(1 - memory**2), out.shape)
        for day in days[1:]:
            out[day] = memory * out[day - 1] + steps[day]
        return out

    return effect


def trend(size: float) -> Effect:
    """A slope that goes on: ``size`` standard deviations in 56 days, in four features."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        way = np.zeros(FEATURES)
        way[rng.choice(NUMERIC, 4, replace=False)] = rng.choice([-size, size], 4)
        return days[:, None] / 56 * way

    return effect


def both(*effects: Effect) -> Effect:
    """Several effects at once."""
    return lambda rng, days: sum((each(rng, days) for each in effects), np.zeros((len(days), FEATURES)))


def missing_bursts(share: float, chance: float) -> Effect:
    """Days on which a column misses a large share; every column has its own days."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        prone = rng.random(FEATURES) < 0.25
        return share * prone * (rng.random((len(days), FEATURES)) < chance)

    return effect


def uneven_traffic(size: float, weekend: float) -> Effect:
    """Days have many rows or few (lognormal), weekends a fraction."""

    def effect(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
        rows = np.exp(rng.normal(0, size, len(days))) * np.where(days % WEEK >= 5, weekend, 1.0)
        return np.repeat(rows[:, None], FEATURES, axis=1)

    return effect


def moving(about: str, effect: Effect, **others: Any) -> Rhythm:
    """Return a family in which the same kind of effect moves numbers and shares of categories."""
    return Rhythm(about, shift=effect, wobble=effect, **others)


KNOWN = {
    "iid": Rhythm("independent rows"),
    "autocorrelated": Rhythm("successive rows are alike: AR(.9)", autocorrelation=0.9),
    "weekly": moving("weekdays differ by .3 sd", weekly(0.3)),
    "jitter": moving("days differ by .15 sd", jitter(0.15)),
    "cycle4": moving("a 4-week cycle of .3 sd, two of them in the baseline", cycle(0.3, MONTH)),
    "promotions": moving("one day in 12 is a promotion", events(0.6, 1 / 12)),
    "no_order": moving("days differ; the baseline has no times", jitter(0.15), order="none"),
    "false_order": moving("days differ; the baseline's rows were shuffled over its times", jitter(0.15), order="false"),
    "small_baseline": Rhythm("a baseline of 2,000 rows", baseline_rows=2_000),
    "iid_labels": Rhythm("independent rows with scores and labels", labels=True),
    "jitter_labels": moving("days differ; scores and labels", jitter(0.15), labels=True),
}
"""What the engine was made for, and the same with labels."""

UNSEEN = {
    "wandering": moving("days differ by a wandering amount", wandering(0.1)),
    "holidays": moving("4-day holidays, two in the baseline", events(0.5, 1 / 40, 4)),
    "ar_days": moving("a day resembles the one before: AR(.8)", autoregressive(0.15, 0.8)),
    "segment_mix": Rhythm("two kinds of rows whose mix wobbles with heavy tails", segments=0.25),
    "category_cycle": Rhythm("shares go round in ten days", wobble=both(cycle(0.4, 10), jitter(0.1))),
    "traffic": moving("days differ, and have many rows or few", jitter(0.15), traffic=uneven_traffic(0.6, 0.25)),
    "hours": Rhythm("hours of the day differ by .4 sd; windows may be shorter than a day", hourly=0.4),
    "weekly_jitter": moving("weekdays differ, and days too", both(weekly(0.25), jitter(0.1))),
    "copies": Rhythm("a row stands four times on average", copies=4.0),
    "missing_bursts": Rhythm("columns that miss half their values on some days", missing=missing_bursts(0.5, 0.12)),
    "scale_jitter": Rhythm("the spread of a day differs by 12 %", log_scale=jitter(0.12), shift=jitter(0.05)),
    "cycle_jitter": moving("a 3-week cycle and days that differ", both(cycle(0.25, 21), jitter(0.1))),
    "long_cycle": Rhythm("a cycle of 90 days, longer than the baseline", shift=cycle(0.25, 90)),
}
"""Families nobody tuned on."""

TREND = {"trend": Rhythm("the baseline itself drifts, and goes on", shift=trend(0.3), null=False)}
"""No null and no change at a known time: an alarm or *uncalibrated* are both right."""
