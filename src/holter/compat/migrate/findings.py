"""What was found in a folder, and how it prints."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, Final


class Status(StrEnum):
    """What becomes of a name of the original."""

    WORKS = "works"
    MAPPED = "mapped"
    """It works, under another name or with another meaning: the remedy says which."""
    IGNORED = "ignored"
    """It is taken, and has no effect."""
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, order=True)
class Finding:
    """An import, call, attribute or keyword, and what becomes of it.

    Parameters
    ----------
    file
        Relative to the folder that was looked at.
    line
        In the file, from 1; for a notebook in its JSON.
    what
        ``import``, ``call``, ``attribute``, ``keyword`` or ``file``.
    name
        In the words of the original.
    remedy
        What to do; empty where nothing is.
    cell
        Of a notebook, from 1.
    """

    file: str
    line: int
    what: str
    name: str
    status: Status
    remedy: str = ""
    cell: int | None = None


@dataclass(frozen=True)
class Report:
    """All findings of a folder, by file and line.

    Parameters
    ----------
    files
        How many files were looked at.
    rewritten
        Those whose import lines were changed.
    """

    findings: tuple[Finding, ...]
    files: int
    rewritten: tuple[str, ...] = ()

    @property
    def unsupported(self) -> int:
        """How many of them do not work here."""
        return self.counts()[Status.UNSUPPORTED]

    def counts(self) -> Counter[Status]:
        """Return how many there are of each status."""
        return Counter(each.status for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        counts = self.counts()
        return {
            "files": self.files,
            "summary": {status.value: counts[status] for status in Status},
            "findings": [asdict(each) for each in self.findings],
            "rewritten": list(self.rewritten),
        }

    def __str__(self) -> str:
        lines = [line for name, group in groupby(self.findings, lambda each: each.file) for line in _told(name, group)]
        if self.rewritten:
            lines += [f"import lines changed: {name}" for name in self.rewritten] + [""]
        counts = self.counts()
        words = ", ".join(f"{counts[status]} {status}" for status in Status)
        return "\n".join([*lines, f"{self.files} files, {len(self.findings)} names: {words}"])


_WIDEST: Final = 48


def _told(name: str, findings: Iterator[Finding]) -> Iterator[str]:
    yield name
    rows = list(findings)
    # a keyword that works is counted, not printed: nobody has to read it
    shown = [each for each in rows if each.what != "keyword" or each.status is not Status.WORKS]
    width = min(_WIDEST, max((len(each.name) for each in shown), default=0))
    for each in shown:
        where = f"{each.line}" if each.cell is None else f"{each.line} (cell {each.cell})"
        yield f"  {where:>6}  {each.status:<11}  {each.what:<9}  {each.name:<{width}}  {each.remedy}".rstrip()
    yield ""
