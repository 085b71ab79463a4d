"""The pack tells the story of the workspace, hides secrets, and can be checked by a stranger."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pytest

from holter.errors import NotFound
from holter.registry import MonitorEntry
from holter.report.card import card
from holter.report.evidence import gather
from holter.report.evidence_words import document
from holter.report.layout import as_html, as_markdown, as_pdf
from holter.report.pack import write_pack
from holter.rules import Response, Rule
from holter.store.kept import Entry, Message
from holter.types import Span
from watched_workspace import ALERT, DAY, DEPLOYMENT, HOSTILE, MONITOR, START, resolve

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALWAYS = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def found(shelves, span=ALWAYS, model="flights"):
    return gather(shelves, model, span, NOW, "user:auditor")


def words(document):
    cells = [cell for s in document.sections for t in s.tables for row in t.rows for cell in row]
    return "\n".join([document.title, *(w for s in document.sections for w in s.words), *cells])


def unpacked(shelves, folder, **options):
    path = folder / "pack.zip"
    digest = write_pack(shelves, found(shelves), path, **options)
    with ZipFile(path) as archive:
        archive.extractall(folder / "pack")
    return folder / "pack", digest


def check(folder):
    done = subprocess.run([sys.executable, "-I", str(folder / "check.py")], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_names_what_ran_was_found_and_was_done(own_shelves):
    resolve(own_shelves)
    told = words(document(found(own_shelves)))
    assert "2 versions registered" in told
    assert "1 monitor judged 60 windows" in told
    assert "flights-api" in told
    assert "ROC AUC below 0.65 (warning)" in told
    assert "fell to 0.612" in told
    assert "is back at 0.702" in told
    assert "retrain: refused" in told
    assert "the candidate is not better with 95 % confidence" in told
    assert "the chain of the ledger was checked" in told.lower()


def test_only_what_happened_in_that_time(shelves):
    early = found(shelves, Span(START - 30 * DAY, START + 2 * DAY))
    assert {each.window.start for _, measured in early.measurements for each in measured} == {START, START + DAY}
    assert early.alerts == ()
    late = found(shelves, Span(START + 20 * DAY, ALWAYS.end))
    assert [told.alert.id for told in late.alerts] == [ALERT]


def test_another_model_is_left_out(shelves):
    told = found(shelves, model="churn")
    assert [each.model for each in told.versions] == ["churn"]
    assert told.alerts == ()
    assert told.measurements == ()
    assert {each.entry.subject for each in told.entries} <= {"model:churn", "deployment:churn-api"}
    words(document(told))


def test_a_monitor_that_is_gone_still_has_its_entries(own_shelves):
    own_shelves.registry.delete_monitor(MONITOR)
    told = found(own_shelves)
    assert told.monitors == ()
    assert f"monitor:{MONITOR}" in {each.entry.subject for each in told.entries}
    assert [each.alert.id for each in told.alerts] != []


def test_a_model_that_nobody_knows(shelves):
    with pytest.raises(NotFound, match="nobody"):
        found(shelves, model="nobody")


def test_a_broken_ledger_is_said_first(own_shelves):
    tamper(own_shelves)
    told = found(own_shelves)
    assert "DOES NOT HOLD" in words(document(told))
    assert "DOES NOT HOLD" in as_html(document(told))


def tamper(shelves):
    import sqlite3

    with sqlite3.connect(shelves.root / "holter.db") as connection:
        for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute("update ledger set reason = 'forged' where seq = 2")
    connection.close()


def test_the_pack_is_whole_and_says_so(shelves, tmp_path):
    folder, digest = unpacked(shelves, tmp_path)
    assert len(digest) == 64
    assert check(folder) == (0, "The pack is whole.\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {p.relative_to(folder).as_posix() for p in folder.rglob("*.*")} - {"manifest.json"}
    assert (folder / "evidence.pdf").read_bytes().startswith(b"%PDF-")
    assert {p.name for p in (folder / "cards").iterdir()} == {
        f"version-{n}.{e}" for n in (1, 2) for e in ("md", "html")
    }
    rows = list(csv.DictReader(io.StringIO((folder / "measurements.csv").read_text())))
    assert {row["monitor"] for row in rows} == {MONITOR}
    assert sum(int(row["requests"]) for row in csv.DictReader((folder / "traffic.csv").open())) > 200_000


@pytest.mark.parametrize("name", ["actor", "action", "subject", "reason", "at", "facts", "seq"])
def test_a_changed_field_of_an_entry_is_found(shelves, tmp_path, name):
    folder, _ = unpacked(shelves, tmp_path, pdf=False)
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    entry = json.loads(lines[1])
    entry[name] = {"facts": {**entry["facts"], "x": 1}, "seq": 1}.get(name, f"{entry[name]}x")
    write_lines(folder, [lines[0], json.dumps(entry), *lines[2:]])
    code, said = check(folder)
    assert code == 1
    assert "is not what was sealed" in said


def test_a_changed_file_and_a_changed_chain_are_found(shelves, tmp_path):
    folder, _ = unpacked(shelves, tmp_path, pdf=False)
    (folder / "alerts.json").write_text("[]")
    (folder / "traffic.csv").unlink()
    chain = (folder / "chain.txt").read_text().split()
    (folder / "chain.txt").write_text("\n".join(chain[:-1]))
    code, said = check(folder)
    assert code == 1
    assert {line.split()[0] for line in said.splitlines()} >= {"alerts.json", "traffic.csv", "chain.txt"}
    assert "does not end in the head" in said


def write_lines(folder, lines):
    (folder / "ledger.jsonl").write_text("".join(f"{line}\n" for line in lines))


def test_secrets_stay_at_home(own_shelves, tmp_path):
    rule = Rule(
        "told",
        "performance.roc_auc",
        below=0.1,
        responses=(Response("webhook", {"url": "https://hooks.example/T0/key", "secret": "pa55word"}),),
    )
    day = timedelta(days=1)
    own_shelves.registry.add_monitor(MonitorEntry("second", DEPLOYMENT, ("performance",), (rule,), day, day))
    with own_shelves.facts.begin() as transaction:
        transaction.enqueue(Message("k", "webhook", "https://hooks.example/T0/key", ALERT, "e-fired"))
    folder, _ = unpacked(own_shelves, tmp_path, pdf=False)
    everything = "".join(path.read_text() for path in folder.rglob("*.*"))
    assert "https://hooks.example/***" in everything
    assert "T0/key" not in everything
    assert "pa55word" not in everything


def test_names_from_data_become_no_markup_and_no_formula(own_shelves, tmp_path):
    with own_shelves.facts.begin() as transaction:
        transaction.record(Entry("user:x", "model.tag", "model:flights", f"=1+1|{HOSTILE}", {}), NOW)
    report = document(found(own_shelves))
    assert HOSTILE not in as_html(report)
    assert HOSTILE not in as_markdown(report)
    assert as_pdf(report, NOW).startswith(b"%PDF-")
    folder, _ = unpacked(own_shelves, tmp_path, pdf=False)
    assert "\n=" not in (folder / "measurements.csv").read_text()


def test_the_same_moment_makes_the_same_pack(shelves, tmp_path):
    first = write_pack(shelves, found(shelves), tmp_path / "a.zip")
    assert write_pack(shelves, found(shelves), tmp_path / "b.zip") == first


def test_a_pack_that_cannot_be_written_leaves_the_old_one(shelves, tmp_path, monkeypatch):
    path = tmp_path / "pack.zip"
    path.write_bytes(b"old")
    monkeypatch.setattr("holter.report.pack.as_html", lambda document: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_pack(shelves, found(shelves), path, pdf=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_card_shows_facts_and_asks_for_words(own_shelves):
    version = own_shelves.registry.version("flights", 1)
    told = as_markdown(card(own_shelves, version))
    assert "# Model card: flights, version 1" in told
    assert version.digest in told
    assert "trained on" in told
    assert "| flights-api | champion |" in told
    assert "2,000 rows the model was not fitted on" in told
    assert "ROC AUC 0.6" in told
    assert "&lt;script&gt;" in told
    own_shelves.registry.tag("flights", 1, {"limitations": "no | holidays", "owner": "ops"})
    told = as_markdown(card(own_shelves, own_shelves.registry.version("flights", 1)))
    assert told.index("limitations") < told.index("| owner")
    assert "no \\| holidays" in told


def test_the_card_of_a_version_without_schema_and_baseline(shelves):
    told = as_markdown(card(shelves, shelves.registry.version("churn", 1)))
    assert "registered without a schema" in told
    assert "No baseline was registered" in told
    assert "champion" in told
    assert "Nobody has written anything" in told


def test_the_card_of_a_version_whose_baseline_is_gone(own_shelves):
    version = own_shelves.registry.version("flights", 2)
    version.baseline.unlink()
    told = as_markdown(card(own_shelves, version))
    assert "cannot be read" in told
    assert "It answers nowhere now" in told
