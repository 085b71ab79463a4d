"""Is the data what it was agreed to be?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from holter.profile import (
    CategoricalColumn,
    Column,
    NumericColumn,
    OpaqueColumn,
    Profile,
    TextColumn,
    VectorColumn,
    Window,
)
from holter.profile.numbers import SINCE_1970
from holter.profile.wording import plain_number
from holter.signals.commonest import commonest
from holter.signals.contained import contained
from holter.signals.rates import outside_p_value, rate
from holter.signals.signal import Need
from holter.signals.unit_change import unit_change
from holter.types import CERTAIN, RESERVED, Evidence, Interval, Measurement, Verdict

_NO_ROWS = "the window has no rows"


@dataclass(frozen=True)
class DataQuality:
    """Is the data what it was agreed to be?

    Counted from profiles, each rate k / n with its Wilson interval and an exact two-sample test against the rate of the
    baseline, so that a column which always had nulls does not alarm for having them:

    - ``rows``: how many there are.
    - ``missing_column``: 1 for a feature the window does not have; ``extra_column``: 1 for each column that the
      baseline and its schema do not know, 0 once when there is none.
    - ``type_error``: share of values that are not of the column's type; 1 when the whole column changed its type, or
      its lists their dimension.
    - ``null_rate``: of all rows. ``empty_rate``: empty texts, of all rows. ``not_finite_rate``: NaN and infinities, of
      lists those that hold one or a null.
    - ``unseen_rate``: share of values whose category the baseline never had. Compared with the share of the baseline
      that is seen only once: what an unchanged source is expected to bring anew (Good, The population frequencies of
      species, 1953, Biometrika 40:237). Not of free text and identifiers, which are always new and are not kept.
    - ``commonest_rate``: share of rows with the most frequent value, and ``constant``: 1 when there is but one
      (:func:`holter.signals.commonest.commonest`). A sensor that is stuck shows here.
    - ``unit_change``: 1 when a change of unit explains nearly all of how a column of numbers changed, and nothing less
      does; the reason names it (:func:`holter.signals.unit_change.unit_change`).
    - ``out_of_range_rate``: share of finite numbers outside of the baseline's smallest to largest. Some of n new rows
      always are; the test is exact about how many (:func:`holter.signals.rates.outside_p_value`). Not of points in
      time, which move on by themselves.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("c", Kind.CATEGORICAL, "string"),))
    >>> before, now = (
    ...     Window(None, schema, Profile.of(pa.table({"c": values}))) for values in (["u", "v"] * 9, ["u", "w", None])
    ... )
    >>> [f"{each.metric} {each.value:.2g}" for each in DataQuality().measure(now, before) if each.value]
    ['rows 3', 'null_rate 0.33', 'unseen_rate 0.5', 'commonest_rate 0.5']
    """

    name: ClassVar[str] = "data_quality"
    needs: ClassVar[Need] = Need.PROFILE
    metrics: ClassVar[tuple[str, ...]] = (
        "rows",
        "missing_column",
        "extra_column",
        "type_error",
        "null_rate",
        "empty_rate",
        "not_finite_rate",
        "unseen_rate",
        "out_of_range_rate",
        "commonest_rate",
        "constant",
        "unit_change",
    )

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for the table and for every feature of either schema."""
        now, before = target.profile, baseline.profile or Profile.empty()
        if now is None:
            why = "the target has no profile"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        names = dict.fromkeys((*baseline.schema.names, *target.schema.names))
        extra = sorted(set(now.columns) - set(baseline.schema.names) - set(before.columns) - RESERVED)
        found = [Measurement(self.name, "rows", float(now.rows), now.rows), *_extra(now, extra)]
        for name in names:
            found += contained(self.name, "null_rate", partial(_column, now, before, name), feature=name)
        return found


def _extra(now: Profile, names: Sequence[str]) -> list[Measurement]:
    if not names:
        return [_fact("extra_column", 0.0, now.rows, None, "")]
    return [_fact("extra_column", 1.0, now.rows, name, "the baseline does not know it") for name in names]


def _fact(metric: str, value: float, n: int, feature: str | None, reason: str) -> Measurement:
    evidence = Evidence(None, CERTAIN, value, 0.0)
    interval = Interval(value, value)
    return Measurement(
        "data_quality", metric, value, n, feature=feature, interval=interval, evidence=evidence, reason=reason
    )


def _column(now: Profile, before: Profile, name: str) -> list[Measurement]:
    column, known = now.columns.get(name), before.columns.get(name)
    if not now.rows:
        return [Measurement.unanswered("data_quality", "null_rate", Verdict.INSUFFICIENT, _NO_ROWS, feature=name)]
    if column is None:
        why = "the window has no such column"
        missing = _fact("missing_column", 1.0, now.rows, name, why)
        return [missing, Measurement.unanswered("data_quality", "null_rate", Verdict.UNDEFINED, why, feature=name)]
    found = [_fact("missing_column", 0.0, now.rows, name, ""), _type(column, known, name)]
    baseline = None if known is None else (_nulls(known, before), before.rows)
    found.append(_rate("null_rate", _nulls(column, now), now.rows, baseline, name))
    if isinstance(column, NumericColumn):
        found += _numbers(column, known, name)
    elif isinstance(column, CategoricalColumn | TextColumn):
        found += _categories(column, known, name)
    elif isinstance(column, VectorColumn):
        odd = (known.broken, known.n) if isinstance(known, VectorColumn) else None
        found.append(_rate("not_finite_rate", column.broken, column.n, odd, name))
    return found


def _rate(metric: str, hits: int, n: int, baseline: tuple[int, int] | None, feature: str) -> Measurement:
    return rate("data_quality", metric, hits, n, baseline, feature=feature)


def _nulls(column: Column, profile: Profile) -> int:
    """Return the rows without a value, also those from files without the column."""
    return column.nulls + profile.rows - column.n


def _type(column: Column, known: Column | None, feature: str) -> Measurement:
    why = None if known is None else _changed(column, known)
    if why is not None:
        return _fact("type_error", 1.0, column.n, feature, why)
    bad, before = _unreadable(column), None if known is None else (_unreadable(known), known.n)
    return _rate("type_error", bad, column.n, before, feature)


def _changed(column: Column, known: Column) -> str | None:
    """Say how the type of a column changed; None where it did not."""
    if isinstance(column, VectorColumn) and isinstance(known, VectorColumn):
        sizes = known.dimension, column.dimension
        return None if None in sizes or sizes[0] == sizes[1] else f"the dimension changed from {sizes[0]} to {sizes[1]}"
    return f"the type changed from {known.dtype} to {column.dtype}" if _differ(column, known) else None


def _differ(column: Column, known: Column) -> bool:
    if any(isinstance(each, OpaqueColumn) and each.is_blank for each in (column, known)):
        return False  # a column of nothing but nulls agrees with every type
    if all(isinstance(each, CategoricalColumn | TextColumn) for each in (column, known)):
        return False  # whether categories are text is told by the values, not by the type
    if any(isinstance(each, OpaqueColumn) for each in (column, known)):
        return column.dtype != known.dtype
    if isinstance(column, NumericColumn) and isinstance(known, NumericColumn):
        return column.unit != known.unit
    return type(column) is not type(known)


def _unreadable(column: Column) -> int:
    return column.unreadable if isinstance(column, NumericColumn) else 0


def _not_finite(column: NumericColumn) -> int:
    return column.nan + column.positive_infinite + column.negative_infinite


def _numbers(column: NumericColumn, known: Column | None, feature: str) -> list[Measurement]:
    before = known if isinstance(known, NumericColumn) and known.unit == column.unit else None
    odd = None if before is None else (_not_finite(before), before.n)
    found = [_rate("not_finite_rate", _not_finite(column), column.n, odd, feature)]
    # a point in time moves on by itself: beyond the baseline is where new rows belong
    bounded = before is not None and before.unit != SINCE_1970
    if bounded and before is not None and before.minimum is not None and before.maximum is not None:
        found.append(_out_of_range(column, before, before.minimum, before.maximum, feature))
    if bounded and before is not None and not before.unit:
        change = unit_change(column, before)
        found.append(_fact("unit_change", float(change is not None), column.finite, feature, change or ""))
    return found if column.unit == SINCE_1970 else [*found, *commonest(column, before, feature)]


def _out_of_range(column: NumericColumn, before: NumericColumn, low: float, high: float, feature: str) -> Measurement:
    values = column.ranks.values
    outside = int(column.ranks.weights[(values < low) | (values > high)].sum())
    measured = _rate("out_of_range_rate", outside, column.finite, None, feature)
    if measured.value is None:
        return measured
    p = outside_p_value(outside, column.finite, before.finite)
    evidence = Evidence(p, "beta-binomial mass outside of the extremes", measured.value, 0.0)
    bounds = f"{plain_number(low, column.unit)} to {plain_number(high, column.unit)}"
    reason = f"the baseline runs from {bounds}" if outside else ""
    return replace(measured, evidence=evidence, reason=reason)


def _categories(column: CategoricalColumn | TextColumn, known: Column | None, feature: str) -> list[Measurement]:
    before = known if isinstance(known, CategoricalColumn | TextColumn) else None
    empty = None if before is None else (before.empty, before.n)
    found = [_rate("empty_rate", column.empty, column.n, empty, feature)]
    if isinstance(column, CategoricalColumn) and isinstance(before, CategoricalColumn) and before.present:
        found.append(_unseen(column, before, feature))
    if isinstance(column, CategoricalColumn):
        found += commonest(column, before if isinstance(before, CategoricalColumn) else None, feature)
    return found


def _unseen(column: CategoricalColumn, before: CategoricalColumn, feature: str) -> Measurement:
    if not before.exact:
        why = "the baseline has too many categories to know them all"
        return Measurement.unanswered("data_quality", "unseen_rate", Verdict.UNDEFINED, why, feature=feature)
    new = {name: count for name, count in column.counts.items() if name not in before.counts}
    once = int(np.sum(np.fromiter(before.counts.values(), np.int64) == 1))
    measured = _rate("unseen_rate", sum(new.values()) + column.other, column.present, (once, before.present), feature)
    if not new:
        return measured
    largest = sorted(new, key=lambda name: (-new[name], name))[:3]
    return replace(measured, reason=f"new: {', '.join(largest)}")
