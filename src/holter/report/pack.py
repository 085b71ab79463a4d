"""The evidence pack: one file that tells a stranger what ran, what was found and what was done, and can be checked."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.report.card import card
from holter.report.evidence import Evidence, Told
from holter.report.evidence_words import document
from holter.report.layout import as_html, as_markdown, as_pdf
from holter.report.redacting import public_address, public_options
from holter.store.canonical import canonical, plain
from holter.store.kept import Sealed
from holter.types import as_utc

_FORMAT: Final = 1
_OLDEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
"""Before it a zip file has no dates (APPNOTE 4.4.6)."""

README: Final = """Evidence on the model {model}, {since} to {until}, UTC.

evidence.pdf, evidence.html  the report; begin here (the PDF only where the extra pdf is installed)
cards/                       one card for each registered version
ledger.jsonl                 every ledger entry about the model in this time, as it was sealed
chain.txt                    the digest of every entry of the whole ledger, in order; the last is the head
versions.json, deployments.json, monitors.json, alerts.json
traffic.csv, measurements.csv
manifest.json                SHA-256 of every file, and the head of the chain
check.py                     python check.py tells whether the pack is whole; it needs nothing but Python

Secrets (passwords, keys, paths of webhooks) are hidden. The pack proves what the ledger says; it cannot prove that a
ledger was not written anew from its beginning. Keep heads elsewhere: holter audit head.
"""


def write_pack(shelves: Shelves, evidence: Evidence, path: Path, *, pdf: bool = True) -> str:
    """Write the pack to a file and return its SHA-256.

    Parameters
    ----------
    shelves
        Where baselines of the cards are read.
    evidence
        What :func:`holter.report.evidence.gather` found.
    path
        The zip file; replaced as a whole once it is complete.
    pdf
        Whether it holds the report as PDF, too.

    Raises
    ------
    MissingExtra
        With ``pdf``, if the extra is not installed.
    OSError
        If the file cannot be written; the one that was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        _write(beside, shelves, evidence, pdf=pdf)
        digest = hashlib.sha256(beside.read_bytes()).hexdigest()
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return digest


def _write(path: Path, shelves: Shelves, evidence: Evidence, *, pdf: bool) -> None:
    digests: dict[str, str] = {}
    moment = max(evidence.made.astimezone(UTC), _OLDEST).timetuple()[:6]
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:

        def add(name: str, content: bytes) -> None:
            info = ZipInfo(name, moment)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
            digests[name] = hashlib.sha256(content).hexdigest()

        for name, content in _contents(shelves, evidence, pdf=pdf):
            add(name, content)
        add("manifest.json", _json(_manifest(evidence, dict(digests))))


def _manifest(evidence: Evidence, digests: Mapping[str, str]) -> dict[str, Any]:
    chain = evidence.chain
    return {
        "format": _FORMAT,
        "model": evidence.model,
        "since": evidence.span.start,
        "until": evidence.span.end,
        "made": evidence.made,
        "actor": evidence.actor,
        "entries": len(chain.digests),
        "head": chain.head,
        "broken": chain.broken,
        "files": digests,
    }


def _contents(shelves: Shelves, evidence: Evidence, *, pdf: bool) -> Iterator[tuple[str, bytes]]:
    report = document(evidence)
    since, until = (f"{end:%Y-%m-%d}" for end in (evidence.span.start, evidence.span.end))
    yield "README.txt", README.format(model=evidence.model, since=since, until=until).encode()
    if pdf:
        yield "evidence.pdf", as_pdf(report, evidence.made)
    yield "evidence.html", as_html(report).encode()
    for version in evidence.versions:
        told = card(shelves, version)
        yield f"cards/version-{version.version}.html", as_html(told).encode()
        yield f"cards/version-{version.version}.md", as_markdown(told).encode()
    yield "ledger.jsonl", "".join(f"{canonical(_sealed(each))}\n" for each in evidence.entries).encode()
    yield "chain.txt", "".join(f"{digest}\n" for digest in evidence.chain.digests).encode()
    yield "versions.json", _json([asdict(each) for each in evidence.versions])
    yield "deployments.json", _json([asdict(each) for each in evidence.shelves])
    yield "monitors.json", _json([_monitor(each) for each in evidence.monitors])
    yield "alerts.json", _json([_alert(each) for each in evidence.alerts])
    yield "traffic.csv", _csv(_traffic(evidence))
    yield "measurements.csv", _csv(_measurements(evidence))
    yield "check.py", (files("holter.report") / "templates" / "check.py.txt").read_bytes()


def _sealed(sealed: Sealed) -> dict[str, Any]:
    at = as_utc(sealed.at).isoformat(timespec="microseconds")
    return {"seq": sealed.seq, "at": at, **asdict(sealed.entry), "previous": sealed.previous, "digest": sealed.digest}


def _monitor(entry: MonitorEntry) -> dict[str, Any]:
    rules = [
        {
            **rule.to_dict(),
            "responses": [{"kind": each.kind, "options": public_options(each.options)} for each in rule.responses],
        }
        for rule in entry.rules
    ]
    return {**asdict(entry), "rules": rules}


def _alert(told: Told) -> dict[str, Any]:
    return {
        **asdict(told.alert),
        "measurement": told.alert.measurement.to_dict(),
        "events": [asdict(each) for each in told.events],
        "messages": [{**asdict(each), "target": public_address(each.target)} for each in told.messages],
        "answers": [{**asdict(each), "options": public_options(each.options)} for each in told.jobs],
    }


def _traffic(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "deployment": name,
            "day": f"{day:%Y-%m-%d}",
            "version": version,
            "requests": counts.requests,
            "failed": counts.failed,
            "soft_failed": counts.soft_failed,
            "timed_out": counts.timed_out,
            "not_recorded": counts.gaps,
        }
        for name, day, version, counts in evidence.traffic
    ]


def _measurements(evidence: Evidence) -> list[dict[str, Any]]:
    return [{"monitor": name, **each.to_dict()} for name, found in evidence.measurements for each in found]


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from taking a name from data for a formula (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _json(value: Any) -> bytes:
    return (json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
