"""How a canary or a shadow does beside the champion, asked for now."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from holter.monitor.targets import ServedModel
from holter.registry import Shelves
from holter.rules import Calibration, decide
from holter.signals import Need
from holter.signals.challenger import Challenger
from holter.types import Span
from holter.workspace.results import Measurements

_TICK: Final = timedelta(milliseconds=1)
"""The newest time of a table is known to the millisecond: the record of that time is to be in."""


def rivalry(shelves: Shelves, name: str, over: timedelta) -> Measurements:
    """Compare what second versions answered with the champion's answers, up to the newest record.

    Raises
    ------
    NotFound
        If there is no such deployment.
    """
    target = ServedModel(shelves, name, None)
    end = target.watermark()
    if end is None:
        return Measurements(())
    span = Span(end + _TICK - over, end + _TICK)
    case = target.case(span, Need.RIVALS)
    found = decide(Challenger().measure(case.target, case.baseline), Calibration.iid())
    return Measurements(tuple(replace(each, window=span) for each in found))
