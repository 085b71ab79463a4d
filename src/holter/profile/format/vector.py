"""How a column of lists is stored."""

import msgspec

from holter.profile.format.lengths import StoredLengths
from holter.profile.format.numeric import StoredNumeric
from holter.profile.lengths import Lengths
from holter.profile.projection import DIRECTIONS
from holter.profile.vector import VectorColumn


class StoredVector(msgspec.Struct, array_like=True, tag="v"):
    """The fields of a :class:`~holter.profile.VectorColumn`."""

    n: int
    nulls: int
    lengths: StoredLengths | None
    elements: list[int]
    norm: StoredNumeric
    projections: list[StoredNumeric]
    dtype: str

    @classmethod
    def of(cls, column: VectorColumn) -> "StoredVector":
        """Return what is stored of a column."""
        return cls(
            column.n,
            column.nulls,
            StoredLengths.of(column.lengths),
            [column.null_elements, column.nan_elements, column.infinite_elements, column.broken],
            StoredNumeric.of(column.norm),
            [StoredNumeric.of(each) for each in column.projections],
            column.dtype,
        )

    def column(self) -> VectorColumn:
        """Return the column that was stored.

        Raises
        ------
        ValueError
            If it is not made of as many parts as were written.
        """
        if len(self.projections) != DIRECTIONS:
            raise ValueError(f"{len(self.projections)} projections, not {DIRECTIONS}")
        nulls, nan, infinite, broken = self.elements
        lengths = self.lengths.lengths() if self.lengths else Lengths()
        projections = tuple(each.column() for each in self.projections)
        return VectorColumn(
            self.n, self.nulls, lengths, nulls, nan, infinite, broken, self.norm.column(), projections, self.dtype
        )
