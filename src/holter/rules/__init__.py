"""Judgement: thresholds, verdicts and the life of an alert. Pure: values in, values out."""

from holter.rules.advance import advance
from holter.rules.alert import Alert, AlertEvent, AlertState
from holter.rules.breaking import breaks, broken_by
from holter.rules.budget import Budget
from holter.rules.decide import Calibration, decide
from holter.rules.rule import Level, Response, Rule
from holter.rules.silence import Silence
from holter.rules.titles import number, title

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertState",
    "Budget",
    "Calibration",
    "Level",
    "Response",
    "Rule",
    "Silence",
    "advance",
    "breaks",
    "broken_by",
    "decide",
    "number",
    "title",
]
