"""Where in a workspace the journals are."""

from pathlib import Path
from typing import Final

LOCK: Final = ".compactor"
"""File of a journal folder, locked while a pass runs; it names the compactor that ran last."""


def journal_folder(root: Path, shelf: str) -> Path:
    """Return where the workers that write to a shelf keep their journals."""
    return root / "journal" / shelf
