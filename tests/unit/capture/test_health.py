"""How a journal stands, before it is too late."""

import os
from datetime import timedelta

from holter.capture.compactor import Compactor
from holter.capture.health import health_of, healths
from holter.capture.journal import Journal
from holter.capture.places import journal_folder
from holter.registry import DeploymentSettings


def health(shelves, now, **settings):
    shelves.__dict__["settings"] = type(shelves.settings)(**settings)
    return health_of(shelves, shelves.registry.shelves("credit")[0], now)


def test_nothing_recorded_is_nothing_to_say(shelves, now):
    found = health(shelves, now)
    assert (found.stored, found.held, found.unread, found.lag, found.warning) == (0, 0, 0, None, "")


def test_what_waits_is_told_with_its_age(shelves, frame, now):
    folder = journal_folder(shelves.root, "credit")
    with Journal(folder) as journal:
        journal.append(frame(0))
        journal.append(frame(30_000_000))
        later = now + timedelta(seconds=90)
        found = health(shelves, later)
        assert (found.unread > 0, found.lag) == (True, 90.0)
        assert "wait in the journal since 0:01:30; does holter up run?" in found.warning
        Compactor(shelves).once(now, flush=True)
        found = health(shelves, later)
        assert (found.unread, found.lag, found.warning) == (0, None, "")
        assert found.stored > 0
        assert [each.stored for each in healths(shelves, later, weigh=False)] == [0]
        journal.append(frame(60_000_000))
        assert health(shelves, later).lag == 30.0


def test_a_journal_near_its_limit_says_what_will_happen(shelves, tmp_path, now):
    folder = journal_folder(shelves.root, "credit")
    folder.mkdir(parents=True)
    (folder / "x-0000.journal").write_bytes(b"HOLTERJ\x01" + bytes(600 << 10))
    assert health(shelves, now, journal_max_mb=2).warning == ""
    assert "holds 0 of 1 MiB, then requests are refused" in health(shelves, now, journal_max_mb=1).warning
    assert health(shelves, now, journal_max_mb=0).warning == ""
    shelves.registry.deploy(
        "credit",
        shelves.registry.version("risk", 1),
        entry_script=str(tmp_path / "source" / "score.py"),
        settings=DeploymentSettings(journal_full="serve"),
        overwrite=True,
    )
    assert "then requests are no longer recorded" in health(shelves, now, journal_max_mb=1).warning


def test_what_cannot_be_read_is_told_with_the_day_it_goes(shelves, now):
    folder = journal_folder(shelves.root, "credit")
    folder.mkdir(parents=True)
    (folder / "x.torn").write_bytes(b"12345")
    (folder / "odd.journal").write_bytes(b"odd")
    os.utime(folder / "x.torn", (now.timestamp(),) * 2)
    assert health(shelves, now).warning == "5 bytes cannot be read and are removed from 2026-03-31 on"


def test_every_shelf_is_looked_at(shelves, now):
    shelves.registry.delete("credit")
    assert [each.shelf.ended is None for each in healths(shelves, now)] == [False]


def test_a_table_that_refuses_every_commit_falls_behind_although_its_traffic_is_counted(shelves, frame, now):
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        journal.append(frame(0))
        Compactor(shelves).once(now, flush=True)
        log = max((shelves.root / "records" / "credit" / "_delta_log").glob("*.json"))
        (log.parent / f"{int(log.stem) + 1:020d}.json").mkdir()  # where the next commit would go
        journal.append(frame(60_000_000))
        assert Compactor(shelves).once(now, flush=True).failed == ("credit",)
        found = health(shelves, now + timedelta(seconds=90))
        assert found.unread > 0
        assert found.lag == 30.0
