"""How one column changed, in numbers and in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from holter.profile import CategoricalColumn, Column, NumericColumn
from holter.profile.tables import shortened
from holter.profile.text import TextColumn
from holter.profile.vector import VectorColumn
from holter.profile.wording import kind_of_column, plain_number
from holter.rules import number, title
from holter.signals.comparable import Laid
from holter.signals.distances import all_distances
from holter.types import Distance, Measurement, Verdict
from holter.workspace.printing import share

DISTANCE: Final = "data_drift.jensen_shannon"
"""What columns are ranked by."""
HEADERS: Final = ("column", "JS", "PSI", "KS or TV", "moved", "nulls", "verdict")
NUMBERS: Final = HEADERS[1:6]
LEGEND: Final = (
    "JS: Jensen-Shannon distance, 0 to 1. PSI: population stability index. KS or TV: largest gap of\n"
    "the distribution functions (numbers), or share of rows in another category. moved: Wasserstein\n"
    "distance in standard deviations of the baseline."
)
OPEN: Final = " ±: what the summaries leave open."
WORDS: Final = {
    Verdict.ALARM: "alarm",
    Verdict.OK: "ok",
    Verdict.INSUFFICIENT: "too few",
    Verdict.UNDEFINED: "none",
    Verdict.ERROR: "error",
}
"""Verdicts where there is little room; what they mean for the column is said below its row."""
NEW: Final = 10
"""Names of new and of gone categories kept."""
_NAME: Final = 20
_DRIFT: Final = "data_drift"
_GRAVEST: Final = (Verdict.ALARM, Verdict.ERROR, Verdict.INSUFFICIENT, Verdict.UNDEFINED)

Bounds = tuple[float, float]


@dataclass(frozen=True)
class ColumnChange:
    """How one column changed.

    Parameters
    ----------
    column, kind
        Its name, and how it was summarised.
    distances
        Every distance that the column has, each with the error it inherits from the profiles; none where they cannot be
        told.
    null_rate_before, null_rate
        Shares of all rows; None where the column is missing.
    range_before, range
        Smallest and largest number; None where there is none.
    new, gone
        Categories that only one side has, the most frequent first, at most :data:`NEW`; empty where a side does not
        know all of its own.
    verdict
        The gravest of its measurements.
    why
        What raised it, or why there is no answer.
    """

    column: str
    kind: str
    distances: tuple[Distance, ...]
    null_rate_before: float | None
    null_rate: float | None
    range_before: Bounds | None
    range: Bounds | None
    new: tuple[str, ...]
    gone: tuple[str, ...]
    verdict: Verdict
    why: str

    def distance(self, metric: str) -> Distance:
        """Return the distance of that name; one without a value where the column has none."""
        return next((each for each in self.distances if each.metric == metric), Distance(metric, None))

    @property
    def jensen_shannon(self) -> float | None:
        """Return the distance columns are ranked by, from 0 to 1."""
        return self.distance("jensen_shannon").value

    @property
    def psi(self) -> float | None:
        """Return the population stability index."""
        return self.distance("psi").value

    def cells(self) -> tuple[str, ...]:
        """Return it as text, in the order of :data:`HEADERS`."""
        apart = self.distance("kolmogorov_smirnov")
        if apart.value is None:
            apart = self.distance("total_variation")
        shown = (self.distance("jensen_shannon"), self.distance("psi"), apart, self.distance("normalized_wasserstein"))
        numbers = (str(each).replace(" ", "") for each in shown)
        return (shortened(self.column, _NAME), *numbers, share(self.null_rate), WORDS[self.verdict])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; never NaN."""
        plain = vars(self) | {"verdict": str(self.verdict)}
        plain["distances"] = {each.metric: each.to_dict() for each in self.distances}
        return plain | {name: list(plain[name]) for name in ("new", "gone")}

    def flat(self) -> dict[str, Any]:
        """Return one row of a data frame: a column for each distance, and for its error where it may have one."""
        row: dict[str, Any] = {
            "column": self.column,
            "kind": self.kind,
            "verdict": str(self.verdict),
            "null_rate_before": self.null_rate_before,
            "null_rate": self.null_rate,
            "why": self.why,
        }
        for each in self.distances:
            row |= {each.metric: each.value, f"{each.metric}_error": each.error}
        return row


def changes(
    columns: Mapping[str, Laid], judged: Sequence[Measurement], names: tuple[str, str]
) -> tuple[ColumnChange, ...]:
    """Return how each column of either side changed, the largest change first; ``names`` are those of the sides."""
    about: dict[str, list[Measurement]] = {}
    for each in judged:
        about.setdefault(each.feature or "", []).append(each)
    found = [_change(name, laid, about.get(name, []), names) for name, laid in columns.items()]
    return tuple(sorted(found, key=_rank))


def _change(name: str, laid: Laid, about: Sequence[Measurement], names: tuple[str, str]) -> ColumnChange:
    old, new = laid.baseline, laid.target
    verdict = next((v for v in _GRAVEST if any(each.verdict is v for each in about)), Verdict.OK)
    if old is None or new is None:
        why = f"{names[0] if old is None else names[1]} has no such column"
    else:
        why = "; ".join(dict.fromkeys(_why(old, new, [each for each in about if each.verdict is verdict], verdict)))
    # what a signal could not cope with is not tried again
    broken = any(each.verdict is Verdict.ERROR and each.signal == _DRIFT for each in about)
    present = new if new is not None else old
    return ColumnChange(
        column=name,
        kind="other" if present is None else str(kind_of_column(present)),
        distances=() if broken else all_distances(laid),
        null_rate_before=_null_rate(old),
        null_rate=_null_rate(new),
        range_before=_range(old),
        range=_range(new),
        new=_only(new, old),
        gone=_only(old, new),
        verdict=verdict,
        why=why,
    )


def _null_rate(column: Column | None) -> float | None:
    return column.nulls / column.n if column is not None and column.n else None


def _range(column: Column | None) -> Bounds | None:
    if not isinstance(column, NumericColumn) or column.minimum is None or column.maximum is None:
        return None
    return column.minimum, column.maximum


def _only(column: Column | None, other: Column | None) -> tuple[str, ...]:
    """Return the most frequent categories that the other side surely does not have."""
    if not isinstance(column, CategoricalColumn) or not isinstance(other, CategoricalColumn) or not other.exact:
        return ()
    names = [name for name in column.counts if name not in other.counts]
    return tuple(sorted(names, key=lambda name: (-column.counts[name], name))[:NEW])


def _why(old: Column, new: Column, grave: Sequence[Measurement], verdict: Verdict) -> Iterable[str]:
    """Yield what raised an alarm, or the reason of a missing answer."""
    for each in grave if verdict is not Verdict.OK else ():
        if verdict is not Verdict.ALARM:
            yield each.reason
            return
        if each.signal == _DRIFT:
            yield _shift(old, new)
        elif each.evidence is not None and each.evidence.baseline is not None:
            change = (number(each.name, each.evidence.baseline), number(each.name, each.value))
            yield f"{title(each.name).lower()} {change[0]} to {change[1]}" + (
                f" ({each.reason})" if each.reason else ""
            )
        else:
            yield each.reason or f"{title(each.name).lower()} {number(each.name, each.value)}"


def _shift(old: Column, new: Column) -> str:
    """Say how a distribution moved, in the words of its kind."""
    if isinstance(old, NumericColumn) and isinstance(new, NumericColumn):
        return _moved(old, new)
    if isinstance(old, VectorColumn) and isinstance(new, VectorColumn):
        moved = _moved(old.norm, new.norm)
        return f"norm: {moved}" if moved != _SHAPE else "another direction"
    if isinstance(old, CategoricalColumn) and isinstance(new, CategoricalColumn):
        return _most_moved(_shares(old), _shares(new))
    lengths = [each.lengths for each in (old, new) if isinstance(each, TextColumn | CategoricalColumn)]
    means = [each.mean for each in lengths if each is not None and each.mean is not None]
    return f"mean length {means[0]:.3g} to {means[1]:.3g} characters" if len(means) == 2 else "another distribution"


_SHAPE: Final = "another shape"


def _moved(old: NumericColumn, new: NumericColumn) -> str:
    if old.std is not None and abs(new.mean - old.mean) > 0.1 * old.std:
        return f"mean {plain_number(old.mean, old.unit)} to {plain_number(new.mean, new.unit)}"
    spread = [f"{side.std:.4g}" if side.std is not None else "-" for side in (old, new)]
    return f"same mean, standard deviation {spread[0]} to {spread[1]}" if spread[0] != spread[1] else _SHAPE


def _shares(column: CategoricalColumn) -> Mapping[str, float]:
    return {name: count / column.present for name, count in column.counts.items()}


def _most_moved(old: Mapping[str, float], new: Mapping[str, float]) -> str:
    moved = max((*old, *new), key=lambda name: abs(old.get(name, 0.0) - new.get(name, 0.0)), default=None)
    if moved is None:
        return "other categories"
    return f"{shortened(moved, _NAME) or '(empty)'} {share(old.get(moved, 0.0))} to {share(new.get(moved, 0.0))}"


def _rank(change: ColumnChange) -> tuple[bool, bool, float, str]:
    distance = change.jensen_shannon
    # An alarm without a distance is a column that is gone or of another type: no change is larger.
    alarm = change.verdict is Verdict.ALARM
    return not alarm, (distance is not None) is alarm, -(distance or 0.0), change.column
