"""Asking a monitor why a window is as it is."""

from datetime import datetime
from typing import Final

from holter.errors import NotFound
from holter.monitor.targets import target_of
from holter.registry import Shelves
from holter.signals import Need
from holter.signals.explaining import Explanation, explained
from holter.types import Span

_NEEDS: Final = Need.ROWS | Need.LABELS


def why(shelves: Shelves, name: str, at: datetime | None = None, alert: str | None = None) -> tuple[Span, Explanation]:
    """Explain the window that a monitor judged last, or that ends at a moment, or that an alert rests on.

    Parameters
    ----------
    shelves, name
        The workspace and the monitor.
    at
        Any moment: the newest window that ends by then.
    alert
        Id of an alert of the monitor: the window it was judged on last.

    Raises
    ------
    NotFound
        If there is no such monitor, alert or window.
    NaiveTime
        If the moment has no zone.
    """
    entry = shelves.registry.monitor(name)
    if alert is not None:
        window = shelves.facts.alert(alert).judged
    else:
        end = shelves.facts.newest_window(name) if at is None else Span.covering(at, entry.every).start
        if end is None:
            raise NotFound("window of", name)
        window = Span(end - entry.over, end)
    case = target_of(shelves, entry).case(window, _NEEDS)
    return window, explained(case.target, case.baseline)
