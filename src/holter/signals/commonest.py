"""Does one value suddenly take most rows?"""

from dataclasses import dataclass
from typing import Final

from holter.profile import CategoricalColumn, NumericColumn
from holter.profile.wording import plain_number
from holter.signals.rates import rates_p_value
from holter.stats import wilson
from holter.types import Evidence, Interval, Measurement

TEST: Final = "two-sample test of the most frequent value, for all values"


@dataclass(frozen=True)
class Commonest:
    """The most frequent value of a column.

    Parameters
    ----------
    raw, value
        As it is, and as a person reads it.
    low, high
        Between how many rows it has: a compressed summary may be wrong by twice its error of rank.
    n
        Rows with a value.
    distinct
        How many values it was chosen from, as far as they are kept.
    """

    raw: str | float
    value: str
    low: int
    high: int
    n: int
    distinct: int

    @classmethod
    def of(cls, column: NumericColumn | CategoricalColumn) -> "Commonest | None":
        """Find it; None in a column without values, or where none is kept by name.

        Examples
        --------
        >>> import pyarrow as pa
        >>> Commonest.of(CategoricalColumn.of(pa.array(["a", "b", "a", None])))
        Commonest(raw='a', value='a', low=2, high=2, n=3, distinct=2)
        """
        if isinstance(column, CategoricalColumn):
            if not column.counts:
                return None
            most = max(column.counts.values())
            name = min(each for each, rows in column.counts.items() if rows == most)
            return cls(name, name, column.counts[name], column.most(name), column.present, len(column.counts))
        weights = column.ranks.weights
        if not len(weights):
            return None
        place = int(weights.argmax())
        low, high = _rows(column, int(weights[place]))
        value = column.ranks.values[place].item()
        return cls(value, plain_number(value, column.unit), low, high, column.finite, len(weights))


def _rows(column: NumericColumn, weight: int) -> tuple[int, int]:
    error = 2 * column.ranks.error
    return max(weight - error, 1), min(weight + error, column.finite)


def commonest(
    column: NumericColumn | CategoricalColumn, before: NumericColumn | CategoricalColumn | None, feature: str
) -> list[Measurement]:
    r"""Measure the share of rows with the most frequent value, and whether there is but one value.

    ``commonest_rate`` is at least that share (a compressed summary knows it to within a thousandth). The evidence holds
    it against the share which the *same* value had in the baseline, exactly
    (:func:`holter.signals.rates.rates_p_value`), times the number of values it was chosen from (Bonferroni).
    ``constant`` is 1 when all rows have one value, with the same evidence: ten rows of a rare flag are alike by chance.

    Parameters
    ----------
    column, before
        Of the window, and of the baseline (None: no evidence).
    feature
        What it is called.

    Examples
    --------
    >>> import pyarrow as pa
    >>> before, now = (NumericColumn.of(pa.array(values)) for values in (range(100), [7] * 50))
    >>> [(each.metric, each.value, each.reason) for each in commonest(now, before, "x")]
    [('commonest_rate', 1.0, 'the value 7'), ('constant', 1.0, 'every value is 7')]
    """
    found = Commonest.of(column)
    if found is None:
        return []
    share, constant = found.low / found.n, float(found.distinct == 1 and found.low == found.n)
    evidence, was_constant = _evidence(column, before, found)
    reason = f"the value {found.value}" if evidence is not None and (evidence.effect or 0) > 0 else ""
    least, most = wilson(found.low, found.n), wilson(found.high, found.n)
    rate = Measurement(
        "data_quality",
        "commonest_rate",
        share,
        found.n,
        feature=feature,
        interval=None if least is None or most is None else Interval(least.low, most.high),
        evidence=evidence,
        reason=reason,
    )
    p = None if evidence is None else evidence.p_value
    alike = None if evidence is None else Evidence(p, TEST, constant - was_constant, was_constant)
    told = f"every value is {found.value}" if constant and not was_constant and evidence is not None else ""
    same = Interval(constant, constant)
    one = Measurement(
        "data_quality", "constant", constant, found.n, feature=feature, interval=same, evidence=alike, reason=told
    )
    return [rate, one]


def _evidence(
    column: NumericColumn | CategoricalColumn, before: NumericColumn | CategoricalColumn | None, found: Commonest
) -> tuple[Evidence | None, float]:
    """Return the evidence that the value is more frequent than it was, and whether the baseline was constant."""
    old = None if before is None or type(before) is not type(column) else Commonest.of(before)
    if before is None or old is None:
        return None, 0.0
    hits, most = _known(found.raw, before)
    p = 1.0  # where it has become rarer, or nobody can tell: that is for other signals
    if found.low / found.n > most / old.n:
        p = min(1.0, rates_p_value(found.low, found.n, most, old.n) * found.distinct)
    was = float(old.distinct == 1 and old.low == old.n)
    return Evidence(p, TEST, found.low / found.n - hits / old.n, hits / old.n), was


def _known(raw: str | float, before: NumericColumn | CategoricalColumn) -> tuple[int, int]:
    """Return how often the baseline has the value that is most frequent now: as told, and at most."""
    if isinstance(before, CategoricalColumn):
        return before.counts.get(str(raw), 0), before.most(str(raw))
    value, error = float(raw), 2 * before.ranks.error
    told = before.ranks.rank(value) - _below(before, value)
    return max(told - error, 0), min(told + error, before.finite)


def _below(column: NumericColumn, value: float) -> int:
    return int(column.ranks.weights[: column.ranks.values.searchsorted(value, side="left")].sum())
