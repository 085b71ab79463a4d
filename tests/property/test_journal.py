"""Whatever is written, cut, damaged or read in pieces: a frame is read as it was written, or not at all."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from holter.capture.frame import HEADER, Frame, encode
from holter.capture.journal import Journal
from holter.capture.segments import read, segments

INTEGERS = st.integers(-(2**63), 2**63 - 1)
FRAMES = st.builds(
    Frame,
    request_id=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    received_us=INTEGERS,
    event_us=st.none() | INTEGERS,
    status=st.integers(100, 599),
    version=st.integers(0, 2**31 - 1),
    role=st.sampled_from(["champion", "canary", "shadow"]),
    latency_us=st.integers(0, 2**40),
    soft_failed=st.booleans(),
    timed_out=st.booleans(),
    request=st.binary(max_size=300),
    response=st.binary(max_size=50),
    gaps=st.integers(0, 9),
)
MANY = st.lists(FRAMES, max_size=8)


@contextmanager
def segment(frames):
    """Write one segment as the journal would, without its thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w-0000.journal"
        path.write_bytes(HEADER + b"".join(map(encode, frames)))
        yield path


def ends(frames):
    found, at = [], len(HEADER)
    for frame in frames:
        at += len(encode(frame))
        found.append(at)
    return found


@settings(max_examples=30, deadline=None)
@given(frames=MANY, size=st.integers(1, 2000))
def test_a_journal_gives_back_what_it_took_over_all_its_segments(frames, size):
    with tempfile.TemporaryDirectory() as folder:
        with Journal(Path(folder), segment_bytes=size) as journal:
            for frame in frames:
                journal.append(frame)
        assert [frame for path in segments(Path(folder)) for frame, _ in read(path)] == frames


@settings(deadline=None)
@given(frames=MANY, data=st.data())
def test_reading_in_pieces_is_reading_at_once(frames, data):
    with segment(frames) as path:
        assert list(read(path)) == list(zip(frames, ends(frames), strict=True))
        for place, end in enumerate(ends(frames)):
            assert [frame for frame, _ in read(path, end)] == frames[place + 1 :]


@settings(deadline=None)
@given(frames=MANY, data=st.data())
def test_a_segment_cut_anywhere_gives_the_frames_before_the_cut(frames, data):
    with segment(frames) as path:
        cut = data.draw(st.integers(len(HEADER), path.stat().st_size))
        os.truncate(path, cut)
        whole = [frame for frame, end in zip(frames, ends(frames), strict=True) if end <= cut]
        assert [frame for frame, _ in read(path)] == whole


@settings(deadline=None)
@given(frames=st.lists(FRAMES, min_size=1, max_size=8), data=st.data())
def test_a_changed_byte_invents_no_frame_and_hides_none_before_it(frames, data):
    with segment(frames) as path:
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(len(HEADER), len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(content))
        reported = []
        found = [frame for frame, _ in read(path, damaged=reported.append)]
        hit = sum(end <= place for end in ends(frames))
        assert found[:hit] == frames[:hit]
        assert found[hit:] in (frames[hit + 1 :], []), "the rest, or nothing where the damage looks like a torn tail"
        assert bool(reported) == (len(found) > hit)
