"""Which measurements of a window are alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from holter.rules.judgement import Judgement
from holter.rules.material import MATERIAL, Material, Worse
from holter.rules.rule import Level
from holter.types import CERTAIN, Calibrated, Evidence, Measurement, Verdict

LEVEL: Final = 0.001
"""Chance of any false alarm in one window of unchanged data. One in a thousand daily windows is one in three years."""

_HARM: Final = "performance"
"""The signal that says what went wrong, and not only that something is another."""

_Test = tuple[str, str | None, str | None, str | None, float]


@dataclass(frozen=True)
class Calibration:
    """What makes a difference an alarm.

    Parameters
    ----------
    level
        Chance of a false alarm per window, over all its measurements together.
    state
        ``iid``: p-values are believed, as for rows that are drawn independently on both sides. ``no``: they are not.
    why
        For ``no``: what is missing, as a clause ("the baseline holds the rows the model was fitted on").
    material
        The smallest effect that matters, per ``signal.metric``.
    judgement
        What the learned null says of the window (:func:`holter.rules.stepping.step`); None where none was learned.
    """

    level: float = LEVEL
    state: Calibrated = Calibrated.IID
    why: str = ""
    material: Mapping[str, Material] = field(default_factory=lambda: MATERIAL)
    judgement: Judgement | None = None

    @classmethod
    def iid(cls, level: float = LEVEL) -> Self:
        """Believe p-values of two independent samples."""
        return cls(level)

    @classmethod
    def learned(cls, judgement: Judgement, level: float = LEVEL) -> Self:
        """Follow what the learned null says; what it did not look at is judged as two independent samples."""
        return cls(level, judgement=judgement)

    @classmethod
    def uncalibrated(cls, why: str) -> Self:
        """Believe no p-value, and say why: nothing that could be chance becomes an alarm."""
        return cls(state=Calibrated.NO, why=why)


def decide(measurements: Sequence[Measurement], calibration: Calibration) -> list[Measurement]:
    r"""Judge the measurements of one window, all together.

    A measurement is an alarm when its difference is *real* (its p-value is rejected by Holm's step-down procedure at
    ``calibration.level`` over all tests of the window) and *material* (at least the effect of
    :data:`holter.rules.material.MATERIAL`, in the direction that is worse). Distances of one feature that rest on the
    same test count once. Certain facts (a missing column) stand outside: any is an alarm, also when ``calibrated`` is
    ``no`` and nothing else can be.

    With a judgement, that is the law: a measurement is an alarm when the null has a finding of at least a warning on
    its column (or on the metric itself), and ``reason`` gives the finding, its p-value and the level it was given.
    While the judgement is uncalibrated none is, and where there is a finding ``reason`` says what is missing; but for
    realised performance, which then is judged as two independent samples.

    Parameters
    ----------
    measurements
        All that a window gave. Those with a verdict (insufficient, undefined, error) pass through untouched.
    calibration
        The level and whether p-values are believed.

    Returns
    -------
    list
        In the order given. ``threshold`` is the value from which the change is material; ``reason`` says so when a
        difference is real but too small, or large but uncalibrated. A metric without p-value or without material effect
        is ``ok`` with ``calibrated`` None: it was not tested.

    References
    ----------
    Holm, A simple sequentially rejective multiple test procedure (1979), Scandinavian Journal of Statistics 6:65-70.

    Examples
    --------
    >>> drift = Measurement("data_drift", "psi", 0.4, 900, evidence=Evidence(1e-9, "chi-squared", 0.4))
    >>> decide([drift], Calibration.iid())[0].verdict
    <Verdict.ALARM: 'alarm'>
    """
    found = [_answered(each, calibration) for each in measurements]
    tests = {_test(each, each.evidence.p_value) for each in found if each.evidence and _tested(each)}
    limit = _holm([test[-1] for test in tests], calibration.level)
    return [each if each.verdict is not None else _judge(each, limit, calibration) for each in found]


def _answered(measurement: Measurement, calibration: Calibration) -> Measurement:
    """Judge by the learned null; what it did not look at comes back as it is."""
    judgement, evidence = calibration.judgement, measurement.evidence
    certain = evidence is not None and evidence.test == CERTAIN
    if judgement is None or certain or measurement.verdict is not None or measurement.value is None:
        return measurement
    if not judgement.covers(measurement):
        return measurement
    if not judgement.calibrated and measurement.signal == _HARM:
        return measurement  # what is uncalibrated never pages on drift; harm is seen in the labels themselves
    finding = judgement.about(measurement)
    material = calibration.material.get(measurement.name)
    rising = evidence is None or evidence.effect is None or evidence.effect >= 0
    threshold = material.threshold(evidence.baseline if evidence else None, rising=rising) if material else None
    if not judgement.calibrated:
        why = f"not judged: {judgement.why}"
        large = material is not None and _large(measurement, threshold, material, calibration.level)
        told = why if finding is not None else f"large, but {why}" if large else measurement.reason
        return measurement.judged(Verdict.OK, calibrated=Calibrated.NO, threshold=threshold, reason=told)
    if finding is None:
        return measurement.judged(Verdict.OK, calibrated=Calibrated.YES, threshold=threshold)
    verdict = Verdict.OK if finding.level is Level.INFORMATION else Verdict.ALARM
    # In the first windows, and while they are restless, what would be an alarm is held back; the judgement says why.
    held = judgement.why if judgement.on is None and judgement.why else "real, too small to matter"
    reason = finding.sentence if verdict is Verdict.ALARM else f"{held}: {finding.sentence}"
    return measurement.judged(verdict, calibrated=Calibrated.YES, threshold=threshold, reason=reason)


def _large(measurement: Measurement, threshold: float | None, material: Material, level: float) -> bool:
    """Tell whether two independent samples would differ really and materially: then somebody waits for a verdict."""
    evidence = measurement.evidence
    if evidence is None or evidence.p_value is None or evidence.p_value > level or measurement.value is None:
        return False
    rising = evidence.effect is None or evidence.effect >= 0
    return _reaches(measurement.value, threshold, material, rising)


def _tested(measurement: Measurement) -> bool:
    evidence = measurement.evidence
    return (
        measurement.verdict is None
        and evidence is not None
        and evidence.p_value is not None
        and evidence.test != CERTAIN
    )


def _test(measurement: Measurement, p: float | None) -> _Test:
    assert p is not None and measurement.evidence is not None  # noqa: S101, PT018  (asked by _tested)
    return (measurement.signal, measurement.feature, measurement.segment, measurement.evidence.test, p)


def _holm(p_values: Sequence[float], level: float) -> float:
    """Return the largest p-value that Holm's procedure rejects; -1 when it rejects none."""
    limit = -1.0
    for rank, p in enumerate(sorted(p_values)):
        if p > level / (len(p_values) - rank):
            break
        limit = p
    return limit


def _judge(measurement: Measurement, limit: float, calibration: Calibration) -> Measurement:
    material = calibration.material.get(measurement.name)
    evidence = measurement.evidence
    if evidence is not None and evidence.test == CERTAIN:
        return _certain(measurement)
    if material is None or evidence is None or evidence.p_value is None or measurement.value is None:
        return measurement.judged(Verdict.OK)
    rising = evidence.effect is None or evidence.effect >= 0
    threshold = material.threshold(evidence.baseline, rising=rising)
    verdict, reason = Verdict.OK, measurement.reason
    if evidence.p_value <= limit:
        verdict, reason = _real(
            measurement, evidence, _reaches(measurement.value, threshold, material, rising), calibration
        )
    return measurement.judged(verdict, calibrated=calibration.state, threshold=threshold, reason=reason)


def _real(
    measurement: Measurement, evidence: Evidence, material: bool, calibration: Calibration
) -> tuple[Verdict, str]:
    if not material:
        small = f"more than chance (p = {evidence.p_value:.1g}), too small to matter"
        return Verdict.OK, f"{small}. {measurement.reason}" if measurement.reason else small
    if calibration.state is Calibrated.NO:
        return Verdict.OK, f"large, but not judged: {calibration.why}"
    return Verdict.ALARM, measurement.reason


def _certain(measurement: Measurement) -> Measurement:
    """Judge a fact: there is nothing to calibrate, and anything above zero is one too many."""
    verdict = Verdict.ALARM if measurement.value else Verdict.OK
    return measurement.judged(verdict, calibrated=Calibrated.YES, threshold=0.0)


def _reaches(value: float, threshold: float | None, material: Material, rising: bool) -> bool:
    if threshold is None:
        return False
    upward = rising if material.worse is Worse.EITHER else material.worse is Worse.HIGHER
    return value >= threshold if upward else value <= threshold
