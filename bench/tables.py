"""Two Parquet files as the profile issue describes them: 35 floats of assorted shapes with nulls, 15 string columns."""

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


def _strings(rng: np.random.Generator, number: int, rows: int) -> pa.Array:
    size = int(3 * (5000 / 3) ** (number / (STRINGS - 1)))
    share = 1 / np.arange(1, size + 1)
    codes = rng.choice(size, rows, p=share / share.sum()).astype(np.int32)
    return pa.DictionaryArray.from_arrays(codes, [f"category-{code}" for code in range(size)]).cast(pa.string())


def write(path: Path, rows: int, seed: int) -> None:
    """Write one file, a million rows at a time."""
    rng = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, 1_000_000):
        size = min(1_000_000, rows - start)
        columns = {f"number_{i}": _floats(rng, i, size) for i in range(FLOATS)}
        columns |= {f"category_{i}": _strings(rng, i, size) for i in range(STRINGS)}
        part = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
        writer.write_table(part, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()
