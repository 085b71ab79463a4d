"""Which estimator was nearest, when the truth was known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.signals.boosted_outcomes import BoostedOutcomes
from holter.signals.expected_binary import CONFUSION
from holter.signals.expected_table import ExpectedTable, Slope, with_label
from holter.signals.labelled import Floats
from holter.signals.mapped_outcomes import Estimator, MappedOutcomes
from holter.signals.reweighted_outcomes import ReweightedOutcomes
from holter.signals.seen import Seen
from holter.types import Task

EARLIER: Final = 0.6
"""Part of the baseline that estimators learn from while they are tried on the rest."""
LEAST: Final = 400
"""Labelled rows below which nothing can be tried: 160 would be left."""
LEAST_ALTERNATIVE: Final = 3000
"""Labelled rows below which only the map of the answers is fitted."""
FEWEST: Final = 100
"""Rows of a trial window, at least."""
TIMES: Final = 6
"""Trial windows in time, at most."""
TILTED: Final = 3
"""Features of which the low and the high third are trial windows, too."""
FAR: Final = 25.0
"""Five standard errors: a metric of a window that is farther off counts no more than that."""
MOST_CLASSES: Final = 10
"""Classes beyond which boosting would take too long."""

Metrics = Mapping[str, Callable[[ExpectedTable], Slope | None]]
Places = npt.NDArray[np.intp]


class Kind(StrEnum):
    """The estimators."""

    CBPE = "cbpe"
    BOOSTED = "boosted"
    REWEIGHTED = "reweighted"


@dataclass(frozen=True)
class Choice:
    r"""Which estimator gives a metric, and what its trial showed.

    Parameters
    ----------
    kind
        The estimator.
    error, plain
        Its mean absolute error over the trial windows, and that of CBPE; None where nothing could be tried.
    windows
        How many.
    drift
        Variance of its error from window to window, beyond what labels and the fit explain.
    follows
        Part of an estimated change by which it was wrong, squared: windows of other rows are estimated less well.
    why
        What spoke for it, as a clause.
    """

    kind: Kind
    why: str
    error: float | None = None
    plain: float | None = None
    windows: int = 0
    drift: float = 0.0
    follows: float = 0.0


def chosen(rows: Seen, categorical: list[bool], metrics: Metrics, *, timed: bool) -> Mapping[str, Choice]:
    r"""Return for each metric the estimator to use, by a trial on the baseline's own later part.

    Estimators learn from the first :data:`EARLIER` of the labelled rows. The rest is cut into windows: in time, and the
    lowest and highest third of those features by which the earlier part's labels differ most from what the scores
    promise. In each window every metric is estimated and compared with the labels, in units of the error that labels
    and fit explain. An alternative to CBPE is taken when it is nearer over all windows and metrics by more than one
    standard error of the difference, and not farther in the windows in time by more than one. A metric for which it is
    not nearer keeps CBPE: so none is worse than CBPE in the trial.

    Parameters
    ----------
    rows
        Labelled rows in order, with features, or without (then there is no alternative).
    categorical
        Which features are codes of categories.
    metrics
        The metrics of the task.
    timed
        Whether the order is that of time.
    """
    if len(rows.decided) < LEAST:
        why = f"{len(rows.decided)} labelled rows are too few for a trial"
        return {metric: Choice(Kind.CBPE, why) for metric in metrics}
    split = int(EARLIER * len(rows.decided))
    earlier, later = rows.take(slice(split)), rows.take(slice(split, None))
    plain = MappedOutcomes.fit(earlier)
    tried: dict[Kind, Estimator] = {Kind.CBPE: plain}
    lacks = _lacks(rows)
    if not lacks:
        tried[Kind.BOOSTED] = BoostedOutcomes.fit(earlier, categorical)
        tried[Kind.REWEIGHTED] = ReweightedOutcomes.fit(earlier, categorical)
    tilted = [] if lacks else _tilted(earlier, later, plain, categorical)
    trial = _Trial.of(tried, later, _times(len(later.decided)), tilted, metrics, _values(earlier, metrics))
    return trial.choices(metrics, lacks or ("later in time" if timed else "other rows, as there is no time"))


def _lacks(rows: Seen) -> str:
    """Return why there is no alternative to CBPE; empty where there is."""
    if len(rows.decided) < LEAST_ALTERNATIVE:
        return f"with fewer than {LEAST_ALTERNATIVE:,} labelled rows nothing else is fitted"
    if rows.inputs is None or not rows.inputs.shape[1]:
        return "there are no features"
    if rows.outcomes.shape[1] > MOST_CLASSES and rows.task is Task.MULTICLASS:
        return f"with more than {MOST_CLASSES} classes nothing else is fitted"
    return ""


def _times(n: int) -> list[Places]:
    return list(np.array_split(np.arange(n), max(1, min(TIMES, n // FEWEST))))


def _tilted(earlier: Seen, later: Seen, plain: MappedOutcomes, categorical: list[bool]) -> list[Places]:
    """Return the low and high third of the features by which labels differ most from what is expected."""
    assert earlier.inputs is not None and later.inputs is not None  # noqa: S101, PT018  (asked by _lacks)
    left = _residual(earlier, plain)
    strength = []
    for column, coded in zip(earlier.inputs.T, categorical, strict=True):
        rank = _rates(column, left)[column.astype(int)] if coded and np.isfinite(column).all() else column
        there = np.isfinite(rank)
        still = there.sum() < FEWEST or np.ptp(rank[there]) == 0
        strength.append(0.0 if still else abs(float(np.corrcoef(_ranked(rank[there]), left[there])[0, 1])))
    windows = []
    for place in np.argsort(-np.nan_to_num(strength), kind="stable")[:TILTED]:
        order = _sorted(later.inputs[:, place], earlier.inputs[:, place], left, coded=categorical[place])
        third = len(order) // 3
        windows += [each for each in (order[:third], order[-third:]) if len(each) >= FEWEST]
    return windows


def _residual(rows: Seen, plain: MappedOutcomes) -> Floats:
    column = {Task.BINARY: np.ones(len(rows.decided), int), Task.MULTICLASS: rows.decided}.get(rows.task)
    column = np.ones(len(rows.decided), int) if column is None else column  # of a number: the absolute error
    each = np.arange(len(rows.decided))
    return np.asarray(rows.outcomes[each, column] - plain.expect(rows)[each, column], np.float64)


def _ranked(values: Floats) -> Floats:
    return np.asarray(np.searchsorted(np.sort(values), values), np.float64)


def _rates(codes: Floats, left: Floats) -> Floats:
    """Return the mean residual of each category, drawn towards 0 by :data:`FEWEST` rows."""
    place = codes.astype(int)
    return np.asarray(np.bincount(place, left) / (np.bincount(place) + FEWEST), np.float64)


def _sorted(values: Floats, before: Floats, left: Floats, *, coded: bool) -> Places:
    """Return the rows that have a value, by it; categories by the residual of the earlier part."""
    there = np.flatnonzero(np.isfinite(values))
    if coded:
        known = np.isfinite(before)
        rates = _rates(before[known], left[known])
        codes = np.minimum(values[there].astype(int), len(rates) - 1)
        return np.asarray(there[np.lexsort((codes, rates[codes]))], np.intp)
    return np.asarray(there[np.argsort(values[there], kind="stable")], np.intp)


def _values(rows: Seen, metrics: Metrics) -> Floats:
    table = ExpectedTable.of(rows, rows.outcomes)
    found = [metric(table) for metric in metrics.values()]
    return np.array([np.nan if each is None else each.value for each in found])


@dataclass(frozen=True, eq=False)
class _Trial:
    """Errors by estimator, window and metric; the variance that labels and the fit explain; estimated changes."""

    errors: Mapping[Kind, Floats]
    explained: Floats
    changes: Mapping[Kind, Floats]
    times: int
    counted: npt.NDArray[np.bool_]
    """Metrics that count in the choice: the parts of the confusion matrix are in the others."""

    @classmethod
    def of(
        cls,
        tried: Mapping[Kind, Estimator],
        later: Seen,
        times: list[Places],
        tilted: list[Places],
        metrics: Metrics,
        before: Floats,
    ) -> "_Trial":
        windows = [later.take(places) for places in (*times, *tilted)]
        realised = np.array([_values(window, metrics) for window in windows])
        plain = tried[Kind.CBPE]
        explained = np.array([_explained(plain, window, metrics) for window in windows])
        estimates = {
            kind: np.array([_estimated(each.expect(window), window, metrics) for window in windows])
            for kind, each in tried.items()
        }
        errors = {kind: each - realised for kind, each in estimates.items()}
        changes = {kind: each - before for kind, each in estimates.items()}
        counted = np.array([metric not in CONFUSION for metric in metrics])
        return cls(errors, explained, changes, len(times), counted)

    def choices(self, metrics: Metrics, against: str) -> Mapping[str, Choice]:
        best, why = self._best(against)
        return {metric: self._choice(place, best, why) for place, metric in enumerate(metrics)}

    def _best(self, against: str) -> tuple[Kind, str]:
        """Return the estimator that is nearest on the whole, and why."""
        with np.errstate(divide="ignore", invalid="ignore"):
            far = {
                kind: _means(np.minimum(errors**2 / self.explained, FAR)[:, self.counted])
                for kind, errors in self.errors.items()
            }
        nearer = {}
        for kind in self.errors:
            gain = far[Kind.CBPE] - far[kind]
            if kind is Kind.CBPE or not _beyond(gain, 1.0) or not _beyond(gain[: self.times], -1.0):
                continue
            nearer[kind] = float(np.nanmean(gain))
        if not nearer:
            return Kind.CBPE, against if len(self.errors) == 1 else f"nothing was nearer ({against})"
        return max(nearer, key=lambda kind: nearer[kind]), f"nearer than CBPE ({against})"

    def _choice(self, place: int, best: Kind, why: str) -> Choice:
        size = {kind: np.abs(errors[:, place]) for kind, errors in self.errors.items()}
        known = np.isfinite(size[Kind.CBPE]) & np.isfinite(size[best])
        if not known.any():
            return Choice(Kind.CBPE, "the trial had no value of it")
        error, plain = float(size[best][known].mean()), float(size[Kind.CBPE][known].mean())
        if best is not Kind.CBPE and error > plain:
            best, why, error = Kind.CBPE, f"{best} was nearer on the whole, and not for this", plain
        drift, follows = self._excess(place, best)
        return Choice(best, why, error, plain, int(known.sum()), drift, follows)

    def _excess(self, place: int, kind: Kind) -> tuple[float, float]:
        """Return the variance beyond what is explained: by itself, and as a part of the squared change."""
        squared, explained = self.errors[kind][:, place] ** 2, self.explained[:, place]
        known = np.isfinite(squared) & np.isfinite(explained)
        timed = known & (np.arange(len(known)) < self.times)
        drift = _more(squared[timed], explained[timed])
        tilted = known & ~timed
        moved = float((self.changes[kind][tilted, place] ** 2).mean()) if tilted.any() else 0.0
        follows = _more(squared[tilted], explained[tilted] + drift) / moved if moved > 0 else 0.0
        return drift, min(1.0, follows)


def _more(squared: Floats, explained: Floats) -> float:
    """Return by how much squares are larger than explained, on average: at least 0, so that intervals err to be wide.

    DerSimonian and Laird, Meta-analysis in clinical trials (1986), Controlled Clinical Trials 7:177, equation 8.
    """
    return max(0.0, float((squared - explained).mean())) if len(squared) else 0.0


def _estimated(chances: Floats, window: Seen, metrics: Metrics) -> Floats:
    table = ExpectedTable.of(window, chances)
    found = [metric(table) for metric in metrics.values()]
    return np.array([np.nan if each is None else each.value for each in found])


def _explained(plain: Estimator, window: Seen, metrics: Metrics) -> Floats:
    """Return the variance that the window's labels, and the rows the map was learned from, bring to each metric."""
    expected = plain.expect(window)
    table = ExpectedTable.of(window, expected, scatter=scatter(window, expected))
    explained = []
    for metric in metrics.values():
        slope = metric(table)
        if slope is None:
            explained.append(np.nan)
            continue
        weights = slope.gradient[cells(window, table)] / table.n
        of_fit = plain.error(window, weights[:, : window.outcomes.shape[1]])
        explained.append(table.of_labels(slope.gradient) + of_fit)
    return np.array(explained)


def cells(rows: Seen, table: ExpectedTable) -> Places:
    """Return the cell of a table that each row is in."""
    if rows.task is not Task.BINARY:
        return rows.decided
    return np.asarray(2 * np.searchsorted(table.levels, rows.scores[:, 0]) + rows.decided, np.intp)


def scatter(rows: Seen, expected: Floats) -> Floats | None:
    """Return how losses of labelled rows scatter about what was expected, as a covariance; None for classes."""
    if rows.task is not Task.REGRESSION:
        return None
    apart = with_label(rows, rows.outcomes) - with_label(rows, expected)
    return np.asarray(apart.T @ apart / len(apart), np.float64)


def _means(values: Floats) -> Floats:
    """Return the mean over metrics of each window, without those that have no value."""
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.float64)


def _beyond(gain: Floats, errors: float) -> bool:
    """Tell whether the mean is beyond so many of its standard errors."""
    if len(gain) < 2:
        return False
    return bool(gain.mean() >= errors * gain.std(ddof=1) / np.sqrt(len(gain)))
