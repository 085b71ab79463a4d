"""Judgement: thresholds, verdicts and the life of an alert. Pure: values in, values out."""

from holter.rules.alert import Alert, AlertEvent, AlertState
from holter.rules.rule import Level, Response, Rule

__all__ = ["Alert", "AlertEvent", "AlertState", "Level", "Response", "Rule"]
