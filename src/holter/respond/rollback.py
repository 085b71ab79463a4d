"""The response ``rollback``: go back to the version that ran before."""

from typing import Final

from holter.respond.answer import Answer, Bench, Outcome
from holter.respond.promote import deployment_of, switch, switched
from holter.store.kept import JobState


def act(bench: Bench) -> Outcome:
    """Make the previous version the wanted one. Refused when there was none before."""
    wanted = bench.shelves.registry.deployment(deployment_of(bench)).wanted
    if switched(bench):
        # Going back twice would be going forward: the first attempt has done it and died before it could say so.
        return Outcome(JobState.DONE, f"back to version {wanted.version}", {"to": wanted.version})
    if wanted.previous is None:
        return Outcome(JobState.REFUSED, f"version {wanted.version} is the first: there is none to go back to")
    return switch(bench, wanted.previous, f"back from version {wanted.version} to {wanted.previous}", {})


ROLLBACK: Final = Answer("rollback", act, frozenset())
