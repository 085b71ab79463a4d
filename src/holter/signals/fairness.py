"""Does the model treat groups alike?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import HolterError
from holter.profile import Window
from holter.profile.segmentation import cut
from holter.signals.contained import contained
from holter.signals.estimate import Estimate
from holter.signals.signal import Need
from holter.stats.fairness_gaps import Rate, gap, gap_change, impact_ratio
from holter.types import LABEL, PREDICTION, SCORE, Evidence, Interval, Kind, Measurement, Task, Verdict

LEAST: Final = 30
"""Rows of a group below which its rate says more about chance than about the group."""
FEW: Final = 6
"""Groups of a feature that is looked at although nobody named it."""
_TEST: Final = "homogeneity of change, chi-squared"
_RATES: Final = ("selection_rate", "true_positive_rate", "false_positive_rate")

Bools = npt.NDArray[np.bool_]
_Groups = Mapping[str, tuple[Rate, Rate, Rate]]
"""For each group how often it is selected, among all, among those that should be, and among those that should not."""


@dataclass(frozen=True)
class Fairness:
    r"""Does the model treat groups alike?

    For each protected column (``feature``) over its groups: ``demographic_parity``, the largest selection rate minus
    the smallest; ``disparate_impact``, the smallest by the largest (below 0.8: the rule of four fifths);
    ``equal_opportunity``, the same difference of the true positive rate; ``equalised_odds``, the larger of the
    differences of true and of false positive rate. For each group (``segment``) the three rates themselves. What they
    are compared with is the baseline: a change counts when the groups moved apart by more than chance explains.

    Parameters
    ----------
    protected
        Columns, bins or combinations as for segments (``sex``, ``age:3``, ``sex*age:2``). Without any: every
        categorical feature of two to six values, which is a look around and no statement about who is protected.
    favourable
        The answer that is good to get; for two classes 1. Several classes have none unless it is named.

    References
    ----------
    Hardt, Price and Srebro, Equality of opportunity in supervised learning (2016), definitions 2.1 and 2.2.
    Feldman et al., Certifying and removing disparate impact (2015), definition 1.1.

    Examples
    --------
    >>> from holter.types import Schema
    >>> rows = pa.table({"sex": ["f", "m"] * 100, "_prediction": [0.0, 1.0, 1.0, 1.0] * 50, "_label": [1.0] * 200})
    >>> window = Window(None, Schema((), Task.BINARY), rows=rows)
    >>> found = Fairness(protected=("sex",)).measure(window, window)
    >>> [f"{each.metric} {each.value:.1f}" for each in found if each.segment is None and each.value is not None]
    ['demographic_parity 0.5', 'disparate_impact 0.5', 'equal_opportunity 0.5']
    """

    protected: Sequence[str] = field(default=())
    favourable: str | float = 1.0

    name: ClassVar[str] = "fairness"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = (
        "demographic_parity",
        "disparate_impact",
        "equal_opportunity",
        "equalised_odds",
        *_RATES,
    )
    whole: ClassVar[bool] = True

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for each protected column: the differences between its groups, then the rates of each."""
        rows = target.rows
        if rows is None:
            return self._undefined("the window has no rows")
        if target.schema.task is None:
            return self._undefined("the schema has no task: is it two classes, several or a number?")
        if target.schema.task is Task.REGRESSION:
            return self._undefined("a number is no decision; fairness asks who got the favourable answer")
        if target.schema.task is Task.MULTICLASS and not isinstance(self.favourable, str):
            return self._undefined("say which class is the favourable one: the option favourable")
        columns = tuple(self.protected) or _categorical(target, baseline)
        if not columns:
            return self._undefined("name the columns that are protected: the option protected")
        answers = (partial(self._of, column, target, baseline) for column in columns)
        return [
            each
            for column, answer in zip(columns, answers, strict=True)
            for each in contained(self.name, self.metrics[0], answer, feature=column)
        ]

    def _undefined(self, why: str, feature: str | None = None) -> list[Measurement]:
        made = partial(Measurement.unanswered, self.name, verdict=Verdict.UNDEFINED, reason=why, feature=feature)
        return [made(metric) for metric in self.metrics[:4]]

    def _of(self, column: str, target: Window, baseline: Window) -> list[Measurement]:
        assert target.rows is not None  # noqa: S101  (asked by measure)
        try:
            sides = [self._groups(column, each, target, baseline) for each in (target.rows, baseline.rows)]
        except (HolterError, pa.ArrowException, ValueError, TypeError) as error:
            return self._undefined(f"groups of {column!r} cannot be told: {error}", column)
        now, before = sides
        return [*self._gaps(column, now, before), *self._each(column, now, before)]

    def _groups(self, column: str, rows: pa.Table | None, target: Window, baseline: Window) -> _Groups:
        if rows is None:
            return {}
        learned = target.rows if baseline.rows is None or not len(baseline.rows) else baseline.rows
        kinds = {feature.name: feature.kind for feature in target.schema.features}
        made = cut(column, learned, kinds, rows.column_names)
        if made.lacks(rows):
            return {}
        codes, labels = made.labelled(rows)
        selected, known, should = _decisions(rows, self.favourable)
        return dict(_counted(codes, labels, selected, known, should))

    def _gaps(self, column: str, now: _Groups, before: _Groups) -> Iterator[Measurement]:
        parity, opportunity, false = (_Both.of(now, before, place) for place in range(3))
        yield self._gap("demographic_parity", column, [parity], gap)
        yield self._gap("disparate_impact", column, [parity], impact_ratio)
        yield self._gap("equal_opportunity", column, [opportunity], gap)
        yield self._gap("equalised_odds", column, [opportunity, false], gap)

    def _gap(
        self,
        metric: str,
        column: str,
        asked: "Sequence[_Both]",
        measure: Callable[[Sequence[Rate]], tuple[float, Interval] | None],
    ) -> Measurement:
        n = min(sum(rate.n for rate in each.now) for each in asked)
        if any(len(each.now) < 2 for each in asked):
            why = f"fewer than two groups of {column!r} have {LEAST} rows to be judged by"
            return Measurement.unanswered(self.name, metric, Verdict.INSUFFICIENT, why, n=n, feature=column)
        told = [measure(each.now) for each in asked]
        if None in told:
            why = "nobody got the favourable answer"
            return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why, n=n, feature=column)
        value, interval = max((each for each in told if each is not None), key=lambda each: each[0])
        evidence = _evidence(value, asked, measure)
        return Measurement(self.name, metric, value, n, feature=column, interval=interval, evidence=evidence)

    def _each(self, column: str, now: _Groups, before: _Groups) -> Iterator[Measurement]:
        for label, rates in now.items():
            for place, metric in enumerate(_RATES):
                rate, was = rates[place], before[label][place] if label in before else Rate(0, 0)
                found = _estimate(rate).against(self.name, metric, _estimate(was) if was.n >= LEAST else None)
                yield replace(found, feature=column, segment=label)


@dataclass(frozen=True)
class _Both:
    """One rate of the groups with enough rows: in the window, and where the baseline has all of them, there."""

    now: Sequence[Rate]
    before: Sequence[Rate] | None

    @classmethod
    def of(cls, now: _Groups, before: _Groups, place: int) -> "_Both":
        labels = [label for label, rates in now.items() if rates[place].n >= LEAST]
        known = all(label in before and before[label][place].n >= LEAST for label in labels)
        return cls([now[each][place] for each in labels], [before[each][place] for each in labels] if known else None)


def _evidence(
    value: float,
    asked: Sequence[_Both],
    measure: Callable[[Sequence[Rate]], tuple[float, Interval] | None],
) -> Evidence | None:
    old = [measure(each.before) for each in asked if each.before is not None]
    if len(old) < len(asked) or None in old:
        return None
    was = max(each[0] for each in old if each is not None)
    p = min(gap_change(each.now, each.before) for each in asked if each.before is not None)
    return Evidence(min(1.0, p * len(asked)), _TEST, value - was, was)


def _estimate(rate: Rate) -> Estimate:
    if rate.n < LEAST:
        return Estimate.refused(Verdict.INSUFFICIENT, f"{rate.n} rows of the group; {LEAST} are needed", rate.n)
    return Estimate.rate(rate.hits, rate.n, "")


def _categorical(target: Window, baseline: Window) -> tuple[str, ...]:
    rows = baseline.rows if baseline.rows is not None and len(baseline.rows) else target.rows
    assert rows is not None  # noqa: S101  (asked by measure)
    names = [each.name for each in target.schema.features if each.kind is Kind.CATEGORICAL]
    return tuple(name for name in names if name in rows.column_names and _few(rows[name]))


def _few(column: pa.ChunkedArray) -> bool:
    try:
        return 2 <= int(pc.count_distinct(column).as_py()) <= FEW
    except pa.ArrowException:
        return False


def _decisions(rows: pa.Table, favourable: str | float) -> tuple[Bools, Bools, npt.NDArray[np.int8]]:
    """Return who got the favourable answer, of whom that is known, and who should have (1, 0; -1: not known)."""
    if isinstance(favourable, str):
        (said, answered), (is_so, labelled) = (_equal(rows, name, favourable) for name in (PREDICTION, LABEL))
        return said, answered, np.where(labelled, is_so, -1).astype(np.int8)
    label, prediction, score = (_numbers(rows, name) for name in (LABEL, PREDICTION, SCORE))
    said = np.where(np.isfinite(prediction), prediction > 0.5, score >= 0.5)
    answered = np.isfinite(prediction) | np.isfinite(score)
    should = np.where(np.isin(label, (0.0, 1.0)), label == 1.0, -1).astype(np.int8)
    return (said, answered, should) if favourable else (~said, answered, np.where(should < 0, should, 1 - should))


def _equal(rows: pa.Table, name: str, value: str) -> tuple[Bools, Bools]:
    if name not in rows.column_names:
        return np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    column = pc.cast(rows[name], pa.large_string())
    same = pc.fill_null(pc.equal(column, value), fill_value=False).to_numpy()
    return np.asarray(same, bool), np.asarray(pc.is_valid(column).to_numpy(), bool)


def _numbers(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(pc.cast(rows[name], pa.float64(), safe=False).to_numpy(), np.float64)


def _counted(
    codes: npt.NDArray[np.int64], labels: Sequence[str], selected: Bools, known: Bools, should: npt.NDArray[np.int8]
) -> Iterator[tuple[str, tuple[Rate, Rate, Rate]]]:
    among = (known, known & (should == 1), known & (should == 0))
    counts = [np.bincount(codes[each], minlength=len(labels)) for each in among]
    hits = [np.bincount(codes[each & selected], minlength=len(labels)) for each in among]
    for place, label in enumerate(labels):
        if counts[0][place]:
            one, two, three = (Rate(int(hit[place]), int(n[place])) for hit, n in zip(hits, counts, strict=True))
            yield label, (one, two, three)
