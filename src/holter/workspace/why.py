"""Why a window is as it is, in words and as values."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from holter.signals.discovery import Segment
from holter.signals.explaining import Change, Explanation
from holter.types import Span
from holter.workspace.printing import number, share
from holter.workspace.results import moment


@dataclass(frozen=True, repr=False)
class Why:
    """The explanation of one window; prints as sentences."""

    monitor: str
    window: Span
    explanation: Explanation

    def __str__(self) -> str:
        return "\n".join(self._sentences())

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        found = self.explanation
        return {
            "monitor": self.monitor,
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "change": None if found.change is None else asdict(found.change),
            "missing": found.missing,
            "parts": [asdict(each) for each in found.parts],
            "worse": [_segment(each) for each in found.worse],
            "grown": [_segment(each) for each in found.grown],
            "harm": [asdict(each) for each in found.harm],
            "rows": [asdict(each) | {"at": each.at and each.at.isoformat()} for each in found.rows],
        }

    def to_json(self) -> str:
        """Return the same as JSON text; it never holds NaN."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def _sentences(self) -> Iterator[str]:
        found = self.explanation
        yield f"{self.monitor}, {moment(self.window.start)} to {moment(self.window.end)} UTC"
        if found.change is None:
            yield f"How wrong the model was is not known: {found.missing}."
        else:
            yield from _change(found.change, found)
        for each in found.worse:
            told = f"{number(each.value)}, and {number(each.expected)} had it changed as all other rows did"
            yield f"Worse where {each.label}: {told} (p {each.p_value:.1g}, {each.n:,} rows)."
        if found.change is not None and not found.worse:
            yield "No segment got worse than the others beyond what chance explains."
        for each in found.grown:
            yield f"More rows where {each.label}: {share(each.value)}, {share(each.expected)} expected by the baseline."
        if found.harm:
            told = ", ".join(f"{each.feature} ({number(each.value)})" for each in found.harm)
            yield f"What drifted, by how much the model leans on it (importance times distance): {told}."
        if found.rows:
            yield f"Rows to look at: {', '.join(f'{row.record} ({number(row.loss)})' for row in found.rows)}."


def _change(change: Change, found: Explanation) -> Iterator[str]:
    kind = change.kind[:1].upper() + change.kind[1:]
    moved = change.value - change.baseline
    yield f"{kind}: {number(change.value)}, {number(change.baseline)} in the baseline, of {change.n:,} labelled rows."
    if not found.parts:
        return
    most = found.parts[0]
    who = f"other rows coming (by {most.feature}, which tells most): {most.mix:+.3g}"
    yield f"Of the change of {moved:+.3g}, {who}; rows alike treated otherwise: {most.within:+.3g}."


def _segment(found: Segment) -> dict[str, Any]:
    plain = asdict(found) | {"columns": list(found.columns), "segment": found.label, "p_value": found.p_value}
    return {name: value for name, value in plain.items() if name not in ("cell", "label")}
