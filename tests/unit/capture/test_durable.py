"""Replies that wait for the disk, and journals that may hold so much and no more."""

import asyncio
import errno
import os

import pytest

from holter.capture import journal as module
from holter.capture.journal import Journal
from holter.capture.segments import read, segments, weight
from holter.errors import JournalFull


def appended(journal, *frames):
    async def append(frame):
        journal.append(frame)
        await journal.durable()

    async def every():
        return await asyncio.gather(*(append(frame) for frame in frames), return_exceptions=True)

    return asyncio.run(every())


def test_replies_that_wait_share_a_sync(tmp_path, frame, monkeypatch):
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), real(fd)))
    with Journal(tmp_path, sync_seconds=60, grouped=True) as journal:
        assert appended(journal, *map(frame, range(50))) == [None] * 50
        assert 1 <= len(synced) < 50
        assert appended(journal, frame(50)) == [None]


def test_nobody_waits_where_replies_need_not(tmp_path, frame):
    with Journal(tmp_path, sync_seconds=60) as journal:
        assert appended(journal, frame()) == [None]
        assert journal._waiting == []


def test_a_refused_sync_is_told_and_writing_goes_on_in_another_file(tmp_path, frame, monkeypatch):
    real, refusing = os.fdatasync, [True]

    def sync(fd):
        if refusing:
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    with Journal(tmp_path, sync_seconds=60, grouped=True) as journal:
        (error,) = appended(journal, frame(1))
        assert isinstance(error, JournalFull)
        assert "refused" in str(error)
        refusing.clear()
        assert appended(journal, frame(2)) == [None]
        assert journal.sync_failures == 1
    assert len(segments(tmp_path)) == 2
    assert [found.request_id for path in segments(tmp_path) for found, _ in read(path)] == ["r1", "r2"]


def test_a_disk_that_takes_too_long_counts_as_full(tmp_path, frame, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    release = module.threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _: release.wait(10))
    journal = Journal(tmp_path, grouped=True)
    (error,) = appended(journal, frame(1))
    release.set()
    journal.close()
    assert isinstance(error, JournalFull)
    assert "took more than" in str(error)


def test_journals_hold_what_they_may_and_then_count_as_full(tmp_path, frame, monkeypatch):
    monkeypatch.setattr(module, "WEIGH_SECONDS", 0.0)
    with Journal(tmp_path, sync_seconds=0.01, most_bytes=2000) as journal:
        while weight(tmp_path) < 2000:
            journal.append(frame(1))
        journal._weigh()
        with pytest.raises(JournalFull, match="may hold no more"):
            journal.append(frame(1))
        os.truncate(journal.path, 8)  # as if the compactor had moved them
        journal._offset = 8
        journal._weigh()
        journal.append(frame(2))


def test_a_folder_that_is_not_there_weighs_nothing(tmp_path):
    assert weight(tmp_path / "none") == 0
