"""Removing all that a shelf has."""

import fcntl

from holter.capture.journal import Journal
from holter.capture.places import LOCK, journal_folder
from holter.capture.purging import purge


def test_what_a_compactor_holds_is_left_for_later(shelves, frame):
    folder = journal_folder(shelves.root, "credit")
    with Journal(folder) as journal:
        journal.append(frame(1))
    (shelf,) = shelves.registry.shelves("credit")
    with (folder / LOCK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not purge(shelves, shelf)
    assert folder.is_dir()
    assert purge(shelves, shelf)
    assert not folder.exists()
    assert purge(shelves, shelf), "a second time there is nothing to do"
