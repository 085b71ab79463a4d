"""Does the model put what people want near the top?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import BadSetting
from holter.profile import Window
from holter.profile.outcomes.reading import Floats, numbers
from holter.signals.contained import contained
from holter.signals.enough import LEAST, undefined
from holter.signals.estimate import Estimate
from holter.signals.signal import Need
from holter.stats import rankings
from holter.stats.rankings import Rankings
from holter.types import LABEL, PREDICTION, QUERY, SCORE, Measurement, Verdict

_PARTS: Final = {
    "ndcg": "ndcg",
    "map": "average_precision",
    "mrr": "reciprocal_rank",
    "hit_rate": "hit",
}
"""Which number of a query each metric is the mean of."""


@dataclass(frozen=True)
class Ranking:
    r"""Does the model put what people want near the top?

    Rows of one query (a search, a customer, a session) are ranked by their score, or by the prediction where no score
    is logged; the label says how good a row was, 0 not at all. ``ndcg`` is the discounted gain of the first k rows as a
    share of the best order's, ``map`` the mean average precision of the first k, ``mrr`` the mean of one over the rank
    of the first relevant row, ``hit_rate`` the share of queries with a relevant row among the first k. A query without
    a relevant row says nothing of the order and is left out; n counts the others. Rows without a label or a score are
    left out: what nobody has looked at is not irrelevant.

    Queries are independent of each other, rows of one query are not: the error of a mean is that over queries,
    :math:`s / \sqrt q`, and a hit rate has Wilson's interval. The evidence is a two-sample test against the baseline.

    Parameters
    ----------
    query
        Column that tells rankings apart.
    k
        How far a reader looks, at least 1.

    References
    ----------
    See :func:`holter.stats.rankings`.

    Examples
    --------
    >>> from holter.types import Schema
    >>> rows = pa.table({"_query": [q for q in range(40) for _ in "ab"], "_score": [0.9, 0.1] * 40,
    ...                  "_label": [1.0, 0.0, 0.0, 1.0] * 20})
    >>> window = Window(None, Schema(()), rows=rows)
    >>> [(each.metric, each.value) for each in Ranking(k=1).measure(window, window)]
    [('ndcg', 0.5), ('map', 0.5), ('mrr', 0.75), ('hit_rate', 0.5)]
    """

    name: ClassVar[str] = "ranking"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = tuple(_PARTS)
    query: str = QUERY
    k: int = 10

    def __post_init__(self) -> None:
        if self.k < 1:
            raise BadSetting("k", f"{self.k} rows are none.")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for a window with queries."""
        now, before = self._ranked(target.rows), self._ranked(baseline.rows)
        if isinstance(now, str):
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, now) for metric in self.metrics]
        found: list[Measurement] = []
        for metric in self.metrics:
            found += contained(self.name, metric, partial(self._compared, metric, now, before))
        return found

    def _compared(self, metric: str, now: Rankings, before: Rankings | str) -> list[Measurement]:
        then = None if isinstance(before, str) else _mean(metric, before)
        return [_mean(metric, now).against(self.name, metric, then)]

    def _ranked(self, rows: pa.Table | None) -> Rankings | str:
        """Return the numbers of each query, or why there are none."""
        if rows is None:
            return "the window has no rows"
        if self.query not in rows.column_names:
            return f"there is no column {self.query!r} that tells queries apart (option query)"
        try:
            query, score, label = _columns(rows, self.query)
        except (pa.ArrowException, ValueError) as error:
            return f"queries, scores or labels cannot be read: {error}"
        if len(label) and label.min() < 0:
            return f"{LABEL} holds {label.min():g}; a relevance is 0 or more"
        return rankings(query, score, label, self.k)


def _columns(rows: pa.Table, query: str) -> tuple[np.ndarray, Floats, Floats]:
    """Return query, score and label of the rows that have all three."""
    score, label = numbers(rows, SCORE), numbers(rows, LABEL)
    if not np.isfinite(score).any():
        score = numbers(rows, PREDICTION)
    column = rows.column(query)
    known = np.isfinite(score) & np.isfinite(label) & pc.is_valid(column).to_numpy()
    names = column.combine_chunks()
    codes = names if pa.types.is_dictionary(names.type) else names.dictionary_encode()
    places = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return places[known], score[known], label[known]


def _mean(metric: str, found: Rankings) -> Estimate:
    each = getattr(found, _PARTS[metric])
    n = len(each)
    if n < LEAST:
        if found.queries and not n:
            return undefined("no query has a relevant row", 0)
        why = f"{n} queries with a relevant row; {LEAST} are needed"
        return Estimate.refused(Verdict.INSUFFICIENT, why, n)
    if metric == "hit_rate":
        return Estimate.rate(round(float(each.sum())), n, "")
    return Estimate(float(each.mean()), n, float(each.std(ddof=1)) / n**0.5, floor=0.0, ceiling=1.0)
