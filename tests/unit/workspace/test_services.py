"""How the service is now, for a person and for a program."""

from datetime import UTC, datetime, timedelta

import pytest

from holter.types import Gauged, Series, SeriesKind
from holter.workspace import open as open_workspace


@pytest.fixture
def ws(tmp_path):
    ws = open_workspace(tmp_path / "ws")
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"")
    ws.models.register("churn", tmp_path / "model.bin")
    ws.deploy("api", "churn", entry_script=tmp_path / "score.py", start=False)
    return ws


def looked(ws, at, **numbers):
    with ws.shelves.facts.begin() as transaction:
        for name, value in numbers.items():
            transaction.add_series("api", SeriesKind.SERVICE, name, at, Series.of(value))


def test_nothing_that_was_looked_at_is_nothing_to_show(ws):
    assert str(ws.services()) == "Nothing runs. Start it with: holter up --detach"
    looked(ws, datetime.now(UTC) - timedelta(minutes=10), workers=2.0)
    assert ws.services().to_dict() == []


def test_what_was_seen_lately_is_shown(ws):
    seen = {"workers": 2.0, "workers_missing": 1.0, "waiting": 3.0, "journal_lag_s": 1.26, "journal_bytes": 3 << 20}
    looked(ws, datetime.now(UTC), **seen, busy=0.25)
    looked(ws, datetime.now(UTC), **seen, busy=0.75)
    (row,) = ws.services().to_dict()
    assert (row["deployment"], row["busy"], row["waiting"], row["gaps"]) == ("api", 0.5, 3.0, None)
    assert set(row) == {"deployment", *Gauged}
    text = str(ws.services())
    for part in ("2, 1 missing", "50 %", "1.3 s", "3.0 MiB"):
        assert part in text


def test_a_journal_without_workers_is_shown_too(ws):
    looked(ws, datetime.now(UTC), journal_lag_s=0.0, journal_bytes=0.0)
    (row,) = ws.services().to_dict()
    assert (row["workers"], row["busy"]) == (None, None)
    assert "0.0 s" in str(ws.services())
