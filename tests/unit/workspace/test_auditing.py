"""Packs are noted, heads are kept, and a ledger written anew is found by a head that was kept elsewhere."""

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

import watched_workspace
from holter.errors import BrokenLedger, DeliveryFailed, InputError, MissingExtra, NotFound
from holter.report import layout
from holter.workspace import open as open_workspace
from holter.workspace.auditing import Head, read_anchors


@pytest.fixture
def ws(tmp_path):
    watched_workspace.build(tmp_path / "ws").facts.close()
    return open_workspace(tmp_path / "ws")


def test_an_export_is_written_down(ws, tmp_path):
    pack = ws.audit.export("flights", tmp_path / "e.zip", reason="inspection of May")
    assert pack.sha256 == hashlib.sha256((tmp_path / "e.zip").read_bytes()).hexdigest()
    last = ws.ledger()[-1]
    assert (last.entry.action, last.entry.subject, last.entry.reason) == (
        "audit.export",
        "model:flights",
        "inspection of May",
    )
    assert last.entry.facts["sha256"] == pack.sha256
    assert "The chain of the ledger holds." in str(pack)
    ws.audit.verify()


def test_a_time_that_ends_before_it_begins(ws, tmp_path):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InputError, match="not before"):
        ws.audit.export("flights", tmp_path / "e.zip", since=moment, until=moment)
    with pytest.raises(NotFound):
        ws.audit.export("flihgts", tmp_path / "e.zip")
    assert not (tmp_path / "e.zip").exists()


def test_without_typst_there_is_no_pdf_unless_it_is_asked_for(ws, tmp_path, monkeypatch):
    def missing(*_):
        raise MissingExtra("a PDF", "pdf")

    monkeypatch.setattr("holter.report.pack.as_pdf", missing)
    ws.audit.export("flights", tmp_path / "e.zip")
    with ZipFile(tmp_path / "e.zip") as archive:
        assert "evidence.pdf" not in archive.namelist()
    with pytest.raises(MissingExtra, match=r"pip install 'holter\[pdf\]'"):
        ws.audit.export("flights", tmp_path / "e.zip", pdf=True)


def test_a_head_is_kept_in_a_file(ws, tmp_path):
    kept = tmp_path / "far" / "heads.txt"
    first = ws.audit.anchor(kept)
    ws.audit.export("flights", tmp_path / "e.zip", pdf=False)
    second = ws.audit.anchor(kept)
    assert second.seq == first.seq + 1
    assert [(head.seq, head.digest) for head in read_anchors(kept)] == [(h.seq, h.digest) for h in (first, second)]
    assert ws.audit.verify(read_anchors(kept)) == second.seq


def test_a_ledger_written_anew_is_found_by_its_anchors(ws, tmp_path):
    ws.audit.anchor(tmp_path / "heads.txt")
    other = tmp_path / "other"
    watched_workspace.build(other).facts.close()
    forged = open_workspace(other)
    assert forged.audit.verify() > 0
    with pytest.raises(BrokenLedger, match="kept elsewhere"):
        forged.audit.verify(read_anchors(tmp_path / "heads.txt"))


def test_a_ledger_that_was_cut_back_is_found(ws, tmp_path):
    head = ws.audit.head()
    with pytest.raises(BrokenLedger, match=f"entry {head.seq + 5}"):
        ws.audit.verify([Head(head.seq + 5, head.digest, head.at)])


def test_the_head_of_an_empty_ledger(tmp_path):
    empty = open_workspace(tmp_path / "empty")
    head = empty.audit.head()
    assert (head.seq, set(head.digest)) == (0, {"0"})
    assert empty.audit.verify([head]) == 0


@pytest.mark.parametrize(
    "line", ["x", "1 abc 2026-01-01", f"one {'0' * 64} 2026-01-01", f"1 {'0' * 64} then", "1 0 2 3"]
)
def test_a_line_that_is_no_head(tmp_path, line):
    (tmp_path / "heads.txt").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match="no head"):
        read_anchors(tmp_path / "heads.txt")


def test_a_head_is_committed(ws, tmp_path, monkeypatch):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ops")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ops@example.com")
    folder = tmp_path / "repository"
    with pytest.raises(InputError, match="git add"):
        ws.audit.anchor(folder / "heads.txt", commit=True)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    head = ws.audit.anchor(folder / "heads.txt", commit=True)
    shown = subprocess.run(["git", "-C", str(folder), "log", "-p"], capture_output=True, text=True, check=True).stdout
    assert f"+{head}" in shown


def test_a_head_is_posted(ws, tmp_path):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    taken = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(201 if self.path == "/heads" else 403)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        head = ws.audit.anchor(f"{url}/heads")
        with pytest.raises(DeliveryFailed, match="403"):
            ws.audit.anchor(f"{url}/other")
        server.shutdown()
    assert taken[0] == f"{head}\n"


@pytest.mark.parametrize("name", ["card.md", "card.html", "card.pdf"])
def test_a_card_is_a_file(ws, tmp_path, name):
    told = ws.models.card("flights", 1, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert {"md": told.encode() == content, "html": b"Model card" in content, "pdf": content[:5] == b"%PDF-"}[
        name.partition(".")[2]
    ]


def test_a_card_of_another_kind_is_refused(ws, tmp_path):
    with pytest.raises(InputError, match=r"\.md, \.html or \.pdf"):
        ws.models.card("flights", None, tmp_path / "card.docx")
    assert list(tmp_path.glob("card*")) == []


def test_typst_is_named_where_it_is_missing(ws, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(MissingExtra):
        ws.models.card("flights", 1, tmp_path / "card.pdf")
    assert layout.STANDARD == "a-2b"


def test_the_pack_holds_the_head_it_was_made_at(ws, tmp_path):
    head = ws.audit.head()
    ws.audit.export("flights", tmp_path / "e.zip", pdf=False)
    with ZipFile(tmp_path / "e.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["head"], manifest["entries"]) == (head.digest, head.seq)
