"""What the process tree measures of itself, a few times a minute: the names of the numbers."""

from enum import StrEnum
from typing import Final

NEARLY_FULL: Final = 0.5
"""Share of its limit from which on a journal is said to be near it."""
LATE_SECONDS: Final = 60.0
"""A record that waits this long in a journal is late: the compactor takes it every few seconds."""


class Gauged(StrEnum):
    """One number of the service of a deployment.

    ``JOURNAL_LAG`` seconds is how long the oldest request waits for its table, ``JOURNAL_BYTES`` what the journal
    holds, ``JOURNAL_FILLED`` the share of what it may hold. ``WORKERS`` are those that answer, ``MISSING`` those that
    should and do not, ``REPLACED`` those lost since the time before. ``BUSY`` is the share of their time in which they
    could take no other request, ``WAITING`` how many requests wait for a turn, ``GAPS`` how many were served and not
    recorded since the time before.
    """

    JOURNAL_LAG = "journal_lag_s"
    JOURNAL_BYTES = "journal_bytes"
    JOURNAL_FILLED = "journal_filled"
    WORKERS = "workers"
    MISSING = "workers_missing"
    REPLACED = "workers_replaced"
    BUSY = "busy"
    WAITING = "waiting"
    GAPS = "gaps"
