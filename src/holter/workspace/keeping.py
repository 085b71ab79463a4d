"""What is kept of each deployment, and how its journal stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from holter.capture.health import Health
from holter.workspace.listing import Listing


@dataclass(frozen=True, repr=False)
class Kept(Listing[Health]):
    """The shelves of a workspace."""

    _nothing: ClassVar[str] = "Nothing is recorded."
    _right: ClassVar[tuple[str, ...]] = ("stored", "journal", "waits")

    def _cells(self, item: Health) -> Mapping[str, str]:
        shelf = item.shelf
        return {
            "records": shelf.name,
            "deployment": shelf.deployment,
            "model": shelf.model or "unknown",
            "until": "now" if shelf.ended is None else f"{shelf.ended:%Y-%m-%d %H:%M}",
            "stored": _mebibytes(item.stored),
            "journal": _mebibytes(item.held),
            "waits": "" if item.lag is None else f"{item.lag:.0f} s",
            "note": "is being removed" if shelf.unwanted else item.warning,
        }

    def _plain(self, item: Health) -> dict[str, Any]:
        shelf = item.shelf
        return {
            "shelf": shelf.name,
            "deployment": shelf.deployment,
            "model": shelf.model or None,
            "began": shelf.began.isoformat(),
            "ended": None if shelf.ended is None else shelf.ended.isoformat(),
            "unwanted": shelf.unwanted,
            "stored_bytes": item.stored,
            "journal_bytes": item.held,
            "journal_unread_bytes": item.unread,
            "journal_lag_seconds": item.lag,
            "journal_limit_bytes": item.limit,
            "unreadable_bytes": item.unreadable,
            "warning": item.warning,
        }

    @property
    def warnings(self) -> "Kept":
        """Those that somebody should look at."""
        return Kept(tuple(item for item in self.items if item.warning))


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
