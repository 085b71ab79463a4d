"""A disk that is really full: what was acknowledged stays, what was not is refused, and writing goes on afterwards."""

import os
import subprocess

import pytest

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.capture.segments import read, segments
from holter.capture.slot import CRASHED, rescue
from holter.errors import JournalFull


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 512 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def frame(number, status=200):
    return Frame(f"r{number}", number, None, status, 1, "champion", 1, False, False, os.urandom(3000), b"[0.5]")


def fill(journal, first):
    """Append until the disk refuses, and return the ids that were acknowledged."""
    acknowledged = []
    while True:
        made = frame(first + len(acknowledged))
        try:
            journal.append(made)
        except JournalFull:
            return acknowledged
        acknowledged.append(made.request_id)


@pytest.mark.parametrize("segment_bytes", [64 << 20, 50_000])
def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk, segment_bytes):
    folder, ballast = small_disk / "journal", small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    journal = Journal(folder, segment_bytes=segment_bytes)
    acknowledged = fill(journal, 0)
    journal.begin(frame(99_999, CRASHED))  # no room for it: the worker must survive that
    assert len(acknowledged) > 50
    ballast.unlink()
    acknowledged += fill(journal, len(acknowledged))
    found = [each.request_id for path in segments(folder) for each, _ in read(path)]
    assert found == acknowledged
    journal.close()
    assert rescue(folder) == 0
