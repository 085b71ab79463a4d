"""Do alarms keep their promise? ``PYTHONPATH=bench python -m detection run fast``; see docs/benchmarks.md.

``run TIER``: run what is missing and print the tables. ``show TIER``: print them from what is there.
"""

import argparse

from detection.cells import run
from detection.tables import OTHERS, report
from detection.tiers import TIERS


def main() -> None:
    """Read the command line and do it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("verb", choices=["run", "show"])
    options.add_argument("tier", choices=TIERS)
    options.add_argument("--seeds", type=int, help="baselines of each family, where not those of the tier")
    options.add_argument("--system", choices=["holter", "rivals", "both"], default="both")
    options.add_argument("--families", nargs="*", help="only these")
    options.add_argument("--rows", type=int, nargs="*", help="only windows of so many rows")
    options.add_argument("--cores", type=int, default=2)
    chosen = options.parse_args()
    tier = TIERS[chosen.tier]
    cells = [
        cell
        for cell in tier.cells()
        if (not chosen.families or cell.family in chosen.families) and (not chosen.rows or cell.rows in chosen.rows)
    ]
    if chosen.verb == "run":
        both = [cell for cell in cells if chosen.system != "rivals"]
        if chosen.system != "holter":
            both += [type(cell)("rivals", cell.family, cell.rows, cell.pace, cell.change_at) for cell in cells]
        run(both, chosen.seeds or tier.seeds, cores=chosen.cores, most_seconds=tier.seconds)
    print(report(cells, OTHERS))


if __name__ == "__main__":
    main()
