"""Signals on a window. Pure: windows in, judged measurements out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from holter.errors import HolterError
from holter.monitor.targets import Case
from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals import Need, Signal, default, named
from holter.types import Measurement, Schema, Verdict

EVALUATION: Final = "evaluation"
"""Metric of the one measurement a signal gives that could not be evaluated at all."""
NOTHING: Final = Need(0)
_NOT_HELD_OUT: Final = "the baseline holds the rows the model was fitted on"


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


def signals_of(names: Sequence[str], schema: Schema, *, labels: bool, traffic: bool) -> Mapping[str, Signal]:
    """Return signals by name, in order; no names ask for the default preset of the schema."""
    return {name: _signal(name) for name in names or default(schema, labels=labels, traffic=traffic)}


def _signal(name: str) -> Signal:
    try:
        return named(name)
    except HolterError as error:
        return Missing(name, str(error))


def judge(signal: Signal, case: Case, signals: int) -> list[Measurement]:
    """Measure one signal in a window and judge it.

    Parameters
    ----------
    signal
        The signal. If it raises, there is one measurement with verdict ``error`` and the reason.
    case
        The window and its baseline, filled with what the signal needs.
    signals
        How many signals the monitor has: they share the false alarms that one window may cost, whenever each is judged.
    """
    try:
        measured = list(signal.measure(case.target, case.baseline))
    except Exception as error:  # noqa: BLE001  (a signal of anybody's must not cost the others)
        why = f"{type(error).__name__}: {error}"
        measured = [Measurement.unanswered(signal.name, EVALUATION, Verdict.ERROR, why, n=case.target.n)]
    calibration = _share(signals) if case.held_out else Calibration.uncalibrated(_NOT_HELD_OUT)
    return [replace(each, window=case.target.span) for each in decide(measured, calibration)]


def _share(signals: int) -> Calibration:
    return Calibration.iid(Calibration.level / max(signals, 1))
