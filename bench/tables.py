"""Parquet files as the profile issue describes them: floats of assorted shapes with nulls, and strings.

``python bench/tables.py january.parquet --rows 1000000 --seed 1``
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FLOATS, STRINGS, ROW_GROUP = 35, 15, 131_072


def _floats(rng: np.random.Generator, number: int, rows: int) -> pa.Array:
    shapes = (
        lambda: rng.normal(number, 1 + number / 10, rows),
        lambda: rng.lognormal(0, 1, rows),
        lambda: rng.integers(0, 50 * (number + 1), rows).astype(float),
        lambda: rng.uniform(-1, 1, rows),
        lambda: rng.standard_t(3, rows),
    )
    return pa.array(shapes[number % len(shapes)](), mask=rng.random(rows) < 0.02 * (number % 4))


def _strings(rng: np.random.Generator, number: int, rows: int, columns: int) -> pa.Array:
    size = int(3 * (5000 / 3) ** (number / max(columns - 1, 1)))
    share = 1 / np.arange(1, size + 1)
    codes = rng.choice(size, rows, p=share / share.sum()).astype(np.int32)
    return pa.DictionaryArray.from_arrays(codes, [f"category-{code}" for code in range(size)]).cast(pa.string())


def write(path: Path, rows: int, seed: int, floats: int = FLOATS, strings: int = STRINGS) -> None:
    """Write one file, at most a million rows at a time and whole row groups."""
    rng = np.random.default_rng(seed)
    writer = None
    piece = 7 * ROW_GROUP
    for start in range(0, rows, piece):
        size = min(piece, rows - start)
        columns = {f"number_{i}": _floats(rng, i, size) for i in range(floats)}
        columns |= {f"category_{i}": _strings(rng, i, size, strings) for i in range(strings)}
        part = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
        writer.write_table(part, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("path", type=Path)
    for name, default in (("rows", 1_000_000), ("seed", 1), ("floats", FLOATS), ("strings", STRINGS)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    write(chosen.path, chosen.rows, chosen.seed, chosen.floats, chosen.strings)
