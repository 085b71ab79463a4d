"""Times in which nobody is told."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from holter.errors import NotFound
from holter.registry import Shelves
from holter.rules import Silence
from holter.store.kept import Entry
from holter.types import as_utc, parse_duration
from holter.workspace.identity import actor
from holter.workspace.listing import Listing


@dataclass(frozen=True, repr=False)
class SilenceList(Listing[Silence]):
    """Silences, the earliest first."""

    _nothing: ClassVar[str] = "Nothing is silenced."

    def _cells(self, item: Silence) -> Mapping[str, str]:
        about = [f"{name} {value}" for name, value in _about(item).items() if value != "*"]
        return {
            "id": item.id,
            "about": ", ".join(about) or "everything",
            "from, UTC": f"{item.starts:%Y-%m-%d %H:%M}",
            "to, UTC": f"{item.ends:%Y-%m-%d %H:%M}",
            "by": item.actor,
            "reason": item.reason,
        }

    def _plain(self, item: Silence) -> dict[str, Any]:
        times = {"starts": item.starts.isoformat(), "ends": item.ends.isoformat()}
        return {"id": item.id, **_about(item), **times, "actor": item.actor, "reason": item.reason}


def _about(silence: Silence) -> dict[str, str]:
    return {name: getattr(silence, name) for name in ("monitor", "rule", "feature")}


@dataclass(frozen=True)
class Silences:
    """Begins and ends silences; reached as ``workspace.silences``."""

    shelves: Shelves

    def add(
        self,
        lasting: str | timedelta,
        reason: str,
        *,
        monitor: str = "*",
        rule: str = "*",
        feature: str = "*",
        starts: datetime | None = None,
        by: str | None = None,
    ) -> Silence:
        """Tell nobody of some alerts for a time; they live on, and answers are still asked for.

        Parameters
        ----------
        lasting
            How long: ``2h``, ``1d`` or a timedelta.
        reason
            Why; the ledger keeps it, and every message held back names it.
        monitor, rule, feature
            Which alerts: names or patterns (``churn-*``); all by default.
        starts
            When it begins; now by default. Later is a planned maintenance.
        by
            Who wants it; by default the person this process runs for.

        Raises
        ------
        BadDuration
            If ``lasting`` is no duration.
        InputError
            If there is no reason.
        """
        begins = as_utc(starts) if starts else datetime.now(UTC)
        ends, name = begins + parse_duration(lasting), uuid.uuid4().hex[:12]
        silence = Silence(name, begins, ends, reason, by or actor(), monitor, rule, feature)
        self._save(silence, "silence.begin", reason)
        return silence

    def end(self, silence: str, *, reason: str = "", by: str | None = None) -> Silence:
        """End a silence now; what it held back is then told. Raises NotFound."""
        known = {each.id: each for each in self.shelves.facts.silences()}
        if silence not in known:
            raise NotFound("silence", silence, known)
        ended = known[silence].ended(datetime.now(UTC))
        self._save(ended, "silence.end", reason, by)
        return ended

    def list(self, *, past: bool = False) -> SilenceList:
        """Return silences that hold or will, and with ``past`` those that are over, too."""
        return SilenceList(tuple(self.shelves.facts.silences(None if past else datetime.now(UTC))))

    def _save(self, silence: Silence, action: str, reason: str, by: str | None = None) -> None:
        facts = {"silence": silence.id, **_about(silence), "starts": silence.starts, "ends": silence.ends}
        subject = "workspace" if "*" in silence.monitor else f"monitor:{silence.monitor}"
        with self.shelves.facts.begin() as transaction:
            transaction.save_silence(silence)
            entry = Entry(by or silence.actor, action, subject, reason, facts)
            transaction.record(entry, datetime.now(UTC))
