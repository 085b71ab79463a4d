"""What deciding costs: one window of 50 features and 20 segments from profiles, and learning 90 days; CPU milliseconds.

``PYTHONPATH=bench python -m detection.cost``: medians of several rounds, in one process, one thread.
"""

import argparse
import statistics
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from holter.profile import Profile, Window
from holter.rules import Budget
from holter.rules.course import Course
from holter.rules.learning import learn
from holter.rules.stepping import step
from holter.signals.contrasts import Frame
from holter.source import infer_schema
from holter.types import Contrasts, Span

NUMBERS, CATEGORIES = 35, 15
SEGMENTS = 20
DAYS = 90
START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(rng: np.random.Generator, count: int) -> pa.Table:
    """Return rows of 50 features."""
    columns = {f"number_{i}": rng.normal(size=count) for i in range(NUMBERS)}
    for i in range(CATEGORIES):
        kinds = np.array([f"c{code}" for code in range(3 * (i + 1))])
        columns[f"category_{i}"] = kinds[rng.integers(0, len(kinds), count)]
    return pa.table(columns)


def windows(table: pa.Table, span: Span | None) -> list[Window]:
    """Return the window of all rows and of each of 20 segments, with their profiles."""
    schema = infer_schema(table.schema)
    slices = [None, *(f"segment={number}" for number in range(SEGMENTS))]
    parts = [table] + [table.slice(i * table.num_rows // SEGMENTS, table.num_rows // SEGMENTS) for i in range(SEGMENTS)]
    return [
        Window(span, schema, Profile.of(part), part, segment=name) for name, part in zip(slices, parts, strict=True)
    ]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=2_000, help="rows of a day")
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    rng = np.random.default_rng(1)
    frames = [Frame.of(window) for window in windows(rows(rng, 20_000), None)]

    def contrasts(span: Span) -> tuple[Contrasts, float, float]:
        made = windows(rows(rng, chosen.rows), span)
        begun = time.process_time()
        each = [frame.contrasts(window) for frame, window in zip(frames, made, strict=True)]
        first = time.process_time() - begun
        return Contrasts.joined(each), time.process_time() - begun, first

    spans = [Span(START + DAY * day, START + DAY * (day + 1)) for day in range(DAYS + chosen.rounds + 1)]
    blocks = [(span, contrasts(span)[0]) for span in spans[:DAYS]]
    learned = []
    for _ in range(3):
        begun = time.process_time()
        null = learn(blocks, budget=Budget(), every=DAY)
        learned.append(time.process_time() - begun)
    course, spent = Course.new(), []
    for span in spans[DAYS:]:
        found, making, _ = contrasts(span)
        begun = time.process_time()
        course, _ = step(null, course, span, found)
        spent.append((making, time.process_time() - begun))
    medians = [1000 * statistics.median(each) for each in zip(*spent[1:], strict=True)]
    size = len(blocks[0][1].n)
    print(f"{NUMBERS + CATEGORIES} features, {SEGMENTS} segments, {size:,} contrasts, {chosen.rows:,} rows a day\n")
    print("| what | CPU ms |\n|---|---|")
    print(f"| contrasts of a window, from profiles and rows | {medians[0]:.0f} |")
    print(f"| deciding it | {medians[1]:.0f} |")
    print(f"| learning {DAYS} days | {1000 * statistics.median(learned):.0f} |")


if __name__ == "__main__":
    main()
