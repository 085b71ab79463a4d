"""The same stretch of an earlier week."""

from collections.abc import Mapping
from dataclasses import dataclass

from holter.types.series import Series
from holter.types.traffic import Traffic


@dataclass(frozen=True)
class Week:
    """What happened to the requests in it, and what custom metrics and events said, by name."""

    traffic: Traffic
    series: Mapping[str, Series]
