from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import BadDuration, InputError, NotFound
from holter.workspace import open as open_workspace


@pytest.fixture
def ws(tmp_path):
    return open_workspace(tmp_path / "ws")


def test_a_silence_begins_holds_and_is_written_down(ws):
    before = datetime.now(UTC)
    made = ws.silences.add("2h", "moving house", monitor="churn-*", feature="age")
    assert before <= made.starts <= datetime.now(UTC)
    assert made.ends - made.starts == timedelta(hours=2)
    assert list(ws.silences.list()) == [made]
    assert "moving house" in str(ws.silences.list())
    assert "monitor churn-*, feature age" in str(ws.silences.list())
    entry = ws.ledger()[-1].entry
    assert (entry.action, entry.reason, entry.facts["feature"]) == ("silence.begin", "moving house", "age")


def test_it_ends_early_and_stays_among_the_past_ones(ws):
    made = ws.silences.add("2h", "moving house")
    ended = ws.silences.end(made.id, reason="done")
    assert ended.ends <= datetime.now(UTC)
    assert list(ws.silences.list()) == []
    assert [each.id for each in ws.silences.list(past=True)] == [made.id]
    assert ws.ledger()[-1].entry.action == "silence.end"
    assert str(ws.silences.list()) == "Nothing is silenced."


def test_a_planned_maintenance(ws):
    starts = datetime(2099, 1, 1, tzinfo=UTC)
    made = ws.silences.add("1d", "new database", starts=starts)
    assert not made.holds(datetime.now(UTC))
    assert made.holds(starts)
    assert ws.silences.list().to_dict()[0]["starts"] == "2099-01-01T00:00:00+00:00"


def test_what_cannot_be(ws):
    with pytest.raises(BadDuration):
        ws.silences.add("for ever", "x")
    with pytest.raises(InputError, match="why"):
        ws.silences.add("1h", "")
    with pytest.raises(NotFound):
        ws.silences.end("nobody")
    assert list(ws.silences.list(past=True)) == []
