import errno
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from holter.capture.frame import HEADER, encode
from holter.capture.journal import Journal
from holter.capture.segments import ABANDONED_SECONDS, is_live, read, segments, sweep
from holter.errors import DamagedSegment, JournalFull, NewerFormat


def written(folder, frames, **options):
    with Journal(folder, **options) as journal:
        for each in frames:
            journal.append(each)
    return segments(folder)


def ids(path, offset=0, **options):
    return [each.request_id for each, _ in read(path, offset, **options)]


def test_what_was_appended_is_read_in_order_and_from_any_frame_on(tmp_path, frame):
    (path,) = written(tmp_path / "new" / "folder", [frame(n) for n in range(5)])
    ends = [end for _, end in read(path)]
    assert ids(path) == ["r0", "r1", "r2", "r3", "r4"]
    assert ends[-1] == path.stat().st_size
    assert ids(path, ends[2]) == ["r3", "r4"]
    assert ids(path, ends[-1]) == []


def test_a_frame_can_be_read_as_soon_as_it_is_appended(tmp_path, frame):
    with Journal(tmp_path) as journal:
        assert list(read(journal.path)) == []
        journal.append(frame(1))
        assert ids(journal.path) == ["r1"]
        assert (journal.frames, journal.bytes, journal.gaps) == (1, len(encode(frame(1))), 0)


def test_a_segment_is_live_until_its_writer_is_gone(tmp_path, frame):
    journal = Journal(tmp_path)
    assert is_live(journal.path)
    journal.close()
    journal.close()
    assert not is_live(journal.path)
    with pytest.raises(JournalFull, match="closed"):
        journal.append(frame(1))


def test_a_full_segment_is_followed_by_the_next_and_given_up(tmp_path, frame):
    size = len(encode(frame(0)))
    with Journal(tmp_path, segment_bytes=len(HEADER) + 2 * size, sync_seconds=60) as journal:
        for number in range(5):
            journal.append(frame(number))
        first, second, third = segments(tmp_path)
        assert [ids(path) for path in (first, second, third)] == [["r0", "r1"], ["r2", "r3"], ["r4"]]
        journal.sync()
        assert [is_live(path) for path in (first, second, third)] == [False, False, True]
        assert third == journal.path


def test_two_writers_of_a_folder_do_not_meet(tmp_path, frame):
    with Journal(tmp_path) as one, Journal(tmp_path) as other:
        one.append(frame(1))
        other.append(frame(2))
        assert sorted(ids(path)[0] for path in segments(tmp_path)) == ["r1", "r2"]


def test_threads_of_one_writer_do_not_mix_their_frames(tmp_path, frame):
    def write(journal, start):
        for number in range(start, start + 200):
            journal.append(frame(number))

    with Journal(tmp_path, segment_bytes=20_000, sync_seconds=0.001) as journal:
        threads = [threading.Thread(target=write, args=(journal, start)) for start in (0, 200, 400)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = [name for path in segments(tmp_path) for name in ids(path)]
    assert sorted(found) == sorted(f"r{n}" for n in range(600))


def test_requests_that_were_not_recorded_are_told_by_the_next_frame_once(tmp_path, frame):
    with Journal(tmp_path) as journal:
        journal.miss(frame(8))
        journal.miss(frame(9))
        journal.append(frame(1))
        journal.append(frame(2))
        assert [each.gaps for each, _ in read(journal.path)] == [2, 0]
        assert journal.gaps == 2


def test_requests_missed_at_the_end_are_told_by_a_frame_of_their_own(tmp_path, frame):
    with Journal(tmp_path) as journal:
        journal.append(frame(1))
        journal.miss(frame(2, version=7))
        journal.miss(frame(3, version=7))
    first, last = [each for each, _ in read(journal.path)]
    assert (first.status, first.gaps) == (200, 0)
    assert (last.status, last.gaps, last.version, last.request, last.response) == (0, 2, 7, b"", b"")


def test_a_disk_that_is_full_to_the_end_says_how_many_are_lost(tmp_path, frame, caplog, monkeypatch):
    journal = Journal(tmp_path)
    journal.append(frame(1))
    monkeypatch.setattr(os, "write", no_space)
    journal.miss(frame(2))
    journal.close()
    assert "1 requests were served and not recorded" in caplog.text
    assert ids(journal.path) == ["r1"]


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("cut", [1, 5, 8, 30])
def test_a_torn_tail_is_not_read_and_not_complained_about(tmp_path, frame, cut):
    (path,) = written(tmp_path, [frame(0), frame(1)])
    os.truncate(path, path.stat().st_size - cut)
    assert ids(path) == ["r0"]


@pytest.mark.parametrize("tail", [b"\0" * 64, b"\xff" * 7, b"\x04\0\0\0zzzzabcd"])
def test_rubbish_after_the_last_frame_is_a_torn_tail(tmp_path, frame, tail):
    (path,) = written(tmp_path, [frame(0)])
    with path.open("ab") as file:
        file.write(tail)
    assert ids(path) == ["r0"]


def test_frames_that_a_caller_hid_in_an_unfinished_request_are_not_found(tmp_path, frame):
    forged = encode(frame(666))
    (path,) = written(tmp_path, [frame(0), frame(1, body=forged * 3)])
    os.truncate(path, path.stat().st_size - 10)
    assert ids(path) == ["r0"]


def test_damage_in_the_middle_raises_where_nobody_listens(tmp_path, frame):
    (path,) = written(tmp_path, [frame(0), frame(1), frame(2)])
    end = next(iter(read(path)))[1]
    _flip(path, end + 20)
    with pytest.raises(DamagedSegment, match=f"{path.name} is damaged at byte {end}"):
        ids(path)


@pytest.mark.parametrize("place", [0, 4, 20], ids=["length", "checksum", "payload"])
def test_damage_in_the_middle_is_reported_and_costs_one_frame(tmp_path, frame, place):
    (path,) = written(tmp_path, [frame(0), frame(1), frame(2), frame(3)])
    first, second = [end for _, end in read(path)][:2]
    _flip(path, first + place)
    found = []
    assert ids(path, damaged=found.append) == ["r0", "r2", "r3"]
    assert [(each.segment, each.start, each.end) for each in found] == [(path.name, first, second)]


def test_a_large_length_hides_what_follows_as_a_tail_would(tmp_path, frame):
    (path,) = written(tmp_path, [frame(0), frame(1)])
    _flip(path, len(HEADER) + 3)
    assert ids(path) == []


def test_files_that_are_no_segments_or_too_new_are_refused(tmp_path):
    path = tmp_path / "x.journal"
    path.write_bytes(b"something else")
    with pytest.raises(DamagedSegment):
        list(read(path))
    path.write_bytes(HEADER[:-1] + b"\x63")
    with pytest.raises(NewerFormat):
        list(read(path))


def test_a_disk_that_takes_half_a_frame_leaves_the_segment_readable(tmp_path):
    code = """
        import resource, sys
        from pathlib import Path
        from holter.capture.frame import Frame, encode
        from holter.capture.journal import Journal
        from holter.errors import JournalFull
        frame = Frame("r", 1, None, 200, 1, "champion", 1, False, False, b"x" * 100, b"")
        with Journal(Path(sys.argv[1])) as journal:
            limit = 8 + 2 * len(encode(frame)) + 50
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            journal.append(frame); journal.append(frame)
            for _ in range(3):
                try:
                    journal.append(frame)
                except JournalFull as error:
                    print(error)
            journal.miss(frame)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            journal.append(frame)
        """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.count("could not be written") == 3
    (path,) = segments(tmp_path)
    assert [each.gaps for each, _ in read(path)] == [0, 0, 1]


def test_a_segment_that_cannot_be_made_whole_again_is_left_behind(tmp_path, frame):
    with Journal(tmp_path) as journal:
        journal.append(frame(1))
        fd, closed = journal._fd, os.open(tmp_path, os.O_RDONLY)  # a descriptor that takes neither bytes nor cuts
        journal._fd = closed
        with pytest.raises(JournalFull):
            journal.append(frame(2))
        journal._fd = fd
        journal.append(frame(3))
        os.close(closed)
        assert [ids(path) for path in segments(tmp_path)] == [["r1"], ["r3"]]


def test_a_folder_that_takes_no_new_segment_costs_requests_only_while_it_does(tmp_path, frame):
    folder = tmp_path / "journal"
    with Journal(folder, segment_bytes=1) as journal:
        journal.append(frame(1))
        folder.rename(tmp_path / "away")
        with pytest.raises(JournalFull):
            journal.append(frame(2))
        (tmp_path / "away").rename(folder)
        journal.append(frame(3))
        assert [name for path in segments(folder) for name in ids(path)] == ["r1", "r3"]


def test_a_disk_that_does_not_sync_is_counted_and_the_writer_lives(tmp_path, frame, caplog):
    with Journal(tmp_path, sync_seconds=60) as journal:
        journal.append(frame(1))
        journal._datasync(10**6)
        assert journal.sync_failures == 1
        assert "refused to sync" in caplog.text


def test_only_half_made_segments_of_the_past_are_swept(tmp_path):
    old, new, held = (tmp_path / f"{name}.new" for name in ("old", "new", "held"))
    for path in (old, new, held):
        path.write_bytes(b"")
    for path in (old, held):
        os.utime(path, (path.stat().st_mtime - ABANDONED_SECONDS - 10,) * 2)
    import fcntl

    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert sweep(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["held.new", "new.new"]


def test_a_worker_that_journals_loads_no_tables():
    code = (
        "import sys, holter.capture.journal, holter.capture.frame; "
        "print({name.partition('.')[0] for name in sys.modules} & "
        "{'numpy', 'pyarrow', 'sqlalchemy', 'deltalake', 'duckdb', 'pandas'})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def _flip(path, place):
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 0x40]))


def test_a_half_made_segment_goes_when_it_cannot_be_published(tmp_path, frame):
    with Journal(tmp_path, segment_bytes=1) as journal:
        journal.append(frame(1))
        (tmp_path / f"{journal.worker}-0002.journal").mkdir()
        (tmp_path / f"{journal.worker}-0002.journal" / "in the way").touch()
        with pytest.raises(JournalFull):
            journal.append(frame(2))
        assert list(tmp_path.glob("*.new")) == []
