"""The response ``pause``: no answer is better than this one."""

from typing import Final

from holter.respond.answer import Answer, Bench, Outcome
from holter.respond.promote import deployment_of
from holter.store.kept import JobState


def act(bench: Bench) -> Outcome:
    """Let the service answer 503 until a person resumes it. Refused when it is paused already."""
    name = deployment_of(bench)
    if bench.shelves.registry.deployment(name).wanted.paused:
        return Outcome(JobState.REFUSED, f"{name} is paused already")
    reason = "paused by a rule; a person has to resume it"
    bench.shelves.registry.want(name, paused=True, actor=f"job:{bench.job.key}", reason=reason, lease=bench.lease)
    return Outcome(JobState.DONE, reason)


PAUSE: Final = Answer("pause", act, frozenset())
