"""``holter compare`` of two files of 50 columns, beside merely reading them.

Whole processes, paired, medians. ``python bench/compare_tables.py --rows 1000000 --rounds 5``
"""

import argparse
import sys
import tempfile
from pathlib import Path

from paired import paired, table
from tables import write

READ = """
import sys, pyarrow.parquet as pq, pyarrow.compute as pc
for path in sys.argv[1:]:
    for batch in pq.ParquetFile(path).iter_batches(batch_size=131072):
        for column in batch.columns:
            pc.min_max(column)
            if column.type == "double":
                pc.sum(column)
"""


def main() -> None:
    """Write the files, time both, print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        january, february = (str(Path(folder) / name) for name in ("january.parquet", "february.parquet"))
        write(Path(january), chosen.rows, seed=1)
        write(Path(february), chosen.rows, seed=2)
        results = paired(
            {
                "bare read (pyarrow, sum, min, max)": [sys.executable, "-c", READ, january, february],
                "holter compare": [sys.executable, "-m", "holter", "compare", january, february],
            },
            chosen.rounds,
        )
    print(f"{chosen.rows:,} rows, 35 floats and 15 strings, against as many; medians of {chosen.rounds} rounds\n")
    print(table(results, "bare read (pyarrow, sum, min, max)"))


if __name__ == "__main__":
    main()
