"""The next step in the life of an alert."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from holter.rules.alert import Alert, AlertEvent, AlertState
from holter.rules.breaking import answers, excess
from holter.rules.rule import Rule
from holter.rules.sentence import sentence
from holter.types import Measurement, Span


def advance(
    rule: Rule, alert: Alert | None, measurements: Sequence[Measurement], *, monitor: str, window: Span, now: datetime
) -> tuple[Alert | None, tuple[AlertEvent, ...]]:
    """Return the alert of a rule after one more window, and what happened to it.

    ::

        nothing --break--> pending --for_windows breaks in a row--> firing --clear_windows holds in a row--> resolved
                           pending --hold--> resolved               firing --a person--> acknowledged --(as firing)

    A window breaks the rule when any of its measurements does (each feature may); it holds it when at least one
    measurement answers and none breaks. Measurements without an answer neither break nor hold. A break after
    ``resolved`` opens a new alert. A window that has been judged already changes nothing.

    Parameters
    ----------
    rule
        The rule.
    alert
        The newest alert of this rule, or None.
    measurements
        Of one window, judged by :func:`holter.rules.decide`; others than the rule watches are ignored.
    monitor
        Name of the monitor; part of the alert's id.
    window
        The window; windows come oldest first.
    now
        The time the events carry.

    Returns
    -------
    tuple
        The alert as it is now (None: there is none), and its events in order. Ids and keys are made from monitor, rule,
        window and state: the same history gives the same ones. ``Alert.measurement`` is the worst of the window.
    """
    if alert is not None and window.end <= alert.judged.end:
        return alert, ()
    answered = [each for each in measurements if rule.watches(each) and answers(rule, each)]
    if not answered:
        return alert, ()
    # Ties go to the first name, so that the order of the measurements does not matter.
    answered.sort(key=lambda each: (-excess(rule, each), each.feature or "", each.segment or "", each.value or 0.0))
    broken = [each for each in answered if excess(rule, each) > 0]
    if alert is None or not alert.is_open:
        if not broken:
            return alert, ()
        before, after = None, _opened(rule, broken, monitor, window)
    else:
        before, after = alert.state, _judged(rule, alert, broken, answered[0], window)
    if before is after.state:
        return after, ()
    return after, (_event(after, before, now),)


def _opened(rule: Rule, broken: Sequence[Measurement], monitor: str, window: Span) -> Alert:
    return Alert(
        id=_digest(monitor, rule.name, window.start.isoformat()),
        monitor=monitor,
        rule=rule.name,
        level=rule.level,
        state=AlertState.FIRING if rule.for_windows == 1 else AlertState.PENDING,
        opened=window,
        judged=window,
        breaking=1,
        holding=0,
        measurement=broken[0],
        sentence=sentence(rule, broken[0], window, also=broken[1:]),
    )


def _judged(rule: Rule, alert: Alert, broken: Sequence[Measurement], worst: Measurement, window: Span) -> Alert:
    breaking = alert.breaking + 1 if broken else 0
    holding = 0 if broken else alert.holding + 1
    state = alert.state
    if state is AlertState.PENDING:
        if not broken:
            state = AlertState.RESOLVED
        elif breaking >= rule.for_windows:
            state = AlertState.FIRING
    elif holding >= rule.clear_windows:
        state = AlertState.RESOLVED
    return replace(
        alert,
        state=state,
        judged=window,
        breaking=breaking,
        holding=holding,
        measurement=worst,
        sentence=sentence(rule, worst, window, broken=bool(broken), also=broken[1:]),
    )


def _event(alert: Alert, before: AlertState | None, now: datetime) -> AlertEvent:
    return AlertEvent(
        key=_digest(alert.id, str(alert.state), alert.judged.start.isoformat(), alert.judged.end.isoformat()),
        alert=alert.id,
        before=before,
        after=alert.state,
        at=now,
        actor=f"rule:{alert.monitor}/{alert.rule}",
        why=alert.sentence,
    )


def _digest(*parts: str) -> str:
    # Names may hold any character; their lengths keep ("a", "bc") and ("ab", "c") apart.
    from hashlib import sha256  # loads OpenSSL, which a comparison does not need

    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:16]
