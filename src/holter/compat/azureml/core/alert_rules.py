"""Alert rules in the form of the page everybody copied, read into Holter's.

A list of ``{"name", "condition": {"type", "name", "threshold", "operator", ...}, "actions": [{"type", ...}]}``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from holter.compat.azureml.exceptions import WebserviceException
from holter.errors import BadDuration
from holter.rules import Level, Response, Rule
from holter.types import parse_duration

WINDOW: Final = timedelta(minutes=5)
"""What a condition looks at when it does not say; Azure Monitor's default as well."""

_METRICS: Final = {
    "requestsfailed": "traffic.failures",
    "requests/failed": "traffic.failures",
    "requests": "traffic.requests",
    "requests/count": "traffic.requests",
    "requestsperminute": "traffic.requests",
    "requestlatency": "traffic.latency_mean_ms",
    "requests/duration": "traffic.latency_mean_ms",
    "requestlatency_p50": "traffic.latency_p50_ms",
    "requestlatency_p95": "traffic.latency_p95_ms",
}
"""Names Azure's users know, in small letters. Any other name is a custom metric or event that the code tracks."""
_AGGREGATIONS: Final = {
    "average": "mean",
    "avg": "mean",
    "count": "count",
    "maximum": "maximum",
    "minimum": "minimum",
    "sum": "total",
    "total": "total",
}
_Limits = tuple[float | None, float | None, float | None]
_OPERATORS: Final[Mapping[str, Callable[[float], _Limits]]] = {
    "GreaterThan": lambda limit: (limit, None, None),
    "GreaterThanOrEqual": lambda limit: (math.nextafter(limit, -math.inf), None, None),
    "LessThan": lambda limit: (None, limit, None),
    "LessThanOrEqual": lambda limit: (None, math.nextafter(limit, math.inf), None),
    "Equals": lambda limit: (None, None, limit),
    "NotEquals": lambda limit: (limit, limit, None),
}
"""Above, below and equal to what a rule is broken."""
_ACTIONS: Final = {
    "Email": ("email", {"email": "to", "emails": "to"}),
    "Webhook": ("webhook", {"url": "url", "uri": "url", "serviceUri": "url", "key": "key"}),
    "Retrain": ("retrain", None),
    "Rollback": ("rollback", None),
    "Promote": ("promote", None),
    "Command": ("command", None),
}
"""Type of an action: the kind of response, and what its keys are called there (None: the same)."""
_RULE: Final = {"name", "condition", "actions", "description", "severity", "enabled"}
_CONDITION: Final = {"type", "name", "threshold", "operator", "window", "aggregation", "dimension"}
_LEVELS: Final = {0: Level.PAGE, 1: Level.PAGE, 2: Level.WARNING, 3: Level.WARNING, 4: Level.INFORMATION}
"""Azure Monitor's severities: critical, error, warning, informational, verbose."""


@dataclass(frozen=True)
class AlertRule:
    """One rule: as it was given, and as Holter follows it over ``window``."""

    given: Mapping[str, Any]
    rule: Rule
    window: timedelta


def read_rules(given: Sequence[Mapping[str, Any]]) -> tuple[AlertRule, ...]:
    """Read all rules, or refuse all of them.

    Raises
    ------
    WebserviceException
        For an unknown key, type, operator or aggregation, naming the rule by its index.
    """
    rules: list[AlertRule] = []
    for place, plain in enumerate(given):
        rules.append(_read(place, plain))
        if any(other.rule.name == rules[-1].rule.name for other in rules[:-1]):
            raise _wrong(place, f"the name {rules[-1].rule.name!r} is taken by an earlier rule")
    return tuple(rules)


def _read(place: int, plain: Mapping[str, Any]) -> AlertRule:
    _known(place, plain, _RULE, "key")
    condition, actions = plain.get("condition"), plain.get("actions", [])
    if not isinstance(condition, Mapping):
        raise _wrong(place, "it has no condition")
    if not isinstance(actions, Sequence) or isinstance(actions, str):
        raise _wrong(place, "its actions are no list")
    _known(place, condition, _CONDITION, "key of a condition")
    if condition.get("type", "Metric") != "Metric":
        raise _wrong(place, f"a condition of type {condition['type']!r} is not known; known: Metric")
    metric, feature = _metric(place, condition)
    above, below, equal = _limits(place, condition)
    rule = Rule(
        name=_name(place, plain),
        metric=metric,
        feature=feature,
        above=above,
        below=below,
        equal=equal,
        sure=False,
        level=_LEVELS.get(plain.get("severity", 2), Level.WARNING),
        responses=tuple(_response(place, action) for action in actions),
    )
    return AlertRule(dict(plain), rule, _window(place, condition))


def _name(place: int, plain: Mapping[str, Any]) -> str:
    name = plain.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(place, "it has no name")
    return name


def _metric(place: int, condition: Mapping[str, Any]) -> tuple[str, str | None]:
    name, aggregation = condition.get("name"), condition.get("aggregation")
    if not isinstance(name, str) or not name:
        raise _wrong(place, "its condition names no metric")
    dimension = condition.get("dimension")
    known = _METRICS.get(name.lower())
    if known is not None:
        if dimension is not None:
            raise _wrong(place, f"{name} is not split by {dimension!r}; leave dimension out")
        return known, None
    chosen = _AGGREGATIONS.get(str(aggregation or "average").lower())
    if chosen is None:
        raise _wrong(place, f"aggregation {aggregation!r} is not known; known: {', '.join(sorted(_AGGREGATIONS))}")
    return f"telemetry.{chosen}", name


def _limits(place: int, condition: Mapping[str, Any]) -> _Limits:
    operator, threshold = condition.get("operator"), condition.get("threshold")
    if not isinstance(operator, str) or operator not in _OPERATORS:
        raise _wrong(place, f"operator {operator!r} is not known{_hint(operator, _OPERATORS)}")
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool) and math.isfinite(threshold)
    if not is_number or threshold is None:
        raise _wrong(place, f"threshold {threshold!r} is not a finite number")
    return _OPERATORS[operator](float(threshold))


def _window(place: int, condition: Mapping[str, Any]) -> timedelta:
    window = condition.get("window")
    try:
        return WINDOW if window is None else _iso(window)
    except (BadDuration, TypeError) as error:
        raise _wrong(place, f"window {window!r} is no duration; write 5m or PT5M") from error


def _iso(text: Any) -> timedelta:
    """Read ``PT5M`` as well as ``5m``."""
    plain = str(text).strip()
    return parse_duration(plain.upper().removeprefix("PT").removeprefix("P").lower())


def _response(place: int, action: Any) -> Response:
    if not isinstance(action, Mapping) or action.get("type") not in _ACTIONS:
        kind = action.get("type") if isinstance(action, Mapping) else action
        raise _wrong(place, f"an action of type {kind!r} is not known{_hint(kind, _ACTIONS)}")
    kind, names = _ACTIONS[action["type"]]
    options = {key: value for key, value in action.items() if key != "type"}
    if names is None:
        return Response(kind, {key: str(value) for key, value in options.items()})
    _known(place, options, set(names), f"key of an action of type {action['type']}")
    return Response(kind, {names[key]: _text(value) for key, value in options.items()})


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _known(place: int, given: Any, known: set[str], what: str) -> None:
    if not isinstance(given, Mapping):
        raise _wrong(place, "it is no dictionary")
    unknown = sorted(set(given) - known)
    if unknown:
        raise _wrong(place, f"{unknown[0]!r} is no {what}{_hint(unknown[0], known)}")


def _hint(name: Any, known: Any) -> str:
    close = get_close_matches(str(name), sorted(known), n=1)
    return f". Did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"


def _wrong(place: int, why: str) -> WebserviceException:
    return WebserviceException(f"alert rule {place}: {why}. Nothing was changed.")
