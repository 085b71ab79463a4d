"""What an auditor asks: is the ledger whole, was it whole then, and what is known of this model?"""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holter.errors import BrokenLedger, InputError, MissingExtra
from holter.registry import Shelves
from holter.report.evidence import gather
from holter.report.pack import write_pack
from holter.respond.posting import post
from holter.store.disk import append_line
from holter.store.kept import Entry
from holter.types import Span
from holter.workspace.identity import actor

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GIT_SECONDS: Final = 60


@dataclass(frozen=True)
class Head:
    """Where the ledger ended at a moment: number and digest of its last entry. Kept elsewhere, it is an anchor."""

    seq: int
    digest: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.seq} {self.digest} {self.at.isoformat(timespec='seconds')}"

    @classmethod
    def of(cls, text: str) -> "Head":
        """Read a line as it is printed.

        Raises
        ------
        InputError
            If it is none.
        """
        parts = text.split()
        try:
            head = cls(int(parts[0]), parts[1], datetime.fromisoformat(parts[2]))
            sound = len(parts) == 3 and len(bytes.fromhex(head.digest)) == hashlib.sha256().digest_size
        except (ValueError, IndexError):
            sound = False
        if not sound:
            raise InputError(f"{text[:80]!r} is no head of a ledger: number, digest, time.")
        return head


@dataclass(frozen=True)
class Pack:
    """An evidence pack that was written, and whether its ledger held."""

    path: Path
    sha256: str
    entries: int
    broken: str

    def __str__(self) -> str:
        whole = f"THE LEDGER DOES NOT HOLD: {self.broken}" if self.broken else "The chain of the ledger holds."
        return f"Wrote {self.path}: {self.entries:,} ledger entries.\nSHA-256 {self.sha256}\n{whole}"


@dataclass(frozen=True)
class Audit:
    """Checks the ledger, keeps its head elsewhere, and writes evidence packs; reached as ``workspace.audit``."""

    shelves: Shelves

    def verify(self, anchors: Sequence[Head] = ()) -> int:
        """Check that nobody changed, removed or reordered entries of the ledger, and return how many there are.

        Parameters
        ----------
        anchors
            Heads that were kept elsewhere. Only they find a ledger that was written anew as a whole.

        Raises
        ------
        BrokenLedger
            With the first entry that does not fit.
        """
        length = self.shelves.facts.verify_ledger()
        for anchor in sorted(anchors, key=lambda each: each.seq):
            found = next(iter(self.shelves.facts.ledger(since=anchor.seq - 1, limit=1)), None) if anchor.seq else None
            if anchor.seq and (found is None or (found.seq, found.digest) != (anchor.seq, anchor.digest)):
                raise BrokenLedger(anchor.seq, f"its digest is not what was kept elsewhere on {anchor.at:%Y-%m-%d}")
        return length

    def head(self) -> Head:
        """Return where the ledger ends now; entry 0 with an empty chain's digest of zeros for an empty one."""
        newest = self.shelves.facts.newest_entries(1)
        now = datetime.now(UTC)
        return Head(newest[0].seq, newest[0].digest, now) if newest else Head(0, "0" * 64, now)

    def anchor(self, target: str | Path, *, commit: bool = False) -> Head:
        """Keep the head elsewhere: appended to a file, or posted to a web address.

        Parameters
        ----------
        target
            A file (best on another machine's disk), or an address that begins with ``http``.
        commit
            Commit the file in the Git work tree it lies in.

        Raises
        ------
        BrokenLedger
            If the ledger does not hold.
        InputError
            If Git does not commit.
        DeliveryFailed
            If the address does not take it.
        OSError
            If the file cannot be written.
        """
        self.verify()
        head = self.head()
        if str(target).startswith(("http://", "https://")):
            post("anchor", str(target), f"{head}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
        else:
            append_line(Path(target), str(head))
            if commit:
                _commit(Path(target), f"Ledger of {self.shelves.root.name}: entry {head.seq}")
        return head

    def export(
        self,
        model: str,
        path: str | Path,
        *,
        since: datetime = BEGINNING,
        until: datetime | None = None,
        reason: str = "",
        pdf: bool | None = None,
    ) -> Pack:
        """Write the evidence on a model into one zip file, and note in the ledger that it was given out.

        A ledger that does not hold is exported all the same, and every report in the pack says so.

        Parameters
        ----------
        model
            Its name.
        path
            The zip file.
        since, until
            Which time; from the beginning, and up to now, by default.
        reason
            For whom or what, as the ledger keeps it.
        pdf
            Whether the report is there as PDF, too; None: if the extra ``pdf`` is installed.

        Raises
        ------
        NotFound
            If nothing is known of such a model.
        InputError
            If ``since`` is not before ``until``.
        MissingExtra
            With ``pdf=True``, if the extra is not installed.
        """
        now = datetime.now(UTC)
        end = until or now
        if since >= end:
            raise InputError(f"since ({since.isoformat()}) is not before until ({end.isoformat()}).")
        evidence = gather(self.shelves, model, Span(since, end), now, actor())
        try:
            digest = write_pack(self.shelves, evidence, Path(path), pdf=pdf is not False)
        except MissingExtra:
            if pdf:
                raise
            digest = write_pack(self.shelves, evidence, Path(path), pdf=False)
        facts = {"sha256": digest, "since": since, "until": end, "entries": len(evidence.entries)}
        with self.shelves.facts.begin() as transaction:
            transaction.record(Entry(actor(), "audit.export", f"model:{model}", reason, facts), now)
        return Pack(Path(path), digest, len(evidence.entries), evidence.chain.broken)


def read_anchors(path: Path) -> tuple[Head, ...]:
    """Read a file of anchors, one to a line. Raises InputError for a line that is none."""
    return tuple(Head.of(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def _commit(path: Path, message: str) -> None:
    folder = path.absolute().parent
    for words in (["add", "--", path.name], ["commit", "--quiet", "--message", message, "--", path.name]):
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
        if done.returncode:
            raise InputError(f"git {words[0]} in {folder} failed: {(done.stderr or done.stdout).strip()}")
