"""How the counts of categories are stored."""

import msgspec

from holter.profile.categorical import CategoricalColumn
from holter.profile.format.lengths import StoredLengths, StoredUnnamed


class StoredCategorical(msgspec.Struct, array_like=True, tag="c"):
    """The fields of a :class:`~holter.profile.CategoricalColumn`."""

    n: int
    nulls: int
    counts: dict[str, int]
    other: int
    empty: int
    dtype: str
    # Since format 2:
    lengths: StoredLengths | None = None
    error: int | None = None
    # In the order of counts, none when all are 0.
    errors: list[int] = []
    unnamed: StoredUnnamed | None = None

    @classmethod
    def of(cls, column: CategoricalColumn) -> "StoredCategorical":
        """Return what is stored of a column."""
        return cls(
            column.n,
            column.nulls,
            dict(column.counts),
            column.other,
            column.empty,
            column.dtype,
            StoredLengths.of(column.lengths),
            column.error,
            [column.errors.get(name, 0) for name in column.counts] if column.errors else [],
            StoredUnnamed.of(column.unnamed),
        )

    def column(self) -> CategoricalColumn:
        """Return the column that was stored.

        Raises
        ------
        ValueError
            If it has not as many errors as counts, or one above the largest it states.
        """
        # Format 1 knew one bound for every count: all the rows it had pooled.
        error = self.other if self.error is None else self.error
        missed = [self.other] * len(self.counts) if self.error is None else self.errors
        if max(missed, default=0) > error:
            raise ValueError("a count misses more than any can miss")
        return CategoricalColumn(
            self.n,
            self.nulls,
            self.counts,
            self.other,
            self.empty,
            self.dtype,
            self.lengths.lengths() if self.lengths else None,
            error,
            {name: rows for name, rows in zip(self.counts, missed, strict=True) if rows} if missed else {},
            self.unnamed.unnamed() if self.unnamed else None,
        )
