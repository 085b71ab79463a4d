"""The words of the house: the values every room passes on, and nothing that does anything.

Each is frozen, compares by value and knows no room above it. What they mean is in the glossary
(``docs/glossary.md``); what they must never hold is NaN where a reader expects a number: a value that cannot be
computed is ``None`` beside a :class:`Verdict` and a reason.
"""

from holter.types.contrast import ContrastKey, Contrasts, Family
from holter.types.distance import Distance
from holter.types.measurement import CERTAIN, Calibrated, Evidence, Interval, Measurement, Verdict
from holter.types.records import (
    DIGEST,
    EVENT_DAY,
    EVENT_TIME,
    LABEL,
    LABELLED_AT,
    LATENCY,
    LOWER,
    OPTIONAL,
    PREDICTION,
    QUERY,
    RAW,
    RECEIVED_AT,
    REQUEST_ID,
    RESERVED,
    ROLE,
    ROW,
    SCORE,
    SCORES,
    STATUS,
    UPPER,
    VERSION,
)
from holter.types.schema import Feature, Kind, Schema, Task
from holter.types.series import Occurrence, Series, SeriesKind
from holter.types.service import Gauged
from holter.types.time import Span, as_utc, parse_duration
from holter.types.traffic import Traffic
from holter.types.week import Week

__all__ = [
    "CERTAIN",
    "DIGEST",
    "EVENT_DAY",
    "EVENT_TIME",
    "LABEL",
    "LABELLED_AT",
    "LATENCY",
    "LOWER",
    "OPTIONAL",
    "PREDICTION",
    "QUERY",
    "RAW",
    "RECEIVED_AT",
    "REQUEST_ID",
    "RESERVED",
    "ROLE",
    "ROW",
    "SCORE",
    "SCORES",
    "STATUS",
    "UPPER",
    "VERSION",
    "Calibrated",
    "ContrastKey",
    "Contrasts",
    "Distance",
    "Evidence",
    "Family",
    "Feature",
    "Gauged",
    "Interval",
    "Kind",
    "Measurement",
    "Occurrence",
    "Schema",
    "Series",
    "SeriesKind",
    "Span",
    "Task",
    "Traffic",
    "Verdict",
    "Week",
    "as_utc",
    "parse_duration",
]
