"""Which two summaries of a column can be compared, and what of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from holter.profile import (
    CategoricalColumn,
    Column,
    NumericColumn,
    OpaqueColumn,
    TextColumn,
    VectorColumn,
)
from holter.profile.lengths import Lengths
from holter.profile.numbers import SINCE_1970
from holter.signals.binning import Cells, Side, count_categories, count_numbers
from holter.signals.pairing import Pair, Scale, farthest
from holter.stats import steps
from holter.types import Verdict

UNKNOWN: Final = "neither its values nor their lengths are known"
"""Why an old profile of a text has no distance."""
LEAST: Final = 30
"""Values on either side below which a distance says more about chance than about the column."""


@dataclass(frozen=True, eq=False)
class Laid:
    """Two summaries of one column beside each other; what is asked of them more than once is worked out once."""

    target: Column | None
    baseline: Column | None

    @cached_property
    def refusal(self) -> tuple[Verdict, str] | None:
        """Why there is no distance; None when there is one."""
        why = refusal(self.target, self.baseline)
        return (Verdict.UNDEFINED, UNKNOWN) if why is None and self._laid is None else why

    @cached_property
    def pair(self) -> Pair | None:
        """Both, ready for every distance; None where there is none."""
        return None if self.refusal is not None else self._laid

    @cached_property
    def _laid(self) -> Pair | None:
        return None if self.target is None or self.baseline is None else paired(self.target, self.baseline)


def refusal(target: Column | None, baseline: Column | None) -> tuple[Verdict, str] | None:
    """Return why there is no distance between two summaries of a column, or None when there is one."""
    for side, column in (("target", target), ("baseline", baseline)):
        if column is None:
            return Verdict.UNDEFINED, f"the {side} has no such column"
    assert target is not None and baseline is not None  # noqa: S101, PT018  (just seen)
    for side, column in (("target", target), ("baseline", baseline)):
        if column.n and column.n == column.nulls:
            return Verdict.UNDEFINED, f"every value of the {side} is null"
    # what is text in one window may have few values in another
    both_text = all(isinstance(column, CategoricalColumn | TextColumn) for column in (target, baseline))
    if not both_text and (type(target) is not type(baseline) or _unit(target) != _unit(baseline)):
        return Verdict.UNDEFINED, f"the type changed from {baseline.dtype} to {target.dtype}"
    if isinstance(target, OpaqueColumn):
        return Verdict.UNDEFINED, f"a column of type {target.dtype} has no distribution to compare"
    if _unit(target) == SINCE_1970:
        return Verdict.UNDEFINED, "a point in time moves on by itself; it has no distribution to compare"
    return _too_few(target, baseline)


def _too_few(target: Column, baseline: Column) -> tuple[Verdict, str] | None:
    for side, column in (("target", target), ("baseline", baseline)):
        if size(column) < LEAST:
            return Verdict.INSUFFICIENT, f"{size(column)} values in the {side}; {LEAST} are needed"
    if all(isinstance(column, CategoricalColumn) and _repeated(column) < 0.5 for column in (target, baseline)):
        return Verdict.UNDEFINED, "almost every value occurs once: an identifier has no distribution to compare"
    return None


def size(column: Column | None) -> int:
    """Return how many values of a column can be compared."""
    if column is None or isinstance(column, OpaqueColumn):
        return 0
    return column.finite if isinstance(column, NumericColumn) else column.present


def _repeated(column: CategoricalColumn) -> float:
    """Return the share of rows whose category occurs more than once."""
    once = list(column.counts.values()).count(1)  # counted by the interpreter itself: a year has millions
    return 1 - (once + column.other) / column.present


def _unit(column: Column) -> str:
    return column.unit if isinstance(column, NumericColumn) else ""


def paired(target: Column, baseline: Column) -> Pair | None:
    """Lay two summaries side by side: their values, else what is left of them; None where nothing is.

    Of free text and identifiers that is the number of characters. Of vectors it is the norm or one of the fixed
    directions, whichever moved most; its p-value answers for having chosen. Of other lists it is the number of
    elements.
    """
    if isinstance(target, NumericColumn) and isinstance(baseline, NumericColumn):
        return _numbers(target, baseline)
    if isinstance(target, CategoricalColumn) and isinstance(baseline, CategoricalColumn):
        return Pair(count_categories(target, baseline))
    if isinstance(target, VectorColumn) and isinstance(baseline, VectorColumn):
        return _vectors(target, baseline)
    known = [each.lengths for each in (target, baseline) if isinstance(each, CategoricalColumn | TextColumn)]
    return _lengths(known[0], known[1]) if len(known) == 2 else None


def _numbers(target: NumericColumn, baseline: NumericColumn, of: str = "", trials: int = 1) -> Pair:
    a, b = target.ranks, baseline.ranks
    moved = None if a.mean_spread is None or b.mean_spread is None else a.mean_spread + b.mean_spread
    scale = Scale(baseline.std, target.std, a.rank_error + b.rank_error, moved)
    return Pair(count_numbers(a, b), steps(a.values, a.weights, b.values, b.weights), scale, of, trials)


def _vectors(target: VectorColumn, baseline: VectorColumn) -> Pair | None:
    if min(target.norm.finite, baseline.norm.finite) < LEAST:
        return _lengths(target.lengths, baseline.lengths)
    named = {f"direction {place + 1}": pair for place, pair in enumerate(zip(target.projections, baseline.projections))}  # noqa: B905  (a newer version may have more)
    named["norm"] = target.norm, baseline.norm
    return farthest([_numbers(now, before, of, len(named)) for of, (now, before) in reversed(named.items())])


def _lengths(target: Lengths | None, baseline: Lengths | None) -> Pair | None:
    """Count both by how long their values are, in powers of two."""
    if target is None or baseline is None or not target.n or not baseline.n:
        return None
    counts = np.zeros((2, max(len(target.powers), len(baseline.powers))))
    for row, each in zip(counts, (target, baseline), strict=True):
        row[: len(each.powers)] = each.powers
    now, before = (Side(row, row, row) for row in counts)
    return Pair(Cells(now, before), of="length")
