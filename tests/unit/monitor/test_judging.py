from holter.monitor.judging import judge, signals_of
from holter.monitor.targets import Case, nothing
from holter.profile import Window
from holter.signals import Need
from holter.types import Evidence, Measurement, Schema, Task

SCHEMA = Schema((), Task.REGRESSION)
CASE = Case(Window(None, SCHEMA), nothing(SCHEMA), held_out=True)


class Odd:
    """A signal of another package: raises, or gives p-values."""

    name, needs, metrics = "odd", Need.PROFILE, ("m",)

    def __init__(self, *p_values):
        self.p_values = p_values

    def measure(self, target, baseline):
        if not self.p_values:
            raise RuntimeError("no such table")
        return [
            Measurement("data_drift", "jensen_shannon", 0.9, 100, feature=str(place), evidence=Evidence(p, "KS", 0.9))
            for place, p in enumerate(self.p_values)
        ]


def test_a_signal_that_raises_is_one_measurement_with_the_reason():
    (only,) = judge(Odd(), CASE, 1)
    assert (only.name, only.verdict, only.reason) == ("odd.evaluation", "error", "RuntimeError: no such table")


def test_signals_share_the_false_alarms_of_a_window():
    assert judge(Odd(0.0005), CASE, 1)[0].verdict == "alarm"
    assert judge(Odd(0.0005), CASE, 4)[0].verdict == "ok"


def test_training_rows_as_baseline_are_uncalibrated():
    (found,) = judge(Odd(1e-9), Case(CASE.target, CASE.baseline, held_out=False), 1)
    assert (found.verdict, found.calibrated) == ("ok", "no")
    assert "fitted on" in found.reason


def test_no_names_ask_for_the_default_preset():
    assert list(signals_of((), SCHEMA, labels=True, traffic=False)) == ["prediction_drift", "performance"]
    assert list(signals_of((), SCHEMA, labels=False, traffic=True)) == ["prediction_drift", "traffic"]
    assert list(signals_of(("traffic", "fax"), SCHEMA, labels=False, traffic=True)) == ["traffic", "fax"]
