"""Do alarms keep their promise? ``PYTHONPATH=bench python -m detection run fast``; see docs/benchmarks.md.

``run TIER``: run what is missing, then print tables. ``show TIER``: print them from what is there. ``draw TIER``:
pictures. ``peers``: Evidently, NannyML and iyipada on a few streams, each in an environment of its own.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from detection.cells import Cell, run
from detection.tables import OTHERS, peer_table, report
from detection.tiers import PEER_FAMILIES, PEER_WINDOWS, PEERS, TIERS


def main() -> None:
    """Read the command line and do it."""
    chosen = _options().parse_args()
    if chosen.verb == "peers":
        from peers import prepared

        # before processes that would all make the same environment
        ready = [peer for peer in chosen.peers or PEERS if prepared(peer)]
        cells = [
            Cell(peer, family, rows, windows=PEER_WINDOWS)
            for rows in chosen.rows or (200, 2_000)
            for peer in ready
            for family in chosen.families or PEER_FAMILIES
        ]
        run(cells, chosen.seeds or 2, cores=chosen.cores)
        print(peer_table(cells))
        return
    tier = TIERS[chosen.tier]
    cells = [cell for cell in tier.cells() if _wanted(cell, chosen)]
    if chosen.verb == "run":
        both = cells if chosen.system != "rivals" else []
        if chosen.system != "holter":
            both = [*both, *(replace(cell, system="rivals") for cell in cells)]
        run(both, chosen.seeds or tier.seeds, cores=chosen.cores, most_seconds=tier.seconds)
    if chosen.verb == "draw":
        from detection.pictures import draw

        print("\n".join(str(path) for path in draw(cells)))
        return
    print(report(cells, OTHERS))


def _wanted(cell: Cell, chosen: argparse.Namespace) -> bool:
    def among(value: object, asked: Sequence[object] | None) -> bool:
        return not asked or value in asked

    return among(cell.family, chosen.families) and among(cell.rows, chosen.rows)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("verb", choices=["run", "show", "draw", "peers"])
    options.add_argument("tier", choices=TIERS, nargs="?", default="fast")
    options.add_argument("--seeds", type=int, help="baselines of each family, where not those of the tier")
    options.add_argument("--system", choices=["holter", "rivals", "both"], default="both")
    options.add_argument("--peers", nargs="*", choices=PEERS, help="only these peers")
    options.add_argument("--families", nargs="*", help="only these")
    options.add_argument("--rows", type=int, nargs="*", help="only windows of so many rows")
    options.add_argument("--cores", type=int, default=2)
    return options


if __name__ == "__main__":
    main()
