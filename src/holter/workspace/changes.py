"""How one column changed, in numbers and in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile
from holter.rules import number, title
from holter.types import Kind, Measurement, Verdict
from holter.workspace.printing import share

DISTANCE: Final = "data_drift.jensen_shannon"
"""What columns are ranked by."""
HEADERS: Final = ("column", "kind", "drift (JS)", "PSI", "nulls before", "nulls now", "verdict", "why")
NUMBERS: Final = HEADERS[2:6]
_DRIFT: Final = "data_drift"
_GRAVEST: Final = (Verdict.ALARM, Verdict.ERROR, Verdict.INSUFFICIENT, Verdict.UNDEFINED)


@dataclass(frozen=True)
class ColumnChange:
    """How one column changed.

    ``jensen_shannon`` (a distance from 0 to 1) and ``psi`` are None where they cannot be told, null rates where the
    column is missing. ``verdict`` is the gravest of its measurements, ``why`` says what raised it.
    """

    column: str
    kind: str
    jensen_shannon: float | None
    psi: float | None
    null_rate_before: float | None
    null_rate: float | None
    verdict: Verdict
    why: str

    def cells(self) -> tuple[str, ...]:
        """Return it as text, in the order of :data:`HEADERS`."""
        distances = (number(DISTANCE, self.jensen_shannon), number("data_drift.psi", self.psi))
        nulls = (share(self.null_rate_before), share(self.null_rate))
        return (self.column, self.kind, *distances, *nulls, str(self.verdict), self.why)


def changes(
    before: Profile, after: Profile, judged: Sequence[Measurement], names: tuple[str, str]
) -> tuple[ColumnChange, ...]:
    """Return how each column of either side changed, the largest change first; ``names`` are those of the sides."""
    found = [
        _change(name, before.columns.get(name), after.columns.get(name), judged, names)
        for name in dict.fromkeys((*before.columns, *after.columns))
    ]
    return tuple(sorted(found, key=_rank))


def _change(
    name: str, old: Column | None, new: Column | None, judged: Sequence[Measurement], names: tuple[str, str]
) -> ColumnChange:
    about = [each for each in judged if each.feature == name]
    values = {each.name: each.value for each in about}
    verdict = next((v for v in _GRAVEST if any(each.verdict is v for each in about)), Verdict.OK)
    if old is None or new is None:
        why = f"{names[0] if old is None else names[1]} has no such column"
    else:
        why = "; ".join(dict.fromkeys(_why(old, new, [each for each in about if each.verdict is verdict], verdict)))
    return ColumnChange(
        name,
        _kind(new if new is not None else old),
        values.get(DISTANCE),
        values.get("data_drift.psi"),
        _null_rate(old),
        _null_rate(new),
        verdict,
        why,
    )


def _kind(column: Column | None) -> str:
    if isinstance(column, NumericColumn):
        return str(Kind.TIME if column.unit else Kind.NUMERIC)
    return str(Kind.CATEGORICAL if isinstance(column, CategoricalColumn) else Kind.OTHER)


def _null_rate(column: Column | None) -> float | None:
    return column.nulls / column.n if column is not None and column.n else None


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
        if old.std and abs(new.mean - old.mean) >= 0.1 * old.std:
            return f"mean {old.mean:.4g} to {new.mean:.4g}"
        spread = [f"{side.std:.4g}" if side.std is not None else "-" for side in (old, new)]
        return (
            f"same mean, standard deviation {spread[0]} to {spread[1]}" if spread[0] != spread[1] else "another shape"
        )
    if isinstance(old, CategoricalColumn) and isinstance(new, CategoricalColumn):
        shares = [{name: count / side.present for name, count in side.counts.items()} for side in (old, new)]
        moved = max((*shares[0], *shares[1]), key=lambda name: abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)))
        return f"{moved or '(empty)'} {share(shares[0].get(moved, 0.0))} to {share(shares[1].get(moved, 0.0))}"
    return "another distribution"


def _rank(change: ColumnChange) -> tuple[bool, bool, float, str]:
    distance = change.jensen_shannon
    # An alarm without a distance is a column that is gone or of another type: no change is larger.
    alarm = change.verdict is Verdict.ALARM
    return not alarm, (distance is not None) is alarm, -(distance or 0.0), change.column
