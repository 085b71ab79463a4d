"""The response ``command``: run a program of the user's."""

import os
from typing import Final

from holter.respond.answer import Answer, Bench, Outcome
from holter.respond.process import run, words
from holter.respond.redact import without_secrets
from holter.store.kept import JobState
from holter.types import parse_duration

TIMEOUT: Final = "600s"
"""How long a command may run when its options do not say."""


def act(bench: Bench) -> Outcome:
    """Run the option ``command`` in the workspace folder; other than exit 0 fails the job.

    It sees ``HOLTER_WORKSPACE``, ``HOLTER_MONITOR``, ``HOLTER_ALERT``, ``HOLTER_DEPLOYMENT`` (empty for a table) and
    ``HOLTER_AT`` (the event time, ISO 8601), and no variable that looks like a secret unless the option
    ``environment`` names it.
    """
    job = bench.job
    run(
        job.kind,
        words(job.kind, job.options.get("command", ""), {"python": bench.python[0]}),
        folder=bench.folder,
        cwd=bench.shelves.root,
        environment=environment(bench),
        timeout=parse_duration(job.options.get("timeout", TIMEOUT)),
        stop=bench.stop,
    )
    return Outcome(JobState.DONE, "the command exited with 0", {"log": f"jobs/{job.key}/log.txt"})


def environment(bench: Bench) -> dict[str, str]:
    """Return the variables a command of this job may see."""
    job = bench.job
    keep = [name.strip() for name in job.options.get("environment", "").split(",")]
    return without_secrets(os.environ, keep) | {
        "HOLTER_WORKSPACE": str(bench.shelves.root),
        "HOLTER_MONITOR": job.monitor,
        "HOLTER_ALERT": job.alert,
        "HOLTER_DEPLOYMENT": job.deployment or "",
        "HOLTER_AT": job.at.isoformat(),
    }


COMMAND: Final = Answer(
    "command", act, frozenset({"command", "timeout", "environment"}), required=frozenset({"command"})
)
