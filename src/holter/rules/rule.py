"""What to watch for, for how long, and what to do."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from holter.errors import BadRule
from holter.rules.covering import covers
from holter.types import Measurement


class Level(StrEnum):
    """How much an alert matters: read it some day, look at it today, wake somebody."""

    INFORMATION = "information"
    WARNING = "warning"
    PAGE = "page"


@dataclass(frozen=True)
class Response:
    """One answer to an alert.

    ``kind`` is ``email``, ``webhook``, ``command``, ``retrain``, ``promote`` or ``rollback``; its options are all text
    (``{"to": "team@example.com"}``).
    """

    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"kind": self.kind, "options": dict(self.options)}


@dataclass(frozen=True)
class Rule:
    """A condition on one metric.

    Parameters
    ----------
    name
        Unique within its monitor.
    metric
        ``signal.metric``, for example ``performance.roc_auc``.
    above, below
        Fixed thresholds; at least one, unless ``calibrated`` or ``equal``.
    equal
        A value that must not be reached exactly: for counts.
    calibrated
        Follow the calibrated verdict of the measurement (see :func:`holter.rules.decide`) instead of a fixed threshold.
    feature
        Only this one; None matches every feature (each of which may break the rule).
    segment
        None: all rows together. A label (``country=DE``): that segment. ``*``: each segment, any of which may break the
        rule; ``country=*``: each of that column, also within a combination (``country=DE & device=*``).
    for_windows
        Consecutive windows that must break it before it fires.
    clear_windows
        Consecutive windows that must hold before it resolves.
    sure
        Break only when the whole interval lies beyond the threshold: chance alone then rarely fires it.
    level
        What the alert is worth.
    responses
        What to do when it fires.

    Raises
    ------
    BadRule
        With the field that cannot be followed.
    """

    name: str
    metric: str
    above: float | None = None
    below: float | None = None
    equal: float | None = None
    calibrated: bool = False
    feature: str | None = None
    segment: str | None = None
    for_windows: int = 1
    clear_windows: int = 1
    sure: bool = True
    level: Level = Level.WARNING
    responses: tuple[Response, ...] = ()

    def __post_init__(self) -> None:
        if self.metric.count(".") != 1:
            raise BadRule(self.name, f"metric {self.metric!r} is not of the form signal.metric")
        if self.above is None and self.below is None and self.equal is None and not self.calibrated:
            raise BadRule(self.name, "give above=, below=, equal= or calibrated=True")
        for side in ("above", "below", "equal"):
            limit = getattr(self, side)
            if limit is not None and not _is_number(limit):
                raise BadRule(self.name, f"{side}={limit!r} is not a finite number")
        if not all(isinstance(count, int) and count >= 1 for count in (self.for_windows, self.clear_windows)):
            raise BadRule(self.name, "for_windows and clear_windows are whole numbers from 1")

    def watches(self, measurement: Measurement) -> bool:
        """Tell whether the rule is about this measurement."""
        return (
            measurement.name == self.metric
            and self.feature in (None, measurement.feature)
            and covers(self.segment, measurement.segment)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; :meth:`from_dict` reads them."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "responses"}
        return plain | {"level": str(self.level), "responses": [response.to_dict() for response in self.responses]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read a rule from plain values, such as a table of a TOML file.

        Raises
        ------
        BadRule
            For an unknown key, level or response, naming it.
        """
        name = str(data.get("name", "unnamed"))
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise BadRule(name, f"unknown key {min(unknown)!r}")
        try:
            responses = tuple(Response(str(r["kind"]), dict(r.get("options", {}))) for r in data.get("responses", ()))
            return cls(**{**data, "level": Level(data.get("level", Level.WARNING)), "responses": responses})
        except KeyError as error:
            raise BadRule(name, f"a response has no {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise BadRule(name, str(error)) from error


def _is_number(limit: object) -> bool:
    return isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
