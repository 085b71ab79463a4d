"""``holter compare`` of two Parquet files, beside merely reading them and beside the peers.

Whole processes, paired, medians. ``python bench/compare_tables.py --rows 1000000 --rounds 5 --peers``
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from paired import Run, paired, run, table
from peers import PEERS, prepared
from scans import SCANS
from tables import FLOATS, STRINGS

HERE = Path(__file__).parent
PATIENCE = 600.0
"""Seconds after which a peer is recorded as slower than that."""


def files(folder: str, rows: int, links: int, floats: int, strings: int) -> list[str]:
    """Write both tables, each in a process of its own: what a parent holds counts as its children's peak memory.

    A table of many rows is one file that stands there under several names: who reads it cannot tell.
    """
    names = []
    for seed, name in enumerate(("january", "february"), 1):
        path = Path(folder) / name / "0.parquet"
        path.parent.mkdir()
        sizes = {"rows": rows // links, "seed": seed, "floats": floats, "strings": strings}
        arguments = [f"--{key}={value}" for key, value in sizes.items()]
        subprocess.run([sys.executable, HERE / "tables.py", path, *arguments], check=True)
        for number in range(1, links):
            (path.parent / f"{number}.parquet").hardlink_to(path)
        names.append(str(path if links == 1 else path.parent))
    return names


def ours(names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the bare scans, and the command under test with all cores and with one."""
    command = [sys.executable, "-m", "holter", "compare", *names]
    scans = {f"bare scan, {name}": [sys.executable, str(HERE / "scans.py"), name, *names] for name in SCANS}
    return {**scans, "holter compare": command, "holter compare, one core": ["taskset", "-c", "0", *command]}


def slow(names: Sequence[str]) -> dict[str, Run | None]:
    """Run every peer once, politely; None where one took longer than ten minutes."""
    found: dict[str, Run | None] = {}
    for peer in PEERS:
        python = prepared(peer)
        if python is not None:
            # none of them may call home in the middle of a measurement
            quiet = ["env", "DO_NOT_TRACK=1", "NML_DISABLE_USAGE_LOGGING=1", "nice", "-n", "5"]
            command = [*quiet, str(python), str(HERE / "peers.py"), peer, *names]
            found[peer] = run(command, PATIENCE)
    return found


def rival_table(peers: dict[str, Run | None], wall: float) -> str:
    """Return a Markdown table of the peers; the ratio says how many times as long as ``holter compare`` they took."""
    lines = ["| peer | wall s | CPU s | peak MB | times holter compare |", "|---|---|---|---|---|"]
    for name, cost in peers.items():
        if cost is None:
            lines.append(f"| {name} | > {PATIENCE:.0f} | | | > {PATIENCE / wall:.0f} |")
        else:
            lines.append(f"| {name} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak_mb:.0f} | {cost.wall / wall:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Write the files, time everything, print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    numbers = {"rows": 1_000_000, "links": 1, "rounds": 5, "floats": FLOATS, "strings": STRINGS}
    for name, default in numbers.items():
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--peers", action="store_true", help="also Evidently, NannyML and TFDV, each once")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = files(folder, chosen.rows, chosen.links, chosen.floats, chosen.strings)
        results = paired(ours(names), chosen.rounds)
        peers = slow(names) if chosen.peers else {}
    fastest = min(list(results)[: len(SCANS)], key=lambda name: statistics.median(each.wall for each in results[name]))
    print(f"{chosen.rows:,} rows, {chosen.floats} floats and {chosen.strings} strings, against as many; ", end="")
    print(f"medians of {chosen.rounds} rounds; ratio to {fastest}\n")
    print(table(results, fastest))
    if peers:
        print(f"\n{rival_table(peers, statistics.median(each.wall for each in results['holter compare']))}")


if __name__ == "__main__":
    main()
