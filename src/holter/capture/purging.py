"""Removing a shelf for good: journal, records, labels and counts."""

import fcntl
import shutil
from pathlib import Path

from holter.capture.places import LOCK, journal_folder
from holter.capture.segments import is_live, segments
from holter.registry import Shelves
from holter.registry.entries import Shelf
from holter.registry.shelving import FOLDERS


def purge(shelves: Shelves, shelf: Shelf) -> bool:
    """Remove the files and counts of a shelf; False, and nothing is removed, while a worker or a compactor holds it.

    A worker of a deployment that was just deleted may still answer its last requests. A crash in the middle leaves the
    rest for the next call.
    """
    journal = journal_folder(shelves.root, shelf.name)
    if journal.is_dir():
        with (journal / LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if any(_is_live(path) for path in segments(journal)):
                return False
            shutil.rmtree(journal)
    for folder in FOLDERS:
        shutil.rmtree(shelves.root / folder / shelf.name, ignore_errors=True)
    shelves.registry.forget_shelf(shelf.name)
    return True


def _is_live(path: Path) -> bool:
    try:
        return is_live(path)
    except FileNotFoundError:
        return False
