"""What is known of the versions that stand beside the champion."""

from collections.abc import Sequence
from dataclasses import dataclass

from holter.registry.entries import Wanted
from holter.report.subject import History, Subject, of_last_window
from holter.signals.challenger import Challenger
from holter.types import Measurement


@dataclass(frozen=True)
class Second:
    """Who stands beside the champion, and what the newest window says; ``better`` are those that say who is better."""

    who: tuple[str, ...]
    found: Sequence[Measurement]

    @property
    def better(self) -> Sequence[Measurement]:
        """The answers to the question whether one is better, as far as there are any."""
        return [each for each in self.found if each.metric == "better" and each.value is not None]


def beside(subject: Subject) -> Second | None:
    """Return what the monitors of a deployment measured last; None where no second version is wanted."""
    if subject.deployment is None:
        return None
    who = _who(subject.deployment.wanted)
    if not who:
        return None
    lasts = (_last(history) for history in subject.histories if Challenger.name in history.entry.signals)
    return Second(who, next((found for found in lasts if found), ()))


def _last(history: History) -> list[Measurement]:
    found = [each for metric in Challenger.metrics for each in of_last_window(history.series(f"challenger.{metric}"))]
    newest = max((each.window.end for each in found if each.window), default=None)
    return [each for each in found if each.window and each.window.end == newest]


def _who(wanted: Wanted) -> tuple[str, ...]:
    canary, shadow = wanted.canary, wanted.shadow
    who = [] if canary is None else [f"version {canary.version} answers {canary.weight:g} % of the requests (canary)"]
    return (*who, *([] if shadow is None else [f"version {shadow} scores what is captured (shadow)"]))
