"""Signals on a window. Pure: windows in, judged measurements out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from holter.errors import HolterError
from holter.monitor.segmented import Part
from holter.monitor.targets import DATA, Case
from holter.profile import Window
from holter.rules import Calibration, decide
from holter.rules.judgement import Judgement
from holter.signals import Need, Signal, default, named
from holter.types import CERTAIN, Measurement, Schema, Verdict

EVALUATION: Final = "evaluation"
"""Metric of the one measurement a signal gives that could not be evaluated at all."""
NOTHING: Final = Need(0)
_WHOLE: Final = 0.6
"""Share of the false alarms of a window that all rows together may cost; its segments divide the rest."""
NOT_HELD_OUT: Final = "the baseline holds the rows the model was fitted on"


@dataclass(frozen=True)
class Missing:
    """A signal that nobody provides any more: it says so in every window, and the others go on."""

    name: str
    why: str
    needs: Need = NOTHING
    metrics: tuple[str, ...] = (EVALUATION,)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Return one measurement without an answer."""
        del target, baseline
        return [Measurement.unanswered(self.name, EVALUATION, Verdict.ERROR, self.why)]


def signals_of(
    names: Sequence[str],
    schema: Schema,
    options: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    *,
    labels: bool,
    traffic: bool,
) -> Mapping[str, Signal]:
    """Return signals by name, in order, with their options; no names ask for the default preset of the schema."""
    wanted = names or default(schema, labels=labels, traffic=traffic)
    return {name: _signal(name, options.get(name, {})) for name in wanted}


def _signal(name: str, options: Mapping[str, Any]) -> Signal:
    try:
        return named(name, options)
    except HolterError as error:
        return Missing(name, str(error))


def judge(
    signal: Signal, case: Case, signals: int, parts: Sequence[Part] = (), judgement: Judgement | None = None
) -> list[Measurement]:
    """Measure one signal in a window, and in each segment of it, and judge it.

    Parameters
    ----------
    signal
        The signal. If it raises, there is one measurement with verdict ``error`` and the reason.
    case
        The window and its baseline, filled with what the signal needs.
    signals
        How many signals the monitor has: they share the false alarms that one window may cost, whenever each is judged.
    parts
        The segments of the window; none for a signal that is asked of all rows only. They share what all rows leave of
        the false alarms. What has no answer for all rows is not asked of a part, and certain facts (a missing column)
        are told once.
    judgement
        What is said of the window by what is normal for the monitor; None where it has nothing to learn that from.
    """
    whole = _measured(signal, case)
    if not parts:
        return _judged(whole, case, 1 / max(signals, 1), judgement)
    answered = {(each.metric, each.feature) for each in whole if each.value is not None}
    cut = [each for part in parts for each in _of_part(signal, part, answered)]
    share = 1 / max(signals, 1)
    return _judged(whole, case, share * _WHOLE, judgement) + _judged(cut, case, share * (1 - _WHOLE), judgement)


def by_segment(signal: Signal) -> bool:
    """Tell whether a signal is asked of each segment: it looks at records alone, and does not cut them up itself."""
    records = signal.needs & DATA
    return bool(records) and records == signal.needs and not getattr(signal, "whole", False)


def _measured(signal: Signal, case: Case) -> list[Measurement]:
    try:
        return list(signal.measure(case.target, case.baseline))
    except Exception as error:  # noqa: BLE001  (a signal of anybody's must not cost the others)
        why = f"{type(error).__name__}: {error}"
        return [Measurement.unanswered(signal.name, EVALUATION, Verdict.ERROR, why, n=case.target.n)]


def _of_part(signal: Signal, part: Part, answered: Collection[tuple[str, str | None]]) -> list[Measurement]:
    if part.case is None:
        refused = Measurement.unanswered(signal.name, EVALUATION, part.verdict, part.why, n=part.n)
        return [replace(refused, segment=part.segment)]
    found = [each for each in _measured(signal, part.case) if (each.metric, each.feature) in answered]
    return [replace(each, segment=part.segment) for each in found if not _certain(each)]


def _certain(measurement: Measurement) -> bool:
    return measurement.evidence is not None and measurement.evidence.test == CERTAIN


def _judged(
    measured: Sequence[Measurement], case: Case, share: float, judgement: Judgement | None
) -> list[Measurement]:
    calibration = Calibration.iid(Calibration.level * share)
    if not case.held_out:
        calibration = Calibration.uncalibrated(NOT_HELD_OUT)
    calibration = replace(calibration, judgement=judgement)
    return [replace(each, window=case.target.span) for each in decide(measured, calibration)]
