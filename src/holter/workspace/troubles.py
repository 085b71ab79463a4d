"""What should have reached somebody, or been done, and was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from holter.registry import Shelves
from holter.report.redacting import public_address
from holter.store.kept import Job, JobState, Message
from holter.workspace.listing import Listing


@dataclass(frozen=True)
class Trouble:
    """How many of one kind, and what the first of them says."""

    what: str
    count: int
    first: str


@dataclass(frozen=True, repr=False)
class Troubles(Listing[Trouble]):
    """Messages that do not arrive and answers that failed; empty while all is well."""

    _nothing: ClassVar[str] = "Every message has arrived, and no answer has failed."
    _right: ClassVar[tuple[str, ...]] = ("count",)

    def _cells(self, item: Trouble) -> Mapping[str, str]:
        return {"what": item.what, "count": f"{item.count:,}", "the first says": item.first}

    def _plain(self, item: Trouble) -> dict[str, Any]:
        return {"what": item.what, "count": item.count, "first": item.first}


def troubles(shelves: Shelves) -> Troubles:
    """Look for messages that were tried in vain and are still owed, and for answers that failed.

    An answer that failed is not named once a later one of its kind for the same target went well.
    """
    owed = [each for each in shelves.facts.outbox() if each.sent is None and each.error and not each.held]
    failed = _unmended(shelves.facts.jobs())
    found = []
    if owed:
        found.append(Trouble("messages not delivered", len(owed), _undelivered(owed[0])))
    if failed:
        found.append(Trouble("answers that failed", len(failed), _unanswered(failed[0])))
    return Troubles(tuple(found))


def _unmended(jobs: Sequence[Job]) -> list[Job]:
    mended, failed = set[tuple[str, str, str | None]](), list[Job]()
    for job in reversed(jobs):
        about = (job.kind, job.monitor, job.deployment)
        if job.state is JobState.DONE:
            mended.add(about)
        elif job.state is JobState.FAILED and about not in mended:
            failed.append(job)
    return failed[::-1]


def _undelivered(message: Message) -> str:
    return f"{message.channel} to {public_address(message.target)}, {message.attempts} attempts: {message.error}"


def _unanswered(job: Job) -> str:
    why = str(job.result.get("sentence") or job.result.get("reason") or "")
    return f"{job.kind} for {job.deployment or job.monitor}: {why}"
