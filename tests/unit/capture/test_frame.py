import pytest

from holter.capture.frame import FORMAT, HEADER, MAGIC, PREFIX, Frame, check_header, decode, encode, payload_of
from holter.errors import DamagedSegment, NewerFormat


def test_a_frame_comes_back_as_it_was(frame):
    original = frame(7, body=b"\x00\xff not json", reply=b"", event_us=-5, soft_failed=True, timed_out=True, gaps=3)
    assert decode(encode(original)) == original


def test_an_old_frame_without_the_last_field_reads_with_its_default(frame):
    import msgspec

    fields = msgspec.structs.astuple(frame(1))[:-1]
    assert msgspec.msgpack.Decoder(Frame).decode(msgspec.msgpack.encode(fields)) == frame(1)


@pytest.mark.parametrize("place", [0, 4, 8, 20, -1])
def test_a_changed_byte_is_never_a_frame(frame, place):
    data = bytearray(encode(frame(1)))
    data[place] ^= 1
    with pytest.raises(DamagedSegment):
        decode(bytes(data))


def test_what_is_no_frame_is_refused_even_with_a_good_checksum():
    from zlib import crc32

    assert payload_of(PREFIX.pack(1, crc32(b"\x01")), b"\x01") is None
    assert payload_of(PREFIX.pack(0, crc32(b"")), b"") is None, "a hole of zeros"


def test_the_header_tells_a_segment_from_other_files():
    check_header("a.journal", HEADER)
    for other in (b"", b"HOLTER", b"PAR1PAR1"):
        with pytest.raises(DamagedSegment, match=r"a\.journal"):
            check_header("a.journal", other)
    with pytest.raises(NewerFormat, match=str(FORMAT + 1)):
        check_header("a.journal", MAGIC + bytes([FORMAT + 1]))
