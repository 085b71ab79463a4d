"""A sign of life to somebody else: who falls silent can tell nobody that it did."""

import logging
from typing import Final

from holter.errors import DeliveryFailed
from holter.registry import Shelves
from holter.respond.posting import post

_log = logging.getLogger("holter.respond")

SECONDS: Final = 60.0
"""Time between two signs of life."""


class Heartbeat:
    """Posts to the address of a dead-man's switch after each pass of the monitors that went well.

    The other side raises the alarm when nothing comes. The setting ``heartbeat_url`` names it; empty: nothing is sent.

    Parameters
    ----------
    shelves
        The workspace.
    """

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._well = False
        self._failing = False

    def passed(self, *, well: bool) -> None:
        """Note how the newest pass of the monitors went."""
        self._well = well

    def once(self) -> bool:
        """Send a sign of life if a pass has gone well since the last one; return whether it arrived."""
        url, well = self._shelves.settings.heartbeat_url, self._well
        self._well = False
        if not (url and well):
            return False
        try:
            post("heartbeat", url, b"{}", {"Content-Type": "application/json"})
        except DeliveryFailed as error:
            if not self._failing:
                _log.warning("no sign of life: %s", error)
            self._failing = True
            return False
        self._failing = False
        return True
