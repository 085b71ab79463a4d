"""Rows of two tables as one matrix of numbers, for models that tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.hashing import hash_numbers
from holter.types import Feature, Kind

CATEGORIES: Final = 200
"""Categories that are told apart; scikit-learn's trees take at most 255."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio, an odd number: Knuth, The Art of Computer Programming 3, section 6.4."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of both sides, in an order that depends on what is in them and not on how they came.

    Parameters
    ----------
    before, after
        One row a record, one column a feature; NaN where there is no value.
    names
        The features, in the order of the columns.
    categorical
        Which of them are codes of categories.
    """

    before: Matrix
    after: Matrix
    names: tuple[str, ...]
    categorical: list[bool]

    def learned(self) -> tuple[Matrix, Matrix]:
        """Return the rows to learn from, and the side of each (0 before, 1 after)."""
        return _stacked(self.before[0::2], self.after[0::2])

    def asked(self) -> tuple[Matrix, Matrix]:
        """Return the rows to be asked about, and the side of each."""
        return _stacked(self.before[1::2], self.after[1::2])


def encoded(before: pa.Table, after: pa.Table, features: Sequence[Feature], most: int) -> Encoded:
    """Encode the features that both tables have with at least one value; text, lists and times are left out.

    Parameters
    ----------
    before, after
        The rows of the two sides.
    features
        Which columns, and of which kind.
    most
        Rows of a side that are kept: those with the smallest hashes, so the same whatever the order.
    """
    columns, names, categorical = [], [], []
    for feature in features:
        if feature.name not in before.column_names or feature.name not in after.column_names:
            continue
        pair = _pair(before[feature.name], after[feature.name], feature.kind)
        if pair is not None and not all(np.isnan(side).all() for side in pair):
            columns.append(pair)
            names.append(feature.name)
            categorical.append(feature.kind is Kind.CATEGORICAL)
    sides = [_ordered([pair[side] for pair in columns], most) for side in (0, 1)]
    return Encoded(sides[0], sides[1], tuple(names), categorical)


def _stacked(before: Matrix, after: Matrix) -> tuple[Matrix, Matrix]:
    return np.vstack([before, after]), np.repeat([0.0, 1.0], [len(before), len(after)])


def _ordered(columns: Sequence[Matrix], most: int) -> Matrix:
    if not columns:
        return np.empty((0, 0))
    order = content_order(columns)[:most]
    return np.column_stack([column[order] for column in columns])


def content_order(columns: Sequence[Matrix]) -> npt.NDArray[np.intp]:
    """Return an order of rows that looks like chance and depends on what is in them alone; at least one column."""
    hashes = np.zeros(len(columns[0]), np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            hashes = (hashes ^ hash_numbers(column)) * _MIX
    return np.argsort(hashes, kind="stable")


def _pair(before: pa.ChunkedArray, after: pa.ChunkedArray, kind: Kind) -> tuple[Matrix, Matrix] | None:
    try:
        if kind is Kind.NUMERIC:
            return as_numbers(before), as_numbers(after)
        if kind is Kind.CATEGORICAL:
            return _codes(before, after)
    except (pa.ArrowException, TypeError, ValueError):
        return None
    return None


def as_numbers(column: pa.ChunkedArray) -> Matrix:
    """Return numbers, NaN for null and for infinities: trees split between values, and these lie beyond all."""
    plain = pc.cast(column, pa.float64(), safe=False).combine_chunks()
    values = np.array(pc.fill_null(plain, np.nan).to_numpy(zero_copy_only=False), np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _codes(before: pa.ChunkedArray, after: pa.ChunkedArray) -> tuple[Matrix, Matrix]:
    """Give each category of both sides a number, the most frequent first, the rare ones together; NaN for null."""
    sides = [pc.cast(column, pa.large_string()) for column in (before, after)]
    counted = pc.value_counts(pa.chunked_array([*sides[0].chunks, *sides[1].chunks], pa.large_string()).drop_null())
    found = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
    frequent = sorted(found, key=lambda each: (-each[1], each[0]))[:CATEGORIES]
    kept = pa.array([name for name, _ in frequent], pa.large_string())
    return as_codes(sides[0], kept), as_codes(sides[1], kept)


def as_codes(column: pa.ChunkedArray, kept: pa.Array) -> Matrix:
    """Return the place of each category among those that are kept, their number for all others, NaN for null."""
    place = pc.index_in(column, kept).cast(pa.float64())
    rare = pc.fill_null(place, float(len(kept)))
    values = pc.if_else(pc.is_valid(column), rare, pa.scalar(np.nan))
    return np.array(values.combine_chunks().to_numpy(zero_copy_only=False), np.float64)
