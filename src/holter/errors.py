"""Every error Holter raises on purpose.

::

    HolterError
    ├── InputError            what was given cannot be used
    │   ├── BadDuration
    │   ├── NaiveTime
    │   ├── ReservedColumn
    │   ├── UnknownColumn
    │   ├── UnreadableTable
    │   ├── UnsupportedTable
    │   ├── BadName
    │   ├── BadSetting
    │   ├── BadRule
    │   ├── BadBudget
    │   ├── BadConstraint
    │   ├── BadScript
    │   ├── BadLabels
    │   └── MissingExtra
    ├── NotFound              a name that nobody has
    ├── AlreadyExists         a name that is taken
    ├── DamagedState          bytes on disk that cannot be what was written
    │   ├── DamagedProfile
    │   ├── DamagedSegment
    │   ├── NewerFormat
    │   └── BrokenLedger
    ├── JournalFull           the disk does not take a record
    ├── InUse                 a thing that others still need
    ├── LeaseLost             another process has taken over
    ├── StillRunning / NotRunning
    ├── EnvironmentFailed     packages that pip cannot install
    ├── TreeFailed            the process tree did not come up or go down
    ├── DeploymentFailed      a service did not come up
    ├── EntryScriptFailed     a score.py cannot be imported, initialised or run
    ├── DeliveryFailed        a message did not arrive
    └── ResponseFailed        an answer to an alert did not succeed

Each takes data and builds its own sentence: what happened, with which values, what to do next.
"""

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches


class HolterError(Exception):
    """Root of all errors raised on purpose."""


def _hint(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(known[:10])}." if known else ""


class InputError(HolterError):
    """What was given cannot be used; nothing was changed."""


class BadDuration(InputError):
    """A duration that cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a duration. Write a positive whole number and a unit: 30s, 5m, 1h, 1d, 2w.")


class NaiveTime(InputError):
    """A time without a zone."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(f"{moment.isoformat()} has no time zone. Give one, for example +00:00.")


class ReservedColumn(InputError):
    """A feature that takes a name Holter needs."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A feature cannot be called {name!r}: records have a column of that name. Rename the feature."
        )


class UnknownColumn(InputError):
    """A column that the table does not have."""

    def __init__(self, name: str, known: Iterable[str], where: str = "the table") -> None:
        super().__init__(f"{where} has no column {name!r}.{_hint(name, known)}")


class UnreadableTable(InputError):
    """A file that should be a table and cannot be read."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source} cannot be read as a table: {why}")


class UnsupportedTable(InputError):
    """An object that is no table."""

    def __init__(self, obj: object) -> None:
        super().__init__(
            f"{type(obj).__module__}.{type(obj).__qualname__} is not a table Holter can read. Give a path or glob of "
            "Parquet, CSV or Arrow files, a Delta folder, or an object with the Arrow C stream interface "
            "(pyarrow, pandas, polars, DuckDB)."
        )


class BadName(InputError):
    """A name with characters that cannot stand in a path or an address."""

    def __init__(self, what: str, name: str, rule: str) -> None:
        super().__init__(f"{name!r} is not a name for a {what}: {rule}")


class BadSetting(InputError):
    """A setting that is unknown or has a wrong value."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"setting {name!r}: {why}")


class BadRule(InputError):
    """A rule that cannot be followed."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"rule {rule!r}: {why}")


class BadConstraint(InputError):
    """A constraint that cannot be checked."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"constraints, {where}: {why}")


class BadBudget(InputError):
    """A budget of false pages that cannot be spent."""

    def __init__(self, why: str) -> None:
        super().__init__(f"budget: {why}. Write for example 1 per quarter.")


class BadScript(InputError):
    """An entry script that cannot serve."""

    def __init__(self, script: str, why: str) -> None:
        super().__init__(f"entry script {script!r}: {why}")


class BadLabels(InputError):
    """Labels that cannot be joined or read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"labels: {why}")


class MissingExtra(InputError):
    """What needs a library that a plain installation does not bring."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra {extra!r}: pip install 'holter[{extra}]'.")


class NotFound(HolterError):
    """A name that nobody has."""

    def __init__(self, what: str, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"there is no {what} {name!r}.{_hint(name, known)}")


class AlreadyExists(HolterError):
    """A name that is taken."""

    def __init__(self, what: str, name: str, remedy: str) -> None:
        super().__init__(f"a {what} {name!r} exists already. {remedy}")


class InUse(HolterError):
    """A thing that others still need; nothing was changed."""

    def __init__(self, what: str, name: str, users: Iterable[str]) -> None:
        super().__init__(f"the {what} {name!r} is still used by {', '.join(sorted(users))}. Delete these first.")


class DamagedState(HolterError):
    """Bytes on disk that cannot be what was written."""


class DamagedProfile(DamagedState):
    """A stored profile that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the stored profile is damaged: {why}. Delete it; it is made anew from the records.")


class DamagedSegment(DamagedState):
    """A journal segment with bytes that are no frame."""

    def __init__(self, segment: str, offset: int) -> None:
        super().__init__(
            f"journal segment {segment} is damaged at byte {offset}. Frames before and after it can still be read."
        )


class NewerFormat(DamagedState):
    """A file of a format from the future."""

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(f"the {what} has format {found}, this Holter reads up to {known}. Update Holter.")


class BrokenLedger(DamagedState):
    """A ledger whose chain does not hold."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"the ledger is broken at entry {seq}: {why}. Somebody changed, removed or reordered entries.")


class JournalFull(HolterError):
    """The disk does not take a record; what was written before stays readable."""

    def __init__(self, segment: str, why: str) -> None:
        super().__init__(f"a record could not be written to {segment}: {why}. Free space, or move the workspace.")


class LeaseLost(HolterError):
    """Another process has taken over; what this one was about to write is void."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(f"the lease {name!r} no longer belongs to {holder}; nothing was written.")


class StillRunning(HolterError):
    """A process tree holds the workspace."""

    def __init__(self, root: str, pid: int) -> None:
        super().__init__(f"{root} is served by process {pid}. Stop it with: holter down")


class NotRunning(HolterError):
    """No process tree holds the workspace."""

    def __init__(self, root: str) -> None:
        super().__init__(f"nothing is running on {root}. Start it with: holter up --detach")


class EnvironmentFailed(HolterError):
    """Packages that pip cannot install."""

    def __init__(self, requirements: Iterable[str], said: str) -> None:
        super().__init__(f"pip cannot install {', '.join(requirements)}:\n{said}")


class TreeFailed(HolterError):
    """The process tree of a workspace did not come up or did not go down."""

    def __init__(self, root: str, why: str, log: str = "") -> None:
        tail = f"\n\nThe end of its log:\n{log}" if log else ""
        super().__init__(f"the process tree of {root} {why}.{tail}")


class DeploymentFailed(HolterError):
    """A service did not come up."""

    def __init__(self, name: str, why: str, log: str = "") -> None:
        tail = f"\n\nThe end of its log:\n{log}" if log else ""
        super().__init__(f"deployment {name!r} failed: {why}{tail}")


class EntryScriptFailed(HolterError):
    """A user's script cannot be imported, initialised or run; what it raised is the cause."""

    def __init__(self, script: str, why: str) -> None:
        super().__init__(f"entry script {script}: {why}.")


class DeliveryFailed(HolterError):
    """A message did not arrive; it is kept and tried again."""

    def __init__(self, channel: str, target: str, why: str) -> None:
        super().__init__(f"{channel} to {target} failed: {why}")


class ResponseFailed(HolterError):
    """An answer to an alert did not succeed."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind} failed: {why}")
