"""Are rows there twice?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.profile import Window
from holter.profile.hashing import Hashes
from holter.profile.row_hash import hash_rows
from holter.signals.rates import rates_p_value
from holter.signals.signal import Need
from holter.stats import wilson
from holter.types import CERTAIN, REQUEST_ID, ROW, Evidence, Measurement, Verdict

THINNED: Final = "two-sample test of rates, with and without thinning"
IDENTITY: Final = (REQUEST_ID, ROW)
"""What tells records apart where no key is declared."""


@dataclass(frozen=True)
class Duplicates:
    r"""Are rows there twice?

    ``duplicate_rate`` is the share of rows that repeat another in all features. Rows of few categories repeat each
    other by necessity, and the more of them the more often; the larger side is therefore thinned to the size of the
    smaller first, by the expected number of different rows among n of N,
    :math:`\sum_i 1 - \binom{N - N_i}{n} / \binom{N}{n}` (rarefaction). Copies that a process makes (a retry) are as
    frequent in a window of any size; so the rates are compared without thinning too, and the more alike pair counts.

    ``key_rate`` is the share of rows whose key was there before. That a declared key repeats is a fact and one too
    many. Without one it is that of request id and row: clients may give an id again, so it is held against the
    baseline, and against none where the baseline has no ids.

    Parameters
    ----------
    key
        Columns that together tell rows apart; empty: the identity of records, where they have one.

    References
    ----------
    Hurlbert, The nonconcept of species diversity: a critique and alternative parameters (1971), Ecology 52:577-586,
    equation 4.

    Examples
    --------
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "double"),))
    >>> now, before = (Window(None, schema, rows=pa.table({"x": each})) for each in ([1.0, 2.0, 2.0], [1.0, 2.0, 3.0]))
    >>> [(each.metric, each.value) for each in Duplicates(key=("x",)).measure(now, before)]
    [('duplicate_rate', 0.3333333333333333), ('key_rate', 0.3333333333333333)]
    """

    key: tuple[str, ...] = ()

    name: ClassVar[str] = "duplicates"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("duplicate_rate", "key_rate")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer from the rows of both sides."""
        if target.rows is None:
            why = "the target has no rows"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        names = baseline.schema.names or target.schema.names
        return [self._copies(target.rows, baseline.rows, names), self._keys(target.rows, baseline.rows)]

    def _copies(self, rows: pa.Table, before: pa.Table | None, names: Sequence[str]) -> Measurement:
        shared = [name for name in names if name in rows.column_names]
        if before is not None:
            shared = [name for name in shared if name in before.column_names]
        if not shared or not rows.num_rows:
            why = "there is no row, or no feature, to compare"
            return Measurement.unanswered(self.name, "duplicate_rate", Verdict.UNDEFINED, why, n=rows.num_rows)
        now = _counts(_hashes(rows, shared))
        old = None if before is None or not before.num_rows else _counts(_hashes(before, shared))
        evidence = None if old is None else _evidence(now, old)
        n, hits = rows.num_rows, rows.num_rows - len(now)
        interval = wilson(hits, n)
        return Measurement(self.name, "duplicate_rate", hits / n, n, interval=interval, evidence=evidence)

    def _keys(self, rows: pa.Table, before: pa.Table | None) -> Measurement:
        key = [name for name in self.key or IDENTITY if name in rows.column_names]
        if not key or (self.key and len(key) < len(self.key)):
            why = f"the window has no columns {', '.join(self.key or IDENTITY)}"
            return Measurement.unanswered(self.name, "key_rate", Verdict.UNDEFINED, why, n=rows.num_rows)
        hits, n = _repeated(rows, key)
        if not n:
            why = "no row has a key"
            return Measurement.unanswered(self.name, "key_rate", Verdict.UNDEFINED, why, n=rows.num_rows)
        evidence, old = (Evidence(None, CERTAIN, hits / n, 0.0) if self.key else None), (0, 0)
        if not self.key and before is not None and before.num_rows:
            old = _repeated(before, key) if set(key) <= set(before.column_names) else (0, before.num_rows)
        if old[1]:
            p, rate = rates_p_value(hits, n, *old), old[0] / old[1]
            evidence = Evidence(p, "two-sample test of rates", hits / n - rate, rate)
        return Measurement(self.name, "key_rate", hits / n, n, interval=wilson(hits, n), evidence=evidence)


def _hashes(rows: pa.Table, names: Sequence[str]) -> Hashes:
    columns = {}
    for name in names:
        try:
            columns[name] = rows[name].combine_chunks()
            hash_rows({name: columns[name].slice(0, 1)}, min(1, rows.num_rows))
        except (pa.ArrowException, TypeError, ValueError):
            columns.pop(name, None)  # a column that cannot be hashed tells no rows apart
    return hash_rows(columns, rows.num_rows)


def _counts(hashes: Hashes) -> npt.NDArray[np.int64]:
    """Return how often each different row is there."""
    ordered = np.sort(hashes)
    ends = np.flatnonzero(np.concatenate((ordered[1:] != ordered[:-1], [True])))
    return np.diff(ends, prepend=-1).astype(np.int64)


def _repeated(rows: pa.Table, key: Sequence[str]) -> tuple[int, int]:
    """Return how many rows repeat a key, of how many that have one."""
    present = np.zeros(rows.num_rows, np.bool_)
    for name in key[:1]:  # the request id: without it a row has no identity
        present |= np.asarray(rows[name].is_valid().to_numpy(), np.bool_)
    hashes = _hashes(rows, key)[present]
    return len(hashes) - (len(_counts(hashes)) if len(hashes) else 0), len(hashes)


def _evidence(now: npt.NDArray[np.int64], old: npt.NDArray[np.int64]) -> Evidence:
    """Compare the rates as they are, and thinned to the size of the smaller side; the more alike of both counts."""
    sizes = int(now.sum()), int(old.sum())
    n = min(sizes)
    plain = _tested((sizes[0] - len(now), sizes[0]), (sizes[1] - len(old), sizes[1]))
    thinned = _tested((round(n - different(now, n)), n), (round(n - different(old, n)), n))
    return max(plain, thinned, key=lambda each: each.p_value or 0.0)


def _tested(now: tuple[int, int], old: tuple[int, int]) -> Evidence:
    before = old[0] / old[1]
    return Evidence(rates_p_value(*now, *old), THINNED, now[0] / now[1] - before, before)


def different(counts: npt.NDArray[np.int64], n: int) -> float:
    r"""Return how many different rows are expected among n that are drawn from all, without replacement.

    Parameters
    ----------
    counts
        How often each different row is there; N in all.
    n
        At most N.

    Examples
    --------
    >>> different(np.array([2, 1, 1]), 4), round(different(np.array([2, 2]), 2), 9)
    (3.0, 1.666666667)
    """
    total = int(counts.sum())
    if n >= total:
        return float(len(counts))
    sizes, how_many = np.unique(counts, return_counts=True)
    return float(
        sum(many * (1 - _none_of(size, total, n)) for size, many in zip(sizes.tolist(), how_many, strict=True))
    )


def _none_of(size: int, total: int, n: int) -> float:
    """Return the chance that none of ``size`` rows is among n of ``total``."""
    if size > total - n:
        return 0.0
    logs = [math.lgamma(each + 1) for each in (total - size, total - n, total - size - n, total)]
    return math.exp(logs[0] + logs[1] - logs[2] - logs[3])
