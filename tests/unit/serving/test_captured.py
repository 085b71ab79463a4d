"""A request that the running version has answered."""

import pytest

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.serving.captured import smoke_request


def frame(number, **given):
    plain = {
        "request_id": f"r{number}",
        "received_us": 1,
        "event_us": None,
        "status": 200,
        "version": 3,
        "role": "champion",
        "latency_us": 1,
        "soft_failed": False,
        "timed_out": False,
        "request": b"%d" % number,
        "response": b"1",
    }
    return Frame(**(plain | given))


@pytest.fixture
def order(desk):
    desk.script("def run(data): pass")
    return desk.order()


def written(order, *frames):
    with Journal(order.journal) as journal:
        for each in frames:
            journal.append(each)


def test_the_first_request_that_went_well_is_kept_for_its_owner_only(order, tmp_path):
    bad = [frame(1, status=500), frame(2, version=2), frame(3, soft_failed=True), frame(4, timed_out=True)]
    written(order, *bad, frame(5), frame(6))
    path = smoke_request(tmp_path / "run" / "smoke" / "api", order)
    assert path.read_bytes() == b"5"
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_there_is_none_one_of_before_is_forgotten(order, tmp_path):
    target = tmp_path / "api"
    target.write_bytes(b"old")
    written(order, frame(1, status=404))
    assert smoke_request(target, order) is None
    assert not target.exists()


def test_a_segment_that_cannot_be_read_is_passed_over(order, tmp_path):
    written(order, frame(7))
    (segment,) = (tmp_path / "journal").glob("*.journal")
    (segment.parent / "zzz-0000.journal").write_bytes(b"no journal")
    assert smoke_request(tmp_path / "api", order).read_bytes() == b"7"


def test_a_sample_of_its_own_and_no_capture_speak_for_themselves(desk, order, tmp_path):
    written(order, frame(1))
    desk.script("{}", name="sample.json")
    assert smoke_request(tmp_path / "api", order) is None
    assert smoke_request(tmp_path / "api", desk.order(journal=None)) is None
