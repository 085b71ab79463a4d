"""How many false pages a user accepts, and what that leaves for one window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from holter.errors import BadBudget

_PERIODS: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=365.25) / 12,
    "quarter": timedelta(days=365.25) / 4,
    "year": timedelta(days=365.25),
}
_WINDOW: Final = "window"
_MOST: Final = 0.05
"""A window that may be false more often than this is not judged but diced (our choice)."""


@dataclass(frozen=True)
class Budget:
    """How many false pages are accepted, for one model, in some time.

    Parameters
    ----------
    false_pages
        How many; need not be whole.
    per
        ``hour``, ``day``, ``week``, ``month``, ``quarter``, ``year``, or ``window``.

    Raises
    ------
    BadBudget
        If the number is not above 0, or there is no such period.

    Examples
    --------
    >>> round(Budget().level(timedelta(days=1)), 5), Budget(0.001, per="window").level(timedelta(hours=1))
    (0.01095, 0.001)
    """

    false_pages: float = 1.0
    per: str = "quarter"

    def __post_init__(self) -> None:
        if isinstance(self.false_pages, bool) or not 0 < self.false_pages < float("inf"):
            raise BadBudget(f"false_pages={self.false_pages!r} is no number above 0")
        if self.per != _WINDOW and self.per not in _PERIODS:
            raise BadBudget(f"per={self.per!r} is none of {', '.join((*_PERIODS, _WINDOW))}")

    def level(self, every: timedelta) -> float:
        """Return the chance of a false page that one window may have, when there is one ``every`` so often."""
        if self.per == _WINDOW:
            return min(self.false_pages, _MOST)
        return min(self.false_pages * (every / _PERIODS[self.per]), _MOST)

    def share(self, monitors: int) -> "Budget":
        """Return what each of some monitors of one model may spend."""
        return Budget(self.false_pages / max(monitors, 1), self.per)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2/quarter`` or ``0.001/window``.

        Raises
        ------
        BadBudget
            If it is no number and period.

        Examples
        --------
        >>> print(Budget.parse("2/quarter"))
        2 false pages per quarter
        """
        number, slash, per = text.partition("/")
        if not slash:
            raise BadBudget(f"{text!r} is no number and period")
        return cls.from_dict({"false_pages": number.strip(), "per": per.strip()})

    def __str__(self) -> str:
        return f"{self.false_pages:g} false page{'' if self.false_pages == 1 else 's'} per {self.per}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; :meth:`from_dict` reads them."""
        return {"false_pages": self.false_pages, "per": self.per}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read a budget from plain values.

        Raises
        ------
        BadBudget
            For an unknown key or a value that is none.
        """
        unknown = set(data) - {"false_pages", "per"}
        if unknown:
            raise BadBudget(f"unknown key {min(unknown)!r}")
        try:
            return cls(float(data.get("false_pages", 1.0)), str(data.get("per", "quarter")))
        except (TypeError, ValueError) as error:
            raise BadBudget(str(error)) from error
