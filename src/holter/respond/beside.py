"""The responses ``canary`` and ``shadow``: let another version show what it can, before it takes over."""

from typing import Final

from holter.errors import ResponseFailed
from holter.registry.entries import STICKY_HEADER, Canary
from holter.respond.answer import Answer, Bench, Outcome
from holter.respond.promote import asked_version, deployment_of
from holter.store.kept import JobState

WEIGHT: Final = "5"
"""Percent of the requests that a canary answers, unless its rule says otherwise."""


def canary(bench: Bench) -> Outcome:
    """Let the version of the option ``version``, or the newest, answer ``weight`` percent of the requests (5).

    ``key`` names the header or field by which one customer stays with one version. Refused when that version answers
    every request already.
    """
    version, options = asked_version(bench), bench.job.options
    try:
        weight = float(options.get("weight", WEIGHT))
    except ValueError as error:
        raise ResponseFailed("canary", f"weight {options['weight']!r} is no number") from error
    name = deployment_of(bench)
    if bench.shelves.registry.deployment(name).wanted.version == version:
        return Outcome(JobState.REFUSED, f"version {version} answers every request already", {"version": version})
    wanted = Canary(version, weight, options.get("key", STICKY_HEADER))
    reason = f"version {version} is to answer {weight:g} % of the requests"
    bench.shelves.registry.want_canary(name, wanted, actor=f"job:{bench.job.key}", reason=reason)
    return Outcome(JobState.DONE, reason, {"version": version, "weight": weight})


def shadow(bench: Bench) -> Outcome:
    """Let the version of the option ``version``, or the newest, score what was captured; nobody gets its answers.

    Refused when that version answers every request already.
    """
    version, name = asked_version(bench), deployment_of(bench)
    if bench.shelves.registry.deployment(name).wanted.version == version:
        return Outcome(JobState.REFUSED, f"version {version} answers every request already", {"version": version})
    reason = f"version {version} is to score what was captured"
    bench.shelves.registry.want_shadow(name, version, actor=f"job:{bench.job.key}", reason=reason)
    return Outcome(JobState.DONE, reason, {"version": version})


CANARY: Final = Answer("canary", canary, frozenset({"version", "weight", "key"}))
SHADOW: Final = Answer("shadow", shadow, frozenset({"version"}))
