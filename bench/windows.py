"""The CPU time of judging a window of 28 days anew every day: from stored profiles of its days, and from its rows.

``python bench/windows.py --rows-a-day 2000 --windows 14``
"""

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from holter.monitor.targets import ServedModel, target_of
from holter.profile import Profile
from holter.registry import MonitorEntry, Shelves
from holter.signals import Need
from holter.source import infer_schema
from holter.types import Span, Task

DAY, OVER = timedelta(days=1), timedelta(days=28)
START = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS, CATEGORIES = 35, 15


def features(rows: int, seed: int) -> dict[str, pa.Array]:
    """Return 35 numeric and 15 categorical features."""
    rng = np.random.default_rng(seed)
    columns = {f"number_{i}": pa.array(rng.normal(size=rows)) for i in range(NUMBERS)}
    for i in range(CATEGORIES):
        names = np.array([f"c{code}" for code in range(3 * (i + 1))])
        columns[f"category_{i}"] = pa.array(names[rng.integers(0, len(names), rows)])
    return columns


def append(shelves: Shelves, day: int, rows: int) -> None:
    """Record one day of traffic."""
    times = pa.array([START + day * DAY + DAY * i / rows for i in range(rows)], pa.timestamp("us", "UTC"))
    ids = pa.array([f"{day}-{i}" for i in range(rows)])
    kept = {"_request_id": ids, "_digest": ids, "_event_time": times, "_received_at": times}
    same = {"_row": 0, "_version": 1, "_status": 200, "_role": "champion", "_prediction": 1.0, "_score": 0.5}
    constant = {name: pa.array([value] * rows) for name, value in same.items()}
    shelves.records("api").append(pa.table({**kept, **constant, **features(rows, day)}), {})


def workspace(folder: Path) -> Shelves:
    """Return a workspace with a model and its deployment."""
    shelves = Shelves.open(folder / "ws", create=True)
    (folder / "model.bin").write_text("weights")
    baseline = pa.table(features(20_000, 10**6))
    schema = infer_schema(baseline.schema, task=Task.BINARY)
    version = shelves.registry.register("m", folder / "model.bin", schema=schema, baseline=baseline)
    (folder / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    shelves.registry.deploy("api", version, source=folder, entry_script="score.py")
    return shelves


def timed(target: ServedModel, span: Span, needs: Need) -> tuple[float, Profile]:
    """Return CPU seconds, and the profile that was fetched."""
    begun = time.process_time()
    profile = target.case(span, needs).target.profile
    assert profile is not None
    return time.process_time() - begun, profile


def main() -> None:
    """Judge the window that ends after each new day, both ways; print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows-a-day", type=int, default=2_000)
    options.add_argument("--windows", type=int, default=14)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        shelves = workspace(Path(name))
        entry = MonitorEntry("monthly", "api", ("data_drift",), (), every=DAY, over=OVER, event_clock=True)
        target = target_of(shelves, shelves.registry.add_monitor(entry))
        assert isinstance(target, ServedModel)
        for day in range(28):
            append(shelves, day, chosen.rows_a_day)
        report(shelves, target, chosen.windows, chosen.rows_a_day)


def report(shelves: Shelves, target: ServedModel, windows: int, rows: int) -> None:
    """Print the first window, which reads every day, and the medians of those that follow."""
    first, days, whole = 0.0, [], []
    for number in range(windows + 1):
        span = Span(START + number * DAY, START + number * DAY + OVER)
        if number:
            append(shelves, 27 + number, rows)
        spent, added = timed(target, span, Need.PROFILE)
        direct, read = timed(target, span, Need.PROFILE | Need.ROWS)
        assert added.rows == read.rows == 28 * rows
        first = first or spent
        days += [spent] if number else []
        whole += [direct] if number else []
    size = sum(path.stat().st_size for path in (shelves.root / "profiles").rglob("*.profile")) / (28 + windows)
    print(f"28 days of {rows:,} rows, {NUMBERS + CATEGORIES} features; CPU seconds, medians of {windows} windows\n")
    print("| the profile of the window | s |\n|---|---|")
    print(f"| from its rows | {statistics.median(whole):.3f} |")
    print(f"| from stored days, one of them new | {statistics.median(days):.3f} |")
    print(f"| from days, none stored yet | {first:.3f} |")
    print(f"\nA stored day: {size / 1000:,.0f} kB.")


if __name__ == "__main__":
    main()
