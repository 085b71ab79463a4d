"""Removing all that a shelf has."""

import fcntl

from holter.capture.journal import Journal
from holter.capture.modeldata import FrameFiles, frame_from, modeldata_folder
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


def test_what_a_collector_handed_in_goes_as_well(shelves, now):
    (shelf,) = shelves.registry.shelves("credit")
    folder = modeldata_folder(shelves.root, shelf.name)
    FrameFiles(folder).append(frame_from({"ce-type": "azureml.inference.model_inputs"}, b'[{"age":1}]', now), now)
    assert folder.is_dir()
    assert purge(shelves, shelf)
    assert not folder.exists()
