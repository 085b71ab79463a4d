"""What a worker leaves in the journal: the request that killed it, and nothing that must not be written."""

import http.client
import json

import pytest

from holter.capture.redaction import hashed
from holter.capture.slot import CRASHED, rescue
from holter.capture.terms import Terms

SCRIPT = """
    import ctypes, json

    def init(): ...

    def run(text):
        rows = json.loads(text)["data"]
        if rows == "crash":
            ctypes.string_at(0)
        return [0.5 for _ in rows]
"""


def test_the_request_that_killed_its_worker_is_recorded_and_the_next_is_served(desk):
    pool = desk.serve(SCRIPT)
    assert desk.ask(x_request_id="before").status == 200
    with pytest.raises((http.client.HTTPException, OSError)):
        desk.ask(body=b'{"data": "crash"}', x_request_id="killer")
    desk.until(lambda: pool.complete and pool.replaced == 1)
    assert desk.ask(x_request_id="after").status == 200
    assert rescue(desk.folder / "journal") == 1
    found = {frame.request_id: frame for frame in desk.frames()}
    assert {name: frame.status for name, frame in found.items()} == {"before": 200, "killer": CRASHED, "after": 200}
    assert found["killer"].request == b'{"data": "crash"}'


def test_replies_may_wait_for_the_disk(desk):
    desk.serve(SCRIPT, terms=Terms(acknowledge="synced", sync_seconds=60.0))
    assert [desk.ask().status for _ in range(5)] == [200] * 5
    assert len(desk.frames()) == 5


def test_what_must_not_be_written_is_not_even_in_the_slot(desk, tmp_path):
    (tmp_path / "key").write_bytes(b"k" * 32)
    terms = Terms(redact={"name": "hash", "age": "drop"}, columns=("name", "age"), key=str(tmp_path / "key"))
    desk.serve(SCRIPT, terms=terms)
    assert desk.ask(body=b'{"data": [["Anna", 44]]}').status == 200
    (frame,) = desk.frames()
    assert json.loads(frame.request) == {"data": [[hashed("Anna", b"k" * 32), None]]}
    assert frame.response == b"[0.5]"
    files = [path for path in (desk.folder / "journal").iterdir() if path.is_file()]
    assert {path.suffix for path in files} == {".journal", ".slot"}
    assert not any(b"Anna" in path.read_bytes() for path in files)


def test_journals_that_hold_all_they_may_refuse(desk):
    desk.serve(SCRIPT, terms=Terms(most_bytes=1))
    desk.until(lambda: desk.ask().status == 503)
    recorded = len(desk.frames())
    assert desk.ask().status == 503
    assert len(desk.frames()) == recorded
