"""What a worker was working on when it died."""

import errno
import os

import pytest

from holter.capture import slot as module
from holter.capture.journal import Journal
from holter.capture.segments import read, segments
from holter.capture.slot import CRASHED, Slot, rescue

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def crash(frame):
    """A frame as it is kept before ``run()``."""
    return lambda number=1, **changes: frame(number, status=CRASHED, latency_us=0, reply=b"", **changes)


def died(journal):
    """Leave the files as a worker does that is killed: nothing closed, nothing removed, every lock given back."""
    journal._stop.set()
    journal._syncer.join()
    os.close(journal._fd)
    if journal._slot is not None:
        os.close(journal._slot._fd)
    journal._slot = None


def found(folder):
    return [(frame.request_id, frame.status) for path in segments(folder) for frame, _ in read(path)]


def test_a_request_that_killed_its_worker_is_kept(tmp_path, frame, crash):
    journal = Journal(tmp_path)
    journal.append(frame(0))
    journal.begin(crash(1))
    died(journal)
    assert rescue(tmp_path) == 1
    assert found(tmp_path) == [("r0", 200), ("r1", CRASHED)]
    assert list(tmp_path.glob("*.slot")) == []
    assert rescue(tmp_path) == 0


def test_a_request_that_was_answered_killed_nobody(tmp_path, frame, crash):
    journal = Journal(tmp_path)
    for number in (1, 2):
        journal.begin(crash(number))
        journal.append(frame(number))
    died(journal)
    assert rescue(tmp_path) == 0
    assert found(tmp_path) == [("r1", 200), ("r2", 200)]


def test_an_answer_at_the_head_of_the_next_segment_is_found(tmp_path, frame, crash):
    journal = Journal(tmp_path, segment_bytes=1)
    journal.append(frame(0))
    journal.begin(crash(1))
    journal.append(frame(1))
    assert len(segments(tmp_path)) == 3
    died(journal)
    assert rescue(tmp_path) == 0


def test_the_same_id_at_another_time_is_another_request(tmp_path, frame, crash):
    journal = Journal(tmp_path)
    journal.append(frame(1))
    journal.begin(crash(1, received_us=5))
    died(journal)
    assert rescue(tmp_path) == 1


def test_a_worker_that_lives_keeps_its_slot(tmp_path, crash):
    with Journal(tmp_path) as journal:
        journal.begin(crash())
        assert rescue(tmp_path) == 0
        assert len(list(tmp_path.glob("*.slot"))) == 1
    assert list(tmp_path.glob("*.slot")) == []


def test_a_request_that_could_not_be_written_is_not_taken_for_a_crash(tmp_path, crash):
    journal = Journal(tmp_path)
    journal.release()
    journal.begin(crash())
    journal.release()
    died(journal)
    assert rescue(tmp_path) == 0


def test_a_crash_between_publishing_and_removing_makes_one_segment(tmp_path, crash, monkeypatch):
    journal = Journal(tmp_path)
    journal.begin(crash())
    died(journal)
    (slot,) = tmp_path.glob("*.slot")
    kept = slot.read_bytes()
    assert rescue(tmp_path) == 1
    slot.write_bytes(kept)
    assert rescue(tmp_path) == 1
    assert found(tmp_path) == [("r1", CRASHED)]


def test_large_requests_grow_the_slot_and_huge_ones_are_left_out(tmp_path, crash, monkeypatch):
    slot = Slot(tmp_path / "w.slot")
    slot.put(crash(1, body=b"x" * 200_000), 0, 8)
    assert slot.path.stat().st_size == 1 << 18
    slot.put(crash(2), 0, 8)
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 18)
    slot.put(crash(3, body=b"x" * 300_000), 0, 8)
    os.close(slot._fd)
    assert rescue(tmp_path) == 0


@pytest.mark.parametrize("torn", [b"", b"\0" * 30, bytes(12) + b"\x05\0\0\0abcdefghijk"])
def test_a_slot_that_was_only_begun_holds_nothing(tmp_path, torn):
    (tmp_path / "w.slot").write_bytes(torn)
    assert rescue(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_costs_the_slot_and_no_request(tmp_path, frame, crash, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with Journal(tmp_path) as journal:
        journal.begin(crash())
        journal.append(frame(1))
    monkeypatch.setattr(module.fcntl, "flock", full)
    with pytest.raises(OSError, match="No space"):
        Slot(tmp_path / "w.slot")
    assert found(tmp_path) == [("r1", 200)]


def test_a_slot_is_closed_once(tmp_path):
    slot = Slot(tmp_path / "w.slot")
    slot.close()
    slot.close()
    assert list(tmp_path.iterdir()) == []
