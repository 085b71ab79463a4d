"""Does the window keep what was agreed on?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from holter.errors import BadConstraint
from holter.profile import Profile, Window
from holter.signals.breaches import Breach, breaches
from holter.signals.constraint import Constraints
from holter.signals.signal import Need
from holter.signals.suggesting import suggested
from holter.signals.unique import UniqueReading
from holter.types import CERTAIN, Evidence, Interval, Measurement, Verdict


@dataclass(frozen=True)
class ConstraintsKept:
    """Does the window keep what was agreed on?

    ``broken`` is how many constraints do not hold, of the table and of each feature; the reason says which, with the
    values that break them. What was agreed on are the two parts of a constraints file, ``table`` and ``columns``
    (`holter constraints suggest` writes one); in a monitor they stand under ``[options.constraints]``. Where nothing is
    given, the window is held to what its baseline suggests. That something is broken is a fact, not a matter of chance.

    Parameters
    ----------
    table, columns
        The parts of a constraints file. With a key or a unique column, rows are needed; else the profile tells.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("age", Kind.NUMERIC, "int64"),))
    >>> now = Window(None, schema, Profile.of(pa.table({"age": [17, 40, 55]})))
    >>> found = ConstraintsKept(columns={"age": {"least": 18}}).measure(now, Window(None, schema))
    >>> [(each.feature, each.value, each.reason) for each in found]
    [(None, 0.0, ''), ('age', 1.0, 'least: 33 % below, allowed 18 (such as 17)')]
    """

    table: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)

    name: ClassVar[str] = "constraints"
    metrics: ClassVar[tuple[str, ...]] = ("broken",)

    def __post_init__(self) -> None:
        """Refuse what cannot be checked, now and not in every window. Raises BadConstraint."""
        self._held()

    @property
    def needs(self) -> Need:
        """The profile, and rows where uniqueness is asked for."""
        held = self._held()
        return Need.PROFILE | Need.ROWS if held is not None and held.needs_rows else Need.PROFILE

    def _held(self) -> Constraints | None:
        if not self.table and not self.columns:
            return None
        return Constraints.from_dict({"table": self.table, "columns": self.columns})

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for the table and for every column that something was agreed on."""
        if target.profile is None:
            return [Measurement.unanswered(self.name, "broken", Verdict.UNDEFINED, "the target has no profile")]
        held = self._held()
        if held is None:
            if baseline.profile is None or not baseline.profile.rows:
                why = "nothing was agreed on, and there is no baseline to suggest it"
                return [Measurement.unanswered(self.name, "broken", Verdict.UNDEFINED, why)]
            held = _of_baseline(baseline.profile)
        try:
            found = _broken(target, held)
        except BadConstraint as error:  # an option that changed under a running monitor
            return [Measurement.unanswered(self.name, "broken", Verdict.ERROR, str(error))]
        about: dict[str | None, list[Breach]] = defaultdict(list)
        for each in found:
            about[each.column].append(each)
        names = dict.fromkeys((None, *held.columns, *about))
        return [self._count(name, about[name], target.profile.rows) for name in names]

    def _count(self, feature: str | None, found: Sequence[Breach], rows: int) -> Measurement:
        value = float(len(found))
        reason = "; ".join(map(str, found))
        evidence, interval = Evidence(None, CERTAIN, value, 0.0), Interval(value, value)
        return Measurement(
            self.name, "broken", value, rows, feature=feature, interval=interval, evidence=evidence, reason=reason
        )


def _of_baseline(profile: Profile) -> Constraints:
    """Return what a baseline suggests; of how many rows a window has it says nothing."""
    held = suggested(profile)
    return Constraints(held.columns)


def _broken(target: Window, held: Constraints) -> list[Breach]:
    assert target.profile is not None  # noqa: S101  (asked by measure)
    found = list(breaches(target.profile, held, None if target.span is None else target.span.end))
    if held.needs_rows and target.rows is not None:
        reading = UniqueReading(held)
        for batch in target.rows.to_batches():
            reading.add(batch)
        found += reading.breaches(target.rows.to_batches())
    return found
