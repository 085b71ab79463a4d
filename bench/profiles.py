"""What the profile of a live batch costs, in one process, by CPU time (another process does not disturb that much).

``python bench/profiles.py --rounds 50``
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from holter.profile import Profile
from tables import write


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=50)
    chosen = options.parse_args()
    print("| rows x 50 columns | CPU ms |\n|---|---|")
    with TemporaryDirectory() as folder:
        for rows in (100, 1_000, 10_000):
            write(Path(folder) / "t.parquet", rows, seed=1)
            table = pq.read_table(Path(folder) / "t.parquet")
            costs = []
            for _ in range(chosen.rounds):
                begun = time.process_time()
                Profile.of(table)
                costs.append(time.process_time() - begun)
            print(f"| {rows:,} | {1000 * statistics.median(costs):.1f} |")


if __name__ == "__main__":
    main()
