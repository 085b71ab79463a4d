"""Which cells a run has, and how many baselines of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from detection.cells import Cell
from detection.changes import CHANGES
from detection.rhythms import KNOWN, TREND, UNSEEN

MIXED = ("weekly+small", "jitter+medium", "weekly_jitter+correlation", "ar_days+new_category")
"""Changes on top of a rhythm."""
PEERS = ("evidently", "nannyml", "iyipada")
PEER_FAMILIES = ("iid", "jitter", "weekly", "small", "category_mix")
PEER_WINDOWS = 30
"""Peers take seconds a window: few streams, and short ones."""


@dataclass(frozen=True)
class Tier:
    """Cells, baselines of each, and seconds after which the run stops (to be gone on with)."""

    families: tuple[str, ...]
    rows: tuple[int, ...]
    paces: tuple[str, ...]
    seeds: int
    seconds: float = float("inf")

    def cells(self, system: str = "holter") -> Sequence[Cell]:
        """Return every combination; a change at window 0 as well where windows are days."""
        cells = [
            Cell(system, family, rows, pace) for rows in self.rows for pace in self.paces for family in self.families
        ]
        return cells + [Cell(system, "small", rows, change_at=0) for rows in self.rows if "small" in self.families]


TIERS = {
    "brief": Tier((*KNOWN, *UNSEEN, *TREND, *CHANGES, *MIXED), (200, 2_000), ("daily",), 10),
    "fast": Tier((*KNOWN, *CHANGES), (200, 2_000), ("daily",), 4, 270.0),
    "unseen": Tier((*UNSEEN, *TREND), (200, 2_000), ("daily",), 10),
    "known": Tier(tuple(KNOWN), (200, 2_000), ("daily",), 10),
    "changes": Tier((*CHANGES, *MIXED), (200, 2_000), ("daily",), 10),
    "traffic": Tier((*KNOWN, *UNSEEN, *CHANGES), (200, 2_000), ("traffic",), 10),
    "large": Tier((*KNOWN, *UNSEEN, *CHANGES), (20_000,), ("daily",), 4),
    "full": Tier((*KNOWN, *UNSEEN, *TREND, *CHANGES, *MIXED), (200, 2_000, 20_000), ("daily", "traffic"), 200),
}
