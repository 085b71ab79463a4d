"""``azureml.datadrift.DataDriftProfile``: what a run found, to be read by a person."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from textwrap import fill
from typing import Any, Final

from holter.profile.tables import html_table, text_table, visible
from holter.types import Verdict
from holter.workspace.changes import WORDS
from holter.workspace.printing import number, page_width, share

HEADERS: Final = ("feature", "contribution", "Wasserstein", "energy", "JS", "verdict")
LEGEND: Final = (
    "contribution: share of telling the sides apart. Wasserstein: distance in the unit of the feature;\n"
    "energy: in its square root. JS: Jensen-Shannon distance, 0 to 1. verdict: beyond chance and large\n"
    "enough to matter."
)
BLIND: Final = (
    "The coefficient does not exceed its threshold although something changed: it is blind to moderate shifts "
    "(half a standard deviation of one feature at 1,000 rows). Follow the verdict."
)


@dataclass(frozen=True)
class FeatureDrift:
    """How one feature changed; None where there is no answer, which ``why`` explains."""

    feature: str
    contribution: float | None
    wasserstein_distance: float | None
    energy_distance: float | None
    jensen_shannon_distance: float | None
    verdict: str
    why: str

    def cells(self) -> tuple[str, ...]:
        """Return it as text, in the order of :data:`HEADERS`."""
        distances = (self.wasserstein_distance, self.energy_distance, self.jensen_shannon_distance)
        verdict = WORDS[Verdict(self.verdict)]
        return (visible(self.feature), share(self.contribution), *(number(each) for each in distances), verdict)


@dataclass(frozen=True, repr=False)
class DataDriftProfile:
    """What one run found; prints as a table.

    Differs: the original returned a run to be looked up in a portal, and had no class of this name.

    Parameters
    ----------
    run_id, detector
        The run, and whose it is.
    made_at, start, end
        When it was made, and the window it is about (both ends: the moment of the run, where rows have no time).
    baseline_dataset_id, target_dataset_id, baseline_rows, target_rows
        What was compared.
    threshold
        What the coefficient must exceed.
    coefficient
        Matthews correlation of a seeded classifier that tells the sides apart, on rows it has not seen; None where
        ``why`` says so.
    verdict
        ``drift`` when something changed beyond chance and enough to matter, ``no drift``, or ``no answer``.
    sentence
        The verdict in words.
    features
        Each feature, the most changed first.
    why, note
        Why there is no coefficient, and what else must be known; empty where nothing is.
    """

    run_id: str
    detector: str
    made_at: datetime
    start: datetime
    end: datetime
    baseline_dataset_id: str
    target_dataset_id: str
    baseline_rows: int
    target_rows: int
    threshold: float
    coefficient: float | None
    verdict: str
    sentence: str
    features: tuple[FeatureDrift, ...]
    why: str = ""
    note: str = ""

    @property
    def has_drift(self) -> bool:
        """Whether the coefficient exceeds its threshold, as on Azure; :attr:`verdict` stands beside it."""
        return self.coefficient is not None and self.coefficient > self.threshold

    @property
    def id(self) -> str:
        """Return the same as ``run_id``, as a run of the original had it."""
        return self.run_id

    def get_status(self) -> str:
        """Tell how the run is: over, when there is a profile."""
        return "Completed"

    def wait_for_completion(self, show_output: bool = False, **others: Any) -> Mapping[str, str]:
        """Return at once: the run is over."""
        del show_output, others
        return {"runId": self.run_id, "status": self.get_status()}

    @property
    def headline(self) -> str:
        """Say coefficient, threshold and verdict in a line or two."""
        if self.coefficient is None:
            told = f"No drift coefficient: {self.why}."
        else:
            side = "above" if self.has_drift else "not above"
            told = f"Drift coefficient {number(self.coefficient)}, {side} its threshold of {number(self.threshold)}."
        blind = [BLIND] if self.verdict == "drift" and self.coefficient is not None and not self.has_drift else []
        notes = [self.note] if self.note else []
        return "\n".join([told, f"Calibrated verdict: {self.verdict}. {self.sentence}", *blind, *notes])

    def __str__(self) -> str:
        width = page_width()
        lines = [f"{self.detector}, {_span(self.start, self.end)}", *self.headline.split("\n")]
        head = "\n".join(fill(visible(line), width) for line in lines)
        rows = [each.cells() for each in self.features]
        notes = [each.why for each in self.features]
        return f"{head}\n\n{text_table(HEADERS, rows, right=HEADERS[1:5], width=width, notes=notes)}\n\n{LEGEND}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(*each.cells(), each.why) for each in self.features]
        return html_table((*HEADERS, "what changed"), rows, caption=self.headline)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; :meth:`from_dict` reads them."""
        plain = asdict(self)
        return plain | {name: plain[name].isoformat() for name in _MOMENTS}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "DataDriftProfile":
        """Read what :meth:`to_dict` wrote."""
        moments = {name: datetime.fromisoformat(plain[name]) for name in _MOMENTS}
        features = tuple(FeatureDrift(**each) for each in plain["features"])
        return cls(**{**plain, **moments, "features": features})


_MOMENTS: Final = ("made_at", "start", "end")


def _span(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M}" if start == end else f"{start:%Y-%m-%d} to {end:%Y-%m-%d} (UTC)"
