"""Nine months of real flights in which nothing happens, by construction; and the same nine months as they were.

Whole days (rows with their labels) of the held-out baseline and of the demo's replay change places, each with a day
of the same weekday. What differs between days stays; what came with the seasons is spread over all of them.
``PYTHONPATH=bench:examples/flights python -m detection.flights_null --seeds 20``
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from encoding import encode
from story import TRAINED_UNTIL, by_day, first_model, sample

import holter
from flights import FEATURES, load
from holter.rules import Budget, Level

FLIGHTS_A_DAY = 300
"""As the demo replays them."""
WEEK = 7
MICRO_A_DAY = 86_400 * 1_000_000
COLUMNS = ["scheduled", *FEATURES, "score", "prediction", "late"]
ROLES = {"time": "scheduled", "score": "score", "prediction": "prediction", "label": "late", "task": "binary"}


@dataclass(frozen=True)
class Year:
    """The days of the baseline and of the replay, each a table, by the number of the day."""

    baseline: dict[int, pa.Table]
    replay: dict[int, pa.Table]

    @classmethod
    def real(cls) -> "Year":
        """Fit the first model of the demo, as the demo does, and score what it was not fitted on."""
        flights = load()
        with tempfile.TemporaryDirectory() as folder:
            file, scored = first_model(flights, Path(folder))
            model, rates, average = joblib.load(file)
        rest = sample(flights.filter(pc.greater_equal(flights["scheduled"], TRAINED_UNTIL)), FLIGHTS_A_DAY)
        rows = list(zip(*(rest[name].to_pylist() for name in FEATURES), strict=True))
        chance = model.predict_proba(encode(rows, rates, average))[:, 1]
        rest = rest.append_column("score", pa.array(chance))
        rest = rest.append_column("prediction", pa.array((chance >= 0.5).astype(float)))
        return cls(_days(_thinned(scored.select(COLUMNS))), _days(rest.select(COLUMNS)))

    def permuted(self, seed: int) -> "Year":
        """Let days change places within weekdays."""
        rng = np.random.default_rng(seed)
        both = {**self.baseline, **self.replay}
        moved = {}
        for weekday in range(WEEK):
            places = np.array([day for day in both if day % WEEK == weekday])
            pairs = zip(places.tolist(), rng.permutation(places).tolist(), strict=True)
            moved |= {to: _on(both[of], to) for to, of in pairs}
        return Year({day: moved[day] for day in self.baseline}, {day: moved[day] for day in sorted(self.replay)})


@dataclass(frozen=True)
class Told:
    """What a watcher said in nine months: alarms that began, by level; what each was of; windows it did not judge."""

    began: Counter
    alarms: tuple[tuple[str, str], ...]
    uncalibrated: int
    windows: int
    why: str


def watched(year: Year, budget: Budget, *, material: bool) -> Told:
    """Show the days of a year to a watcher that learned from its baseline."""
    watcher = holter.calibrate(pa.concat_tables(year.baseline.values()), budget=budget, material=material, **ROLES)
    began: Counter = Counter()
    alarms, silent, why = [], 0, ""
    for day in year.replay.values():
        judged = watcher.see(day)
        if not judged.calibrated:
            silent, why = silent + 1, judged.why
        if judged.began:
            began[str(judged.level)] += 1
            first = judged.findings[0]
            alarms.append((f"{judged.window.start:%d %b}: {first.sentence}", f"{first.family} {first.name}"))
    return Told(began, tuple(alarms), silent, len(year.replay), why)


def _thinned(scored: pa.Table) -> pa.Table:
    """Keep as many flights of a day of the baseline as the replay has; which ones depends on nothing but the seed."""
    day = by_day(scored)
    order = np.lexsort((np.random.default_rng(0).random(len(day)), day))
    starts = np.flatnonzero(np.r_[True, np.diff(day[order]) > 0])
    rank = np.arange(len(day)) - np.repeat(starts, np.diff(np.r_[starts, len(day)]))
    return scored.take(np.sort(order[rank < FLIGHTS_A_DAY]))


def _days(table: pa.Table) -> dict[int, pa.Table]:
    day = by_day(table)
    return {int(each): table.filter(pa.array(day == each)) for each in np.unique(day)}


def _on(table: pa.Table, day: int) -> pa.Table:
    """Move rows to another day, at the same time of day."""
    kind = table.schema.field("scheduled").type
    moments = table["scheduled"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    moved = moments - (moments[0] // MICRO_A_DAY - day) * MICRO_A_DAY
    return table.set_column(0, "scheduled", pa.array(moved).cast(pa.timestamp("us", tz="UTC")).cast(kind))


def main() -> None:
    """Watch the year as it was and permuted years, with the default budget and with every real difference told."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first", type=int, default=1)
    chosen = options.parse_args()
    year = Year.real()
    for name, budget, material in (
        ("one page a quarter, material", Budget(), True),
        (".001 a window, every real difference", Budget(0.001, per="window"), False),
    ):
        print(f"\n## {name}\n")
        told = watched(year, budget, material=material)
        print(f"As it was: {dict(told.began)}; {told.uncalibrated} of {told.windows} windows uncalibrated {told.why}")
        print("\n".join(f"- {sentence}" for sentence, _ in told.alarms))
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        summed([watched(year.permuted(seed), budget, material=material) for seed in seeds])


def summed(years: Sequence[Told]) -> None:
    """Print what was said in permuted years, all of it false."""
    total = sum((each.began for each in years), Counter())
    false = sum(total[str(level)] for level in (Level.WARNING, Level.PAGE))
    windows = sum(each.windows for each in years)
    silent = sum(each.uncalibrated for each in years)
    quiet = sum(not each.began for each in years)
    print(f"{len(years)} permuted times nine months: {false} false alarms {dict(total)},", end=" ")
    print(f"{1000 * false / windows:.2f} per 1000 windows, {quiet} of {len(years)} without any;", end=" ")
    print(f"{silent / windows:.0%} of windows uncalibrated {years[-1].why}")
    kinds = Counter(kind for each in years for _, kind in each.alarms)
    print("Of: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(12)))


if __name__ == "__main__":
    main()
