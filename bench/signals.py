"""What the default signals cost on records with labels, beside the profile they rest on; in one process, by CPU time.

``python bench/signals.py --rows 200000 --rounds 5``
"""

import argparse
import statistics
import time

import numpy as np
import pyarrow as pa

from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import Need, default, named
from holter.source import infer_schema
from holter.types import LABEL, PREDICTION, SCORE, Task

FEATURES = 50


def records(rows: int, seed: int) -> pa.Table:
    """Return labelled records of a calibrated binary model with 35 numeric and 15 categorical features."""
    rng = np.random.default_rng(seed)
    columns = {f"number_{i}": rng.normal(size=rows) for i in range(35)}
    for i in range(FEATURES - 35):
        columns[f"category_{i}"] = np.array([f"c{code}" for code in range(3 * (i + 1))])[
            rng.integers(0, 3 * (i + 1), rows)
        ]
    score = 1 / (1 + np.exp(-columns["number_0"]))
    label = (rng.random(rows) < score).astype(float)
    return pa.table({**columns, SCORE: score, PREDICTION: (score >= 0.5).astype(float), LABEL: label})


def window(table: pa.Table) -> tuple[Window, float]:
    """Return a window with profile and rows, and the CPU seconds its profile cost."""
    schema = infer_schema(table.schema, exclude=(SCORE, PREDICTION, LABEL), task=Task.BINARY)
    begun = time.process_time()
    profile = Profile.of(table.drop_columns([LABEL]))
    return Window(None, schema, profile=profile, rows=table), time.process_time() - begun


def main() -> None:
    """Measure every signal of the default preset; print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    baseline, _ = window(records(chosen.rows, seed=1))
    costs: dict[str, list[float]] = {}
    for number in range(chosen.rounds + 1):
        target, profile = window(records(chosen.rows, seed=2 + number))
        spent = {"profile of the window": profile}
        for name in default(target.schema, labels=True):
            signal = named(name)
            begun = time.process_time()
            if not signal.needs & Need.TRAFFIC:
                decide(list(signal.measure(target, baseline)), Calibration.iid())
            spent[name] = time.process_time() - begun
        for name, seconds in spent.items():
            costs.setdefault(name, []).extend([seconds] if number else [])
    print(f"{chosen.rows:,} records, {FEATURES} features; CPU seconds, medians of {chosen.rounds} rounds\n")
    print("| what | CPU s | of the profile |\n|---|---|---|")
    base = statistics.median(costs["profile of the window"])
    for name, seconds in costs.items():
        print(f"| {name} | {statistics.median(seconds):.3f} | {statistics.median(seconds) / base:.2f} |")


if __name__ == "__main__":
    main()
