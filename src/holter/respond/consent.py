"""Whether an answer may begin: a person's approval, so many a day, or only what it would have done."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from holter.errors import BadDuration, BadRule, InputError, NotFound
from holter.registry import Shelves
from holter.respond.answer import Outcome, subject_of
from holter.store.kept import Entry, Job, JobState
from holter.types import parse_duration

OPTIONS: Final = frozenset({"approval", "expires", "per_day", "dry_run"})
"""Options that every answer knows: ``approval`` (``required``: a person says yes first), ``expires`` (how long that may
take, 24 hours by default), ``per_day`` (how many of its kind may begin within a day of event time), ``dry_run``
(``yes``: nothing is done)."""
EXPIRES: Final = "1d"
_YES: Final = {"approval": ("required", "no"), "dry_run": ("yes", "no")}
_DAY: Final = timedelta(days=1)
_BEGUN: Final = frozenset({JobState.RUNNING, JobState.DONE, JobState.FAILED})
APPROVED: Final = "approved_by"
UNTIL: Final = "until"


def check_options(rule: str, options: Mapping[str, str]) -> None:
    """Refuse options that cannot be followed. Raises BadRule."""
    for name, words in _YES.items():
        if options.get(name, words[0]) not in words:
            raise BadRule(rule, f"{name}={options[name]!r} is neither {words[0]!r} nor {words[1]!r}")
    try:
        parse_duration(options.get("expires", EXPIRES))
    except BadDuration as error:
        raise BadRule(rule, f"expires={options['expires']!r} is no duration such as 24h") from error
    if not options.get("per_day", "1").isdecimal() or options.get("per_day") == "0":
        raise BadRule(rule, f"per_day={options['per_day']!r} is no whole number from 1")


def before(job: Job, others: Sequence[Job], now: datetime) -> Outcome | None:
    """Return what becomes of a job that may not begin now; None for one that may.

    Parameters
    ----------
    job
        The job, wanted.
    others
        All jobs.
    now
        The wall clock: until then somebody may approve it.
    """
    if job.options.get("dry_run") == "yes":
        return Outcome(JobState.REFUSED, "a dry run: it would have begun here, and nothing was done")
    begun = [each for each in others if _alike(each, job) and job.at - _DAY < each.at <= job.at]
    most = int(job.options.get("per_day", 0))
    if most and len(begun) >= most:
        return Outcome(JobState.REFUSED, f"{len(begun)} of its kind have begun within a day; {most} may")
    if job.options.get("approval") == "required" and APPROVED not in job.result:
        until = now + parse_duration(job.options.get("expires", EXPIRES))
        why = f"waits until {until:%Y-%m-%d %H:%M} UTC for somebody to approve it"
        return Outcome(JobState.WAITING, why, {UNTIL: until.isoformat()})
    return None


def _alike(other: Job, job: Job) -> bool:
    same = (other.kind, other.monitor, other.deployment) == (job.kind, job.monitor, job.deployment)
    return same and other.key != job.key and other.state in _BEGUN


def expired(job: Job, now: datetime) -> Outcome | None:
    """Return the end of a job that nobody has approved in time; None while there is time."""
    if datetime.fromisoformat(str(job.result[UNTIL])) > now:
        return None
    return Outcome(JobState.REFUSED, "nobody approved it in time")


def decide(shelves: Shelves, key: str, *, yes: bool, actor: str, reason: str, now: datetime) -> Job:
    """Approve or refuse a job that waits for it, in the ledger's sight.

    Raises
    ------
    NotFound
        If there is no such job.
    InputError
        If it does not wait for anybody, or waited too long.
    """
    job = _job(shelves, key)
    if job.state is not JobState.WAITING or expired(job, now):
        raise InputError(f"answer {key} is {job.state}; only one that waits can be approved or refused.")
    state = JobState.WANTED if yes else JobState.REFUSED
    said = f"approved by {actor}" if yes else f"refused by {actor}"
    told = f"{said}: {reason}" if reason else said
    facts = {"reason": told, **({APPROVED: actor} if yes else {})}
    about = {"job": key, "alert": job.alert, "monitor": job.monitor}
    action = f"{job.kind}.{'approved' if yes else 'refused'}"
    with shelves.facts.begin() as transaction:
        transaction.move_job(key, state, facts)
        transaction.record(Entry(actor, action, subject_of(job), reason, about), now)
    return _job(shelves, key)


def _job(shelves: Shelves, key: str) -> Job:
    known = {each.key: each for each in shelves.facts.jobs()}
    if key not in known:
        raise NotFound("answer", key, known)
    return known[key]
