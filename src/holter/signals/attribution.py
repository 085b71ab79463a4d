"""Do the features matter in the order in which they did?"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile import Window
from holter.signals.contained import contained
from holter.signals.importance import FOLDS, Importance, logged_importance, surrogate_importance
from holter.signals.noise import jensen_shannon_interval
from holter.signals.row_cells import Celled, Floats, Side, celled, ordered
from holter.signals.signal import Need
from holter.stats import jensen_shannon, normal_interval
from holter.stats.attribution_ndcg import attribution_ndcg
from holter.types import PREDICTION, SCORE, Evidence, Interval, Measurement, Schema, Task, Verdict

LEAST: Final = 100
"""Rows on either side below which no importance is told."""
MOST_ROWS: Final = 10_000
"""Rows of a side that are looked at."""
_CLASSES: Final = 10
"""Classes whose answers are explained, the most frequent."""
_TEST: Final = "jackknife t, largest of the features"


@dataclass(frozen=True)
class Attribution:
    """Do the features matter in the order in which they did?

    ``ndcg`` compares the order of the features by importance with that of the baseline
    (:func:`holter.stats.attribution_ndcg.attribution_ndcg`); 1 is the same order, Amazon SageMaker calls less than 0.9
    a drift. ``importance`` is the share of each feature in what moves the answer; ``harm`` that share times the
    Jensen-Shannon distance of the feature from its baseline: which of the features that drift does the model lean on?

    Importance is the mean size of SHAP values where they are logged as columns, else that of the exact Shapley values
    of a sum over features fitted to the answers (:func:`holter.signals.importance.surrogate_importance`).

    Parameters
    ----------
    shap
        Name of the column with the SHAP values of a feature, ``{}`` standing for the feature.

    Examples
    --------
    >>> from holter.types import Feature, Kind
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("y", Kind.NUMERIC, "double")), Task.REGRESSION)
    >>> def window(of):
    ...     rows = {"x": [1.0, 2.0] * 100, "y": [1.0, 1.0, 2.0, 2.0] * 50}
    ...     return Window(None, schema, rows=pa.table(rows | {"_prediction": rows[of]}))
    >>> found = Attribution().measure(window("y"), window("x"))
    >>> found[0].metric, round(found[0].value, 2)
    ('ndcg', 0.63)
    """

    shap: str = "shap_{}"

    name: ClassVar[str] = "attribution"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("ndcg", "importance", "harm")
    whole: ClassVar[bool] = True

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for all features together, then for each, in the order of the schema."""
        for side, each in (("window", target), ("baseline", baseline)):
            if each.rows is None:
                return [self._refused(Verdict.UNDEFINED, f"the {side} has no rows")]
        return contained(self.name, "ndcg", partial(self._of, target, baseline))

    def _refused(self, verdict: Verdict, why: str, n: int = 0) -> Measurement:
        return Measurement.unanswered(self.name, "ndcg", verdict, why, n=n)

    def _of(self, target: Window, baseline: Window) -> list[Measurement]:
        assert target.rows is not None and baseline.rows is not None  # noqa: S101, PT018  (asked by measure)
        both = read_importance(target.rows, baseline.rows, target.schema, self.shap)
        if isinstance(both, str):
            return [self._refused(Verdict.UNDEFINED, both)]
        n = min(both.cells.now.n, both.cells.before.n)
        if n < LEAST:
            why = f"{n} rows with an answer on one side; {LEAST} are needed"
            return [self._refused(Verdict.INSUFFICIENT, why, n)]
        if both.now is None or both.before is None:
            return [self._refused(Verdict.UNDEFINED, "all answers are alike: no feature moves them", n)]
        return [self._order(both.now, both.before, both.cells.now.n), *self._each(both, both.now, both.before)]

    def _order(self, now: Importance, before: Importance, n: int) -> Measurement:
        value = attribution_ndcg(now.shares, before.shares)
        assert value is not None  # noqa: S101  (shares add up to 1)
        left = np.array([attribution_ndcg(each, before.shares) for each in now.without], np.float64)
        error = math.sqrt((FOLDS - 1) / FOLDS * float(((left - left.mean()) ** 2).sum()))
        around = normal_interval(value, error)
        interval = Interval(max(0.0, around.low), min(1.0, around.high))
        evidence = Evidence(_p_value(now, before), _TEST, value - 1.0, 1.0)
        reason = "" if now.explained is None else f"a sum over features explains {now.explained:.0%} of the answers"
        return Measurement(self.name, "ndcg", value, n, interval=interval, evidence=evidence, reason=reason)

    def _each(self, both: "Attributed", now: Importance, before: Importance) -> Iterator[Measurement]:
        n = both.cells.now.n
        for place, feature in enumerate(both.features):
            share, was = float(now.shares[place]), float(before.shares[place])
            around = normal_interval(share, float(now.error[place]))
            interval = Interval(max(0.0, around.low), min(1.0, around.high))
            evidence = Evidence(None, None, share - was, was)
            yield Measurement(self.name, "importance", share, n, feature=feature, interval=interval, evidence=evidence)
            if feature in both.cells.labels:
                yield self._harm(both.cells, feature, share, interval)

    def _harm(self, cells: Celled, feature: str, share: float, interval: Interval) -> Measurement:
        size = len(cells.labels[feature])
        now, before = (
            np.bincount(side.codes[feature], minlength=size).astype(np.float64) for side in (cells.now, cells.before)
        )
        distance, between = jensen_shannon(now, before) or 0.0, jensen_shannon_interval(now, before)
        bounds = Interval(interval.low * min(between.low, distance), interval.high * max(between.high, distance))
        return Measurement(self.name, "harm", share * distance, cells.now.n, feature=feature, interval=bounds)


@dataclass(frozen=True, eq=False)
class Attributed:
    """The features, their importance on both sides (None: all answers are alike), and the cells of the rows."""

    features: tuple[str, ...]
    now: Importance | None
    before: Importance | None
    cells: Celled


def read_importance(now: pa.Table, before: pa.Table, schema: Schema, shap: str = "shap_{}") -> Attributed | str:
    """Return the importance of features on both sides, or why there is none: from SHAP columns if both sides have them.

    Parameters
    ----------
    now, before
        The rows of window and baseline.
    schema
        The features and the task.
    shap
        As for :class:`Attribution`.
    """
    tables = now, before
    there = set(now.column_names) & set(before.column_names)
    named = [name for name in schema.names if shap.format(name) in there]
    try:
        columns = [shap.format(name) for name in named]
        numbers = [_matrix(rows, columns) for rows in tables] if named else _answers(tables, schema.task)
    except (pa.ArrowException, ValueError, TypeError) as error:
        return f"answers cannot be read as numbers: {error}"
    if isinstance(numbers, str):
        return numbers
    known = [np.isfinite(each).all(axis=1) for each in numbers]
    for side, each in zip(("window", "baseline"), known, strict=True):
        if not each.any():
            return f"no row of the {side} has an answer"
    kept = [rows.filter(each) for rows, each in zip(tables, known, strict=True)]
    told = numbers[0][known[0]], numbers[1][known[1]]
    cells = celled(kept[0], kept[1], schema.features, told, MOST_ROWS)
    if not named and not cells.features:
        return "no feature can be sorted into cells on both sides"
    sides = [_importance(side, cells, logged=bool(named)) for side in (cells.now, cells.before)]
    return Attributed(tuple(named) or cells.features, sides[0], sides[1], cells)


def _importance(side: Side, cells: Celled, *, logged: bool) -> Importance | None:
    if side.n < LEAST:
        return None
    folds = np.empty(side.n, np.int64)
    folds[ordered(side)] = np.arange(side.n) % FOLDS
    if logged:
        return logged_importance(side.values, folds)
    sizes = [(name, len(labels)) for name, labels in cells.labels.items()]
    return surrogate_importance(side, side.values, sizes, folds)


def _answers(tables: Sequence[pa.Table], task: Task | None) -> list[Floats] | str:
    """Return what the model said: its score where both sides have one, its number, or which class it said."""
    if task is None:
        return "the schema has no task: is it two classes, several or a number?"
    for name in (SCORE, PREDICTION) if task is Task.BINARY else (PREDICTION,):
        if all(name in rows.column_names and rows[name].null_count < len(rows) for rows in tables):
            return _classes(tables) if task is Task.MULTICLASS else [_matrix(rows, [name]) for rows in tables]
    return "one side has no answers"


def _classes(tables: Sequence[pa.Table]) -> list[Floats]:
    said = [pc.cast(rows[PREDICTION], pa.large_string()) for rows in tables]
    counted = [Counter(each.drop_null().to_pylist()) for each in said]
    total = sum(counted, Counter[str]())
    classes = sorted(total, key=lambda name: (-total[name], name))[:_CLASSES]
    known = [np.asarray(pc.is_valid(each).to_numpy(), bool) for each in said]
    told = [np.column_stack([_is(each, name) for name in classes]) for each in said]
    return [np.where(there[:, None], each, np.nan) for there, each in zip(known, told, strict=True)]


def _is(said: pa.ChunkedArray, name: str) -> Floats:
    return np.asarray(pc.fill_null(pc.equal(said, name), fill_value=False).to_numpy(), np.float64)


def _matrix(rows: pa.Table, names: Sequence[str]) -> Floats:
    columns = [pc.cast(rows[name], pa.float64(), safe=False).to_numpy() for name in names]
    return np.column_stack([np.asarray(each, np.float64) for each in columns])


def _p_value(now: Importance, before: Importance) -> float:
    """Return the chance that any share moves as much as the one that moved most, by Bonferroni over the features."""
    from scipy.special import stdtr  # slow to import

    error = np.hypot(now.error, before.error)
    apart = np.abs(now.shares - before.shares)
    if not (apart > 0).any():
        return 1.0
    largest = float(np.max(np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)))
    return min(1.0, len(apart) * 2 * float(stdtr(FOLDS - 1, -largest)))
