"""Where in a workspace the journals and the spools are."""

from pathlib import Path
from typing import Final

LOCK: Final = ".compactor"
"""File of a journal folder, locked while a pass runs; it names the compactor that ran last."""
TELEMETRY: Final = "HOLTER_TELEMETRY"
"""Variable that tells a scoring worker the folder of its spool."""


def journal_folder(root: Path, shelf: str) -> Path:
    """Return where the workers that write to a shelf keep their journals."""
    return root / "journal" / shelf


def telemetry_folder(root: Path, source: str) -> Path:
    """Return where a source (the shelf of a deployment, or programs outside of the tree) spools what it measures."""
    return root / "telemetry" / source
