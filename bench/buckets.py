"""A year of daily profiles, 50 columns: made in one pass, stored, read back, and each day compared with a baseline.

``python bench/buckets.py --rows-a-day 4000 --rounds 5``
"""

import argparse
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import tables
from holter.profile import Buckets, Profile, Window, buckets
from holter.rules import Calibration, decide
from holter.signals import drift_history, named
from holter.source import infer_schema

DAYS, BASELINE_DAYS = 365, 56
START = datetime(2013, 1, 1, tzinfo=UTC)
LENGTH = struct.Struct("<I")


def made(folder: Path, rows_a_day: int) -> tuple[Buckets, pa.Schema]:
    """Return the buckets of a year of rows, and the schema of the rows; what it took is printed."""
    path = folder / "year.parquet"
    tables.write(path, DAYS * rows_a_day, seed=1)
    source = pq.ParquetFile(path)
    schema = source.schema_arrow.append(pa.field("at", pa.timestamp("us", "UTC")))
    step = timedelta(days=1) / timedelta(microseconds=1) / rows_a_day

    def batches() -> Iterator[pa.RecordBatch]:
        row = 0
        for batch in source.iter_batches(65_536):
            micros = ((np.arange(row, row + batch.num_rows) + 0.5) * step).astype(np.int64)
            times = pa.array(micros + int(START.timestamp() * 1_000_000)).cast(schema.field("at").type)
            row += batch.num_rows
            yield pa.RecordBatch.from_arrays([*batch.columns, times], schema=schema)

    begun, cpu = time.perf_counter(), time.process_time()
    found = buckets(pa.RecordBatchReader.from_batches(schema, batches()), time="at", width="1d")
    took = time.perf_counter() - begun, time.process_time() - cpu
    print(f"{DAYS} days of {rows_a_day:,} rows in one pass, reading included: {took[0]:.1f} s, {took[1]:.1f} CPU s\n")
    return found, schema


def store(path: Path, found: Buckets) -> None:
    """Write the profile of each day behind the one before it, without the column of the time."""
    with path.open("wb") as file:
        for profile in found.profiles.values():
            columns = {name: column for name, column in profile.columns.items() if name != "at"}
            data = Profile(profile.rows, columns).to_bytes()
            file.write(LENGTH.pack(len(data)) + data)


def load(path: Path) -> list[Profile]:
    """Read them back."""
    data, at, profiles = path.read_bytes(), 0, []
    while at < len(data):
        (size,) = LENGTH.unpack_from(data, at)
        profiles.append(Profile.from_bytes(data[at + LENGTH.size : at + LENGTH.size + size]))
        at += LENGTH.size + size
    return profiles


def timed(costs: dict[str, list[tuple[float, float]]], name: str, work: Callable[[], Any]) -> Any:
    """Do some work and note its wall and CPU seconds."""
    begun, cpu = time.perf_counter(), time.process_time()
    result = work()
    costs.setdefault(name, []).append((time.perf_counter() - begun, time.process_time() - cpu))
    return result


def by_signal(profile: Profile, baseline: Profile, schema: pa.Schema) -> None:
    """Judge one day as the beat does, with intervals, tests and verdicts."""
    features = infer_schema(schema, exclude=("at",))
    windows = [Window(None, features, profile=each) for each in (profile, baseline)]
    decide(list(named("data_drift").measure(*windows)), Calibration.iid())


def main() -> None:
    """Make and store a year, then read, merge and compare it several times; print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows-a-day", type=int, default=4000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    costs: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        found, schema = made(Path(folder), chosen.rows_a_day)
        path = Path(folder) / "year.profiles"
        store(path, found)
        day = Profile.from_bytes(next(iter(found.profiles.values())).to_bytes())
        numeric = Profile(day.rows, {name: day.columns[name] for name in day.columns if name.startswith("number")})
        size = path.stat().st_size
        each = len(numeric.to_bytes()) / len(numeric.columns) / 1024
        print(f"stored: {size / 1e6:.1f} MB, {size / DAYS / 1024:.0f} kB a day, {each:.2f} kB a numeric column\n")
        for _ in range(chosen.rounds + 1):
            profiles = timed(costs, f"read {DAYS} days", lambda: load(path))
            baseline = timed(costs, f"merge the {BASELINE_DAYS} days of the baseline",
                             lambda read=profiles: Profile.total(read[:BASELINE_DAYS]).compressed(4096))  # fmt: skip
            timed(costs, f"distances of {DAYS} days from the baseline",
                  lambda read=profiles, before=baseline: drift_history(read, before))  # fmt: skip
            timed(costs, "(one day by the signal, with intervals, tests and verdicts)",
                  lambda read=profiles, before=baseline: by_signal(read[-1], before, schema))  # fmt: skip
            timed(costs, "(merge the whole year)", lambda read=profiles: Profile.total(read))
    print(f"medians of {chosen.rounds} rounds\n\n| what | wall s | CPU s |\n|---|---|---|")
    whole = np.zeros(2)
    for name, seconds in costs.items():
        medians = np.median(np.array(seconds[1:]), axis=0)
        whole += medians * (not name.startswith("("))
        print(f"| {name} | {medians[0]:.2f} | {medians[1]:.2f} |")
    print(f"| **re-compared** (what is not in brackets) | **{whole[0]:.2f}** | **{whole[1]:.2f}** |")


if __name__ == "__main__":
    main()
