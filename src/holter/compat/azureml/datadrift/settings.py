"""What a detector is told to do, and the arguments that say so, checked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from holter.compat.azureml.datadrift.alert_configuration import AlertConfiguration
from holter.compat.azureml.datadrift.tables import KeptTable
from holter.compat.azureml.exceptions import UserErrorException

THRESHOLD: Final = 0.2
"""What the coefficient must exceed where nobody says; Azure's default."""
DAYS: Final = {"Day": 1, "Week": 7, "Month": 30}
"""How long a window of each frequency is. Differs: a month is 30 days, so that all windows are of one length."""


@dataclass(frozen=True)
class Settings:
    """A detector, as it is kept.

    Parameters
    ----------
    name
        Its name; that of its monitor too.
    baseline, target
        The two tables.
    features
        The columns that are compared.
    interval
        Length of a window in days.
    frequency
        ``Day``, ``Week`` or ``Month``; None where the interval is none of these.
    threshold
        What the coefficient must exceed.
    latency
        Hours to wait for late rows after a window has ended.
    addresses
        Who is told; empty: nobody.
    compute_target
        A label; everything runs here.
    enabled
        Whether the schedule runs.
    """

    name: str
    baseline: KeptTable
    target: KeptTable
    features: tuple[str, ...]
    interval: int = 1
    frequency: str | None = "Day"
    threshold: float = THRESHOLD
    latency: int = 0
    addresses: tuple[str, ...] = ()
    compute_target: str | None = None
    enabled: bool = False

    def __post_init__(self) -> None:
        for name in ("features", "addresses"):  # lists, where they come from JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def every(self) -> timedelta:
        """Return the length of a window."""
        return timedelta(days=self.interval)


def features_of(given: Sequence[str] | None, baseline: KeptTable, target: KeptTable) -> tuple[str, ...]:
    """Return the columns to compare; None: all that both tables have, but for times.

    Raises
    ------
    UserErrorException
        For a column that one of them does not have, naming those that both have; if there is none to compare.
    """
    times = {baseline.time, target.time}
    shared = [name for name in baseline.columns if name in target.columns and name not in times]
    if not shared:
        theirs = f"{', '.join(baseline.columns)} and {', '.join(target.columns)}"
        raise UserErrorException(f"baseline and target have no column in common: {theirs}.")
    if given is None:
        return tuple(shared)
    wanted = [given] if isinstance(given, str) else list(given)
    if not wanted:
        raise UserErrorException("feature_list is empty; leave it out to compare all columns.")
    missing = [name for name in wanted if name not in shared]
    if missing:
        names = ", ".join(map(repr, missing))
        raise UserErrorException(f"baseline and target do not both have {names}; both have {', '.join(shared)}.")
    return tuple(dict.fromkeys(wanted))


def threshold_of(given: Any) -> float:
    """Return a threshold; 0.0 is one. Raises UserErrorException."""
    if given is None:
        return THRESHOLD
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    if not is_number or not 0 <= given <= 1:
        raise UserErrorException(f"drift_threshold={given!r} is no number from 0 to 1.")
    return float(given)


def frequency_of(given: str | None) -> str:
    """Return a frequency by its name; None: ``Day``. Raises UserErrorException."""
    found = {name.lower(): name for name in DAYS}.get(str(given or "Day").lower())
    if found is None:
        raise UserErrorException(f"frequency={given!r} is not known; known: {', '.join(DAYS)}.")
    return found


def interval_of(given: Any) -> int:
    """Return a number of days. Raises UserErrorException."""
    return _whole("interval", given, 1, "days")


def latency_of(given: Any) -> int:
    """Return a number of hours; None: 0. Raises UserErrorException."""
    return _whole("latency", 0 if given is None else given, 0, "hours")


def addresses_of(given: AlertConfiguration | None) -> tuple[str, ...]:
    """Return who is told. Raises UserErrorException."""
    if given is None:
        return ()
    if not isinstance(given, AlertConfiguration):
        raise UserErrorException(f"alert_config={given!r} is no AlertConfiguration(email_addresses).")
    return tuple(given.email_addresses)


def name_of(days: int) -> str | None:
    """Return the frequency of so many days; None where it has no name."""
    return next((name for name, length in DAYS.items() if length == days), None)


def _whole(what: str, given: Any, least: int, unit: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise UserErrorException(f"{what}={given!r} is no whole number of {unit} from {least}.")
    return given
