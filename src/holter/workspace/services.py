"""How the service of each deployment is, now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from holter.rules import number
from holter.types import Gauged, Series
from holter.workspace.listing import Listing


@dataclass(frozen=True)
class ServiceNow:
    """What the process tree has measured of one deployment in the last two minutes."""

    deployment: str
    seen: Mapping[str, Series]

    def most(self, gauged: Gauged) -> float | None:
        """Return the largest value of a number; None when it was not measured."""
        return self.seen[gauged].maximum if gauged in self.seen else None

    @property
    def busy(self) -> float | None:
        """Share of the workers' time in which they could take no other request; None when none answered."""
        return self.seen[Gauged.BUSY].mean if Gauged.BUSY in self.seen else None


@dataclass(frozen=True, repr=False)
class Services(Listing[ServiceNow]):
    """Every deployment that was looked at lately."""

    _nothing: ClassVar[str] = "Nothing runs. Start it with: holter up --detach"
    _right: ClassVar[tuple[str, ...]] = ("workers", "busy", "in line", "journal lag", "journal")

    def _cells(self, item: ServiceNow) -> Mapping[str, str]:
        workers, missing = item.most(Gauged.WORKERS), item.most(Gauged.MISSING)
        lag, held = item.most(Gauged.JOURNAL_LAG), item.most(Gauged.JOURNAL_BYTES)
        return {
            "deployment": item.deployment,
            "workers": "" if workers is None else f"{workers:.0f}" + (f", {missing:.0f} missing" if missing else ""),
            "busy": number("service.busy", item.busy),
            "in line": number("service.waiting", item.most(Gauged.WAITING)),
            "journal lag": "" if lag is None else f"{lag:.1f} s",
            "journal": "" if held is None else f"{held / (1 << 20):,.1f} MiB",
        }

    def _plain(self, item: ServiceNow) -> dict[str, Any]:
        most = {str(each): item.most(each) for each in Gauged if each is not Gauged.BUSY}
        return {"deployment": item.deployment, "busy": item.busy, **most}
