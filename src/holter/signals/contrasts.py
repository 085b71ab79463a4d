"""How a window differs from its baseline, as means that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from holter.profile import CategoricalColumn, NumericColumn, Window
from holter.signals.column_cells import CategoryCells, NumberCells
from holter.signals.row_products import Answers, label_contrasts, pair_contrasts
from holter.types import LABEL, ContrastKey, Contrasts, Family, Measurement, Task

_INTERVAL_SIGMAS = 2 * 1.959963984540054
"""Width of a 95 % interval in standard errors."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The cells and scores of a baseline, into which every window is laid.

    Numbers get orthogonal scores of their quantile cells (location, scale, skew, tails); categories the shares of the
    frequent ones, of the rare together, of unseen ones, and their surprisal; every column its missing share; pairs of
    numbers the product of their rank scores; and where labels are known, residuals and losses. All are means over rows:
    the contrasts of two windows together are those of both, added up (:meth:`~holter.types.Contrasts.total`).

    Parameters
    ----------
    numbers, categories
        The columns, in the order of the schema.
    paired
        Columns of numbers whose products are looked at.
    answers
        How labels are set against answers; None where the baseline has none.

    Examples
    --------
    >>> from holter.profile import Profile
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "int64"),))
    >>> before, after = (
    ...     Window(None, schema, Profile.of(pa.table({"x": list(range(start, start + 100))}))) for start in (0, 20)
    ... )
    >>> found = Frame.of(before).contrasts(after)
    >>> [f"{key.name} {mean:+.2f}" for key, mean in zip(found.keys, found.mean, strict=True)]
    ['location +0.62', 'scale +0.22', 'skew +0.58', 'tails +0.58', 'missing +0.00']
    """

    numbers: tuple[NumberCells, ...]
    categories: tuple[CategoryCells, ...]
    paired: tuple[str, ...] = ()
    answers: Answers | None = None

    @classmethod
    def of(cls, baseline: Window) -> Self:
        """Take the columns of a baseline's profile, and its labels where its rows have some."""
        columns = {} if baseline.profile is None else baseline.profile.columns
        numbers = tuple(
            NumberCells.of(name, column)
            for name, column in columns.items()
            if isinstance(column, NumericColumn) and column.finite
        )
        categories = tuple(
            CategoryCells.of(name, column)
            for name, column in columns.items()
            if isinstance(column, CategoricalColumn) and column.present
        )
        features = set(baseline.schema.names)
        paired = tuple(cells.feature for cells in numbers if cells.feature in features and cells.scores.shape[1])
        rows, task = baseline.rows, baseline.schema.task
        answers = None
        if rows is not None and task is not None and LABEL in rows.column_names:
            answers = _answers(rows, task)
        return cls(numbers, categories, paired, answers)

    def contrasts(self, window: Window, *, own: bool = False) -> Contrasts:
        """Lay a window into the cells.

        Parameters
        ----------
        window
            With a profile, and rows where pairs and labels are wanted; without rows, pairs come from the sample that
            the profile may hold. What it does not have gives contrasts without rows.
            A window of a segment is looked at briefly: location and scale, the most frequent categories, missing
            values, residual and loss.
        own
            Whether the window is a part of the baseline (see :meth:`CategoryCells.means`).
        """
        columns = {} if window.profile is None else window.profile.columns
        brief = window.segment is not None
        means = [mean for cells in self.numbers for mean in cells.means(columns.get(cells.feature), brief=brief)]
        for each in self.categories:
            means += each.means(columns.get(each.feature), own=own, brief=brief)
        arrays = np.array(means, np.float64).reshape(-1, 4).T
        found = Contrasts(self._keys(window.segment), *arrays)
        return Contrasts.joined([found, *self._of_rows(window)])

    def _keys(self, segment: str | None) -> tuple[ContrastKey, ...]:
        """Return the keys of the columns; made once for each segment, since there may be thousands."""
        if segment not in self._made:
            brief = segment is not None
            every = [key for cells in self.numbers for key in cells.keys(brief=brief)]
            every += [key for cells in self.categories for key in cells.keys(brief=brief)]
            self._made[segment] = tuple(replace(key, segment=segment) for key in every)
        return self._made[segment]

    @cached_property
    def _made(self) -> dict[str | None, tuple[ContrastKey, ...]]:
        return {}

    def _of_rows(self, window: Window) -> list[Contrasts]:
        paired = [cells for cells in self.numbers if cells.feature in self.paired]
        rows, weights = window.rows, None
        labelled = self.answers is not None and rows is not None and LABEL in rows.column_names
        if window.segment is not None:
            if not labelled or rows is None or self.answers is None:
                return []
            return [label_contrasts(rows, self.answers, (), ()).of_segment(window.segment)]
        sample = None if window.profile is None else window.profile.sample
        if rows is None and sample is not None:
            rows, weights = sample.rows, sample.counts.astype(np.float64)
        if rows is None:
            return []
        found = [pair_contrasts(rows, paired, weights)] if len(paired) > 1 else []
        if self.answers is not None and labelled:
            found.append(label_contrasts(rows, self.answers, paired, self.categories))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; :meth:`from_dict` reads them."""
        answers = self.answers
        return {
            "numbers": [cells.to_dict() for cells in self.numbers],
            "categories": [cells.to_dict() for cells in self.categories],
            "paired": list(self.paired),
            "answers": None if answers is None else [str(answers.task), answers.unit, answers.scored],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        answers = data["answers"]
        return cls(
            tuple(NumberCells.from_dict(each) for each in data["numbers"]),
            tuple(CategoryCells.from_dict(each) for each in data["categories"]),
            tuple(data["paired"]),
            None if answers is None else Answers(Task(answers[0]), float(answers[1]), bool(answers[2])),
        )


def metric_contrasts(measurements: Sequence[Measurement]) -> Contrasts:
    """Return measurements that have a value and an interval as contrasts of family ``metric``.

    The standard error is read off the interval; its square times n is the variance of a row. So any metric, of any
    signal or of a user, gets the same learned null as the columns.
    """
    # The interval of a measurement reaches 1.96 standard errors to each side, whatever it is the mean of.
    used = {
        ContrastKey(Family.METRIC, each.feature, each.name, segment=each.segment): each
        for each in measurements
        if each.value is not None and each.interval is not None and each.n > 0
    }
    values = np.array([each.value for each in used.values()], np.float64)
    n = np.array([each.n for each in used.values()], np.float64)
    width = [each.interval.high - each.interval.low for each in used.values() if each.interval is not None]
    error = np.array(width, np.float64) / _INTERVAL_SIGMAS
    return Contrasts(tuple(used), n, values, error**2 * n, np.zeros(len(used)))


def _answers(rows: pa.Table, task: Task) -> Answers | None:
    found = Answers.of(rows, task)
    return found if np.isfinite(found.residuals(rows)).any() else None
