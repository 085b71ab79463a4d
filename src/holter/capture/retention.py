"""Removing what a deployment need not keep any longer."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from holter.capture.modeldata import expire_frames, modeldata_folder
from holter.capture.places import journal_folder
from holter.errors import NotFound
from holter.registry import Shelves
from holter.registry.entries import DeploymentSettings, Shelf

EVERY: Final = timedelta(hours=1)
"""How often a shelf is looked through: records go by whole days."""
_LEFT: Final = ("*.torn", "*.unreadable")
_log = logging.getLogger("holter.capture")


def retire(shelves: Shelves, shelf: Shelf, now: datetime) -> tuple[int, int]:
    """Remove records and labels that are older than their deployment keeps them; return how many of each.

    The settings are those of the deployment that has the name now, also for what an earlier one left; where none has
    it, everything is kept until somebody purges it. Labels without a time of their own go with the records, and so do
    the profiles of their days and the frames that a collector handed in.
    """
    try:
        settings = shelves.registry.deployment(shelf.deployment).settings
    except NotFound:
        return 0, 0
    records, labels = _limits(settings, now)
    if records is not None and (files := expire_frames(modeldata_folder(shelves.root, shelf.name), records)):
        _log.info("%s: %d files of collected frames were older than they are kept", shelf.name, files)
    if records is None and labels is None:
        return 0, 0
    gone = shelves.records_on(shelf).expire(records, labels)
    shelves.prune(shelf)
    if any(gone):
        _log.info("%s: %d records and %d labels were older than they are kept", shelf.name, *gone)
    return gone


def _limits(settings: DeploymentSettings, now: datetime) -> tuple[datetime | None, datetime | None]:
    records = None if settings.keep_days is None else now - timedelta(days=settings.keep_days)
    label_days = settings.keep_label_days or settings.keep_days
    return records, None if label_days is None else now - timedelta(days=label_days)


def clear_leftovers(shelves: Shelves, shelf: Shelf, now: datetime) -> int:
    """Remove parts of a journal that nobody could read, once they are old; return how many files."""
    oldest = now.timestamp() - shelves.settings.journal_keep_days * 86_400
    removed = 0
    for path in leftovers(journal_folder(shelves.root, shelf.name)):
        if path.stat().st_mtime < oldest:
            _log.warning("%s could not be read for %g days, and is removed", path, shelves.settings.journal_keep_days)
            path.unlink()
            removed += 1
    return removed


def leftovers(folder: Path) -> list[Path]:
    """Return the files of a journal that hold bytes nobody can read."""
    return sorted(path for pattern in _LEFT for path in folder.glob(pattern))
