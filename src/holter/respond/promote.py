"""The response ``promote``: put another version of the model behind the scoring URI."""

from collections.abc import Mapping
from typing import Any, Final

from holter.errors import InputError, ResponseFailed
from holter.respond.answer import Answer, Bench, Outcome
from holter.store.kept import JobState


def act(bench: Bench) -> Outcome:
    """Make the version of the option ``version`` the wanted one; without the option, the newest of the model.

    Refused when that version is wanted already.
    """
    version = asked_version(bench)
    return switch(bench, version, f"version {version} was asked for by the rule", {})


def asked_version(bench: Bench) -> int:
    """Return the version that the option ``version`` names; without it, the newest of the model.

    Raises
    ------
    ResponseFailed
        If it is neither a number nor ``newest``.
    NotFound
        If the model has no such version.
    """
    registry = bench.shelves.registry
    deployment = registry.deployment(deployment_of(bench))
    text = bench.job.options.get("version", "newest")
    try:
        number = None if text == "newest" else int(text)
    except ValueError as error:
        raise ResponseFailed(bench.job.kind, f"version {text!r} is neither a number nor 'newest'") from error
    return registry.version(deployment.model, number).version


def switch(bench: Bench, version: int, reason: str, facts: Mapping[str, Any]) -> Outcome:
    """Make a version the wanted one, once per job: after a crash, what was done is not done again.

    Raises
    ------
    LeaseLost
        If the job belongs to another process by now; nothing was changed.
    """
    registry, name = bench.shelves.registry, deployment_of(bench)
    wanted = registry.deployment(name).wanted
    told = {**facts, "from": wanted.version, "to": version, "job": bench.job.key, "alert": bench.job.alert}
    if switched(bench):
        return Outcome(JobState.DONE, reason, {**facts, "to": version})
    if wanted.version == version:
        return Outcome(JobState.REFUSED, f"version {version} is running already", {**facts, "to": version})
    actor = f"job:{bench.job.key}"
    registry.want(name, version=version, actor=actor, reason=reason, facts=told, lease=bench.lease)
    return Outcome(JobState.DONE, reason, told)


def switched(bench: Bench) -> bool:
    """Tell whether an earlier attempt of this job has changed the wanted version.

    The ledger knows: the entry was written in the same transaction as the change.
    """
    return bench.job.attempts > 0 and any(
        sealed.entry.facts.get("job") == bench.job.key and {"from", "to"} <= sealed.entry.facts.keys()
        for sealed in bench.shelves.facts.ledger()
    )


def deployment_of(bench: Bench) -> str:
    """Return the deployment a job is about.

    Raises
    ------
    InputError
        If its monitor watches a table: nothing can be promoted there.
    """
    if bench.job.deployment is None:
        raise InputError(
            f"monitor {bench.job.monitor!r} watches a table, not a deployment: {bench.job.kind} has no object"
        )
    return bench.job.deployment


PROMOTE: Final = Answer("promote", act, frozenset({"version"}))
