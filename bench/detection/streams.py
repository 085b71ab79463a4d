"""One stream: a baseline with event times, then windows of so many rows. The same seed gives the same bytes.

``Stream(rhythm, change, rows, seed, pace)``: ``pace="daily"``, every window is one day of so many rows; ``"traffic"``:
rows come as often as in the baseline, and a window covers as much time as it takes (.6 days for 200 rows of 357 a day).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.signal import lfilter
from scipy.special import ndtr

from detection.changes import CHANGES, Change, Victims, chance_of_label, changed
from detection.population import CATEGORIES, FACTORS, FEATURES, NAMES, NUMERIC, Population, shape_of, shaped
from detection.rhythms import KNOWN, TREND, UNSEEN, Days, Rhythm

BASELINE_DAYS = 56
WINDOWS = 60
CHANGE_AT = 20
"""Quiet windows before a change."""
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
TIME, SCORE, PREDICTION, LABEL = "at", "score", "prediction", "label"
_MICRO = 86_400 * 1_000_000
RHYTHMS = {**KNOWN, **UNSEEN, **TREND}


@dataclass(frozen=True)
class Window:
    """The rows of a window, its place in time, and whether the change is in it."""

    table: pa.Table
    start: datetime
    end: datetime
    changed: bool


@dataclass(frozen=True)
class Stream:
    """A baseline and its windows; ``name`` is a rhythm, or a change (on top of independent rows)."""

    name: str
    rows: int
    seed: int
    pace: str = "daily"
    change_at: int = CHANGE_AT
    windows_count: int = WINDOWS

    @cached_property
    def change(self) -> Change | None:
        """What happens at window ``change_at``; None in a null family. ``jitter+small`` is a change on a rhythm."""
        return CHANGES.get(self.name.rpartition("+")[2])

    @cached_property
    def rhythm(self) -> Rhythm:
        """What happens while nothing happens."""
        name = self.name.partition("+")[0]
        return RHYTHMS.get(name, RHYTHMS["iid"])

    @property
    def labels(self) -> bool:
        """Tell whether rows carry a score, a prediction and a label."""
        return self.rhythm.labels or (self.change is not None and self.change.labels)

    @cached_property
    def _world(self) -> tuple[Population, Days, Victims, np.ndarray]:
        rng = self._rng(0)
        population = Population.drawn(rng)
        rate = self.rhythm.baseline_rows / BASELINE_DAYS
        windows = self.windows_count if self.pace == "daily" else int(np.ceil(self.windows_count * self.rows / rate))
        days = self.rhythm.days(rng, BASELINE_DAYS + windows + WINDOWS)
        return population, days, Victims.drawn(rng, population), rng.normal(0, 1, (2, FEATURES))

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part, *self.name.partition("+")[0].encode()])

    def baseline(self) -> pa.Table:
        """Return the rows of the first 56 days."""
        _, days, _, _ = self._world
        rng = self._rng(1)
        share = days.traffic[:BASELINE_DAYS] / days.traffic[:BASELINE_DAYS].sum()
        counts = rng.multinomial(self.rhythm.baseline_rows, share)
        at = _moments(rng, 0, counts)
        table = self._table(rng, at, 0.0)
        if self.rhythm.order == "time":
            return table
        table = table.take(rng.permutation(table.num_rows))
        if self.rhythm.order == "false":
            return table.set_column(0, TIME, _times(at))
        return table.drop_columns([TIME])

    def windows(self) -> Iterator[Window]:
        """Yield the windows in order."""
        _, days, _, _ = self._world
        place = float(BASELINE_DAYS)
        rate = self.rhythm.baseline_rows / BASELINE_DAYS
        for number in range(self.windows_count):
            rng = self._rng(2 + number)
            rows = self.rows
            if self.pace == "daily":
                rows = max(1, round(rows * days.traffic[int(place)] / days.traffic.mean()))
                end = place + 1.0
            else:
                end = place + self.rows / rate
            at = np.sort(rng.uniform(place, end, rows))
            weight = self.change.weight(number - self.change_at) if self.change else 0.0
            yield Window(self._table(rng, at, weight), _moment(place), _moment(end), weight > 0)
            place = end

    def _table(self, rng: np.random.Generator, at: np.ndarray, weight: float) -> pa.Table:
        population, days, victims, _ = self._world
        change = self.change or Change("nothing")
        z = changed(change, weight, victims, self._noise(rng, len(at)), population)
        truth = chance_of_label(change, weight, victims, z, population) if self.labels else None
        z = self._in_time(z, at, days, rng)
        which = _copied(rng, len(at), self.rhythm.copies)
        columns: dict[str, pa.Array] = {TIME: _times(at)}
        absent = population.missing + days.missing[at.astype(int)]
        if change.missing and weight:
            absent = absent + 0.0
            absent[:, victims.moved[0]] += change.missing
        for index, name in enumerate(NAMES):
            gone = rng.random(len(at)) < absent[:, index]
            make = self._number if index < NUMERIC else self._category
            columns[name] = make(index, z[:, index], at, gone, weight, rng)
        if truth is not None:
            columns |= self._outcome(truth, rng)
        table = pa.table(columns)
        if self.rhythm.copies == 1.0:
            return table
        return table.take(which).set_column(0, TIME, columns[TIME])

    def _noise(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        memory = self.rhythm.autocorrelation
        noise = rng.normal(0, 1, (rows, FACTORS + FEATURES))
        if not memory:
            return noise
        # a stationary start: the first row is as wide as the rest
        noise[1:] *= np.sqrt(1 - memory**2)
        return np.asarray(lfilter([1.0], [1.0, -memory], noise, axis=0))

    def _in_time(self, z: np.ndarray, at: np.ndarray, days: Days, rng: np.random.Generator) -> np.ndarray:
        _, _, _, ways = self._world
        day = at.astype(int)
        z = z * np.exp(days.log_scale[day]) + days.shift[day]
        if self.rhythm.hourly:
            clock = 2 * np.pi * (at % 1.0)[:, None]
            z = z + self.rhythm.hourly * np.sin(clock + 3 * ways[1])
        if self.rhythm.segments:
            wobble = self._rng(10**6).standard_t(3, len(days.traffic)) * self.rhythm.segments
            second = rng.random(len(at)) < ndtr(wobble[day])
            z = z + np.where(second[:, None], ways[0], 0.0)
        return z

    def _number(
        self, index: int, z: np.ndarray, at: np.ndarray, gone: np.ndarray, weight: float, rng: np.random.Generator
    ) -> pa.Array:
        del at, weight, rng
        return pa.array(shaped(shape_of(index), z), mask=gone)

    def _category(
        self, index: int, z: np.ndarray, at: np.ndarray, gone: np.ndarray, weight: float, rng: np.random.Generator
    ) -> pa.Array:
        population, days, victims, _ = self._world
        column = index - NUMERIC
        shares = population.shares[column]
        change = self.change
        if change and change.moved and weight and column in victims.columns:
            most = int(np.argmax(shares))
            others = np.where(np.arange(len(shares)) == most, 0.0, shares)
            shares = shares + change.moved * (others / others.sum() - (np.arange(len(shares)) == most))
        code = _coded(shares, days.tilt[column], ndtr(z), at.astype(int))
        kinds = [f"c{number:03d}" for number in range(CATEGORIES[column])]
        if change and change.unseen and weight and column == victims.columns[0]:
            code = np.where(rng.random(len(code)) < change.unseen, len(kinds), code)
        kinds.append("new")
        return pa.array(np.array(kinds, dtype=object)[code], mask=gone, type=pa.string())

    def _outcome(self, truth: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> dict[str, pa.Array]:
        score, chance = truth
        label = (rng.random(len(chance)) < chance).astype(float)
        return {SCORE: pa.array(score), PREDICTION: pa.array((score >= 0.5).astype(float)), LABEL: pa.array(label)}


def _coded(shares: np.ndarray, tilt: np.ndarray, u: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the category of each row by the shares of its day."""
    code = np.empty(len(u), dtype=np.int64)
    order = np.argsort(day, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(day[order]) > 0]) if len(day) else np.empty(0, int)
    for first, last in zip(starts, np.r_[starts[1:], len(day)], strict=True):
        rows = order[first:last]
        weights = shares * np.exp(tilt[day[rows[0]]])
        code[rows] = np.searchsorted(np.cumsum(weights / weights.sum())[:-1], u[rows], side="right")
    return code


def _copied(rng: np.random.Generator, rows: int, copies: float) -> np.ndarray:
    """Return which row stands at each place, when each stands ``copies`` times in a row on average."""
    return np.maximum(np.cumsum(rng.random(rows) < 1 / copies) - 1, 0) if copies > 1 else np.arange(rows)


def _moments(rng: np.random.Generator, first: int, counts: np.ndarray) -> np.ndarray:
    day = np.repeat(first + np.arange(len(counts)), counts)
    return np.sort(day + rng.random(len(day)))


def _moment(place: float) -> datetime:
    return START + timedelta(microseconds=round(place * _MICRO))


def _times(at: np.ndarray) -> pa.Array:
    start = int(START.timestamp()) * 1_000_000
    return pa.array(start + (at * _MICRO).astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))
