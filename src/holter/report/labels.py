"""Why it cannot be told yet how good a model is, and what would change that."""

from dataclasses import dataclass

from holter.registry.entries import MonitorEntry
from holter.report.subject import Subject, every_words
from holter.report.wording import window
from holter.types import Measurement

_SIGNAL = "performance"


@dataclass(frozen=True)
class Wanting:
    """What is missing: in two words, in a clause, in a sentence; ``command`` is empty where only time helps."""

    short: str
    note: str
    sentence: str
    command: str = ""


def wanting(subject: Subject) -> Wanting | None:
    """Say why realised performance is not known; None where it is, or where there is nothing to know.

    A model without a task has no performance. Otherwise the first of these that holds: nobody measures it, the table
    has no labels, labels come later, the last window is empty, no label has arrived, or too few have.
    """
    if subject.task is None or subject.performance is not None:
        return None
    measuring = [each.entry for each in subject.histories if _measures(each.entry)]
    if not measuring:
        return _nobody(subject)
    if not any(isinstance(entry.target, str) or entry.target.label for entry in measuring):
        return Wanting("no labels", "the table has no label column", "The monitor was given no label column.")
    coverage = [m for each in subject.histories for m in each.series(f"{_SIGNAL}.label_coverage")]
    return _measured(subject, coverage[-1]) if coverage else _later(measuring)


def _measures(entry: MonitorEntry) -> bool:
    return not entry.signals or _SIGNAL in entry.signals


def _nobody(subject: Subject) -> Wanting:
    if subject.deployment is None or not subject.histories:
        return Wanting("not measured", "no monitor looks at it", "No monitor looks at performance.")
    name = subject.deployment.name
    command = f"holter monitors add {name}-performance --deployment {name} --signal {_SIGNAL}"
    return Wanting("not measured", "no monitor looks at it", "No monitor here compares answers with labels.", command)


def _later(measuring: list[MonitorEntry]) -> Wanting:
    delay = min(entry.label_delay for entry in measuring)
    if not delay:
        return Wanting("not yet", "no window has closed", "No window with labels has been judged yet.")
    length = every_words(delay).removeprefix("every ")
    wait = length if length[0].isdigit() else f"one {length}"
    return Wanting("not yet", f"{wait} after a window", f"Labels are waited for until {wait} after a window has ended.")


def _measured(subject: Subject, coverage: Measurement) -> Wanting:
    last = window(coverage.window)
    if coverage.n == 0:
        return Wanting("nothing to judge", "the last window is empty", f"The last closed window ({last}) is empty.")
    if not coverage.value:
        sentence = f"No label has arrived yet for the {coverage.n:,} records of {last}."
        return Wanting("no labels yet", "known once labels arrive", sentence, _command(subject))
    known = round(coverage.value * coverage.n)
    sentence = f"Labels are known for {known:,} of the {coverage.n:,} records of {last}: too few to measure by."
    return Wanting("too few labels", "known once more arrive", sentence, _command(subject))


def _command(subject: Subject) -> str:
    if subject.deployment is None:
        return ""
    return f"holter labels add {subject.deployment.name} labels.parquet --key request_id --label COLUMN"
